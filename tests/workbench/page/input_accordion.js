// An accordion with a tick: opening ticks, ticking opens, and the tick alone can be changed afterwards.

function inputAccordionChecked(id, checked) {
    const accordion = gradioApp().getElementById(id);
    if (!accordion?.visibleCheckbox) return;
    accordion.visibleCheckbox.checked = checked;
    accordion.onVisibleCheckboxChange();
}

function setupAccordion(accordion) {
    const label = accordion.querySelector('.label-wrap');
    const hidden = gradioApp().querySelector(`#${accordion.id}-checkbox input`);
    const extra = gradioApp().querySelector(`#${accordion.id}-extra`);
    const isOpen = () => label.classList.contains('open');
    const checkbox = document.createElement('input');
    let linked = true;

    checkbox.type = 'checkbox';
    checkbox.checked = isOpen();
    checkbox.id = `${accordion.id}-visible-checkbox`;
    checkbox.className = `${hidden.className} input-accordion-checkbox`;
    checkbox.addEventListener('click', event => {
        linked = false;
        event.stopPropagation();
    });
    checkbox.addEventListener('input', () => accordion.onVisibleCheckboxChange());
    label.querySelector('span').prepend(checkbox);
    if (extra) label.insertBefore(extra, label.lastElementChild);

    accordion.visibleCheckbox = checkbox;
    accordion.onVisibleCheckboxChange = () => {
        if (linked && isOpen() !== checkbox.checked) label.click();
        if (hidden.checked !== checkbox.checked) {
            hidden.checked = checkbox.checked;
            updateInput(hidden);
        }
    };
    new MutationObserver(() => {
        accordion.classList.toggle('input-accordion-open', isOpen());
        if (linked) {
            checkbox.checked = isOpen();
            accordion.onVisibleCheckboxChange();
        }
    }).observe(label, {attributes: true, attributeFilter: ['class']});
}

onUiLoaded(() => gradioApp().querySelectorAll('.input-accordion').forEach(setupAccordion));
