// The functions of the host's pages that extensions use, with the host's names.

function gradioApp() {
    const app = document.querySelector('gradio-app');
    if (!app) return document;
    app.getElementById = id => document.getElementById(id);
    return app.shadowRoot || app;
}

function get_uiCurrentTab() {
    return gradioApp().querySelector('#tabs > .tab-nav > button.selected');
}

function get_uiCurrentTabContent() {
    return gradioApp().querySelector('#tabs > .tabitem[id^=tab_]:not([style*="display: none"])');
}

const opts = {};
const uiCallbacks = {loaded: [], update: [], afterUpdate: [], tabChange: []};

function onUiLoaded(callback) { uiCallbacks.loaded.push(callback); }
function onUiUpdate(callback) { uiCallbacks.update.push(callback); }
function onAfterUiUpdate(callback) { uiCallbacks.afterUpdate.push(callback); }
function onUiTabChange(callback) { uiCallbacks.tabChange.push(callback); }

function executeCallbacks(callbacks, argument) {
    for (const callback of callbacks) {
        try {
            callback(argument);
        } catch (error) {
            console.error('error running callback', callback, ':', error);
        }
    }
}

document.addEventListener('DOMContentLoaded', () => {
    let loaded = false, tab = null, timer = null;
    new MutationObserver(records => {
        if (!loaded && gradioApp().querySelector('#txt2img_prompt')) {
            loaded = true;
            executeCallbacks(uiCallbacks.loaded);
        }
        executeCallbacks(uiCallbacks.update, records);
        clearTimeout(timer);
        timer = setTimeout(() => executeCallbacks(uiCallbacks.afterUpdate), 200);
        const now = get_uiCurrentTab();
        if (now && now !== tab) {
            tab = now;
            executeCallbacks(uiCallbacks.tabChange);
        }
    }).observe(gradioApp(), {childList: true, subtree: true});
});

// A component's tooltip is shown by its element.
onUiLoaded(() => {
    for (const {props} of window.gradio_config.components) {
        const element = props?.webui_tooltip && props.elem_id && gradioApp().getElementById(props.elem_id);
        if (element) element.title = props.webui_tooltip;
    }
});

/** Tell Gradio that the value of an input or textarea was changed by a script. */
function updateInput(target) {
    const event = new Event('input', {bubbles: true});
    Object.defineProperty(event, 'target', {value: target});
    target.dispatchEvent(event);
}

function all_gallery_buttons() {
    const selector = '[style="display: block;"].tabitem div[id$=_gallery].gradio-gallery .thumbnail-item.thumbnail-small';
    return [...gradioApp().querySelectorAll(selector)].filter(button => button.parentElement.offsetParent);
}

function selected_gallery_button() {
    return all_gallery_buttons().find(button => button.classList.contains('selected')) ?? null;
}

function selected_gallery_index() {
    return all_gallery_buttons().findIndex(button => button.classList.contains('selected'));
}

function showSubmitButtons(tabname, show) {
    for (const name of ['interrupt', 'skip']) {
        gradioApp().getElementById(`${tabname}_${name}`).style.display = show ? 'none' : 'block';
    }
}

function submit(...values) {
    const task = `task(${Math.random().toString(36).slice(2)})`;
    showSubmitButtons('txt2img', false);
    const done = () => showSubmitButtons('txt2img', true);
    requestProgress(task, gradioApp().getElementById('txt2img_gallery_container'), null, done);
    values[0] = task;
    return values;
}

function submit_txt2img_upscale(...values) {
    values = submit(...values);
    values[2] = selected_gallery_index();
    return values;
}

function restart_reload() {
    document.body.textContent = 'Reloading...';
    // A server that is just ending may take a question and never answer it.
    const ask = () => fetch('.', {signal: AbortSignal.timeout(5000)});
    const attempt = () => ask().then(() => location.reload(), () => setTimeout(attempt, 500));
    setTimeout(attempt, 2000);
    return [];
}

/** Show a bar above `container` while a job runs, and its live preview; then call `atEnd`. */
async function requestProgress(task, container, gallery, atEnd) {
    const bar = document.createElement('div');
    bar.className = 'progressDiv';
    const inner = bar.appendChild(document.createElement('div'));
    inner.className = 'progress';
    const preview = document.createElement('img');
    preview.className = 'livePreview';
    container.before(bar);
    let shown = -1;
    for (let waits = 0; ; waits++) {
        const body = JSON.stringify({id_task: task, id_live_preview: shown});
        const headers = {'Content-Type': 'application/json'};
        const answer = await fetch('./internal/progress', {method: 'POST', headers, body}).then(r => r.json(), () => null);
        if (!answer || answer.completed || (waits > 40 && !answer.active && !answer.queued)) break;
        inner.style.width = `${100 * (answer.progress || 0)}%`;
        inner.textContent = [answer.textinfo, `${Math.round(100 * (answer.progress || 0))}%`].filter(Boolean).join(' ');
        if (answer.live_preview) {
            preview.src = answer.live_preview;
            shown = answer.id_live_preview;
            container.before(preview);
        }
        await new Promise(done => setTimeout(done, 500));
    }
    bar.remove();
    preview.remove();
    atEnd();
}

// The infotext under the gallery is that of the chosen image.
let shownImage = null;
onAfterUiUpdate(() => {
    const button = selected_gallery_button();
    if (button !== shownImage) {
        shownImage = button;
        if (button) gradioApp().getElementById('txt2img_generation_info_button')?.click();
    }
});

document.addEventListener('keydown', event => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
        get_uiCurrentTabContent().querySelector('button[id$=_generate]')?.click();
        event.preventDefault();
    }
});
