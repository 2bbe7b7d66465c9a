// What all our scripts use of the page. The host loads each file by itself, under an address that is new whenever the
// file is: an import would be a second, older copy. So each gives what it has to one object, and nothing is taken from
// it before the page is built (see hires_strategies.mjs).

const ours = (globalThis.hiresStrategies ??= {});

ours.SECTION = "script_hires_strategies_";
ours.find = (id) => gradioApp().getElementById(id);
// Gradio 4 hands values to its components at the next frame, Gradio 3 at once.
ours.whenShown = (action) => requestAnimationFrame(() => requestAnimationFrame(action));
ours.element = (name, className, more = {}) => Object.assign(document.createElement(name), { className, ...more });
ours.button = (textContent, title, onclick, className = "") =>
    ours.element("button", className, { type: "button", textContent, title, ariaLabel: title, onclick });

// One of our addresses in Gradio (see webui/host/forks.py, add_page_route).
ours.call = async (name, ...values) => {
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify({ data: values });
    const answer = await fetch(`run/hires_strategies_${name}`, { method: "POST", headers, body });
    return (await answer.json()).data;
};

// A sentence under the gallery's buttons, until the next one or the next Generate.
ours.say = (sentence = "") => {
    let place = ours.find("hires_strategies_notice");
    if (!place) {
        if (!sentence) return;
        place = ours.element("p", "hires-strategies-notice", { id: "hires_strategies_notice", role: "status" });
        ours.find("image_buttons_txt2img")?.after(place);
    }
    place.textContent = sentence;
    place.hidden = !sentence;
};

ours.said = () => {
    const place = ours.find("hires_strategies_notice");
    return place && !place.hidden ? place.textContent : "";
};

// A question with a button for each answer; resolves to its value, or to undefined if the user wants none of them.
ours.choose = (sentence, answers) =>
    new Promise((resolve) => {
        const dialog = ours.element("dialog", "hires-strategies-choice", { ariaLabel: sentence });
        const close = (value) => (resolve(value), dialog.close());
        const made = answers.map(({ text, source, value }) => {
            const each = ours.button(text, text, () => close(value));
            if (source) each.prepend(ours.element("img", "", { src: source, alt: "" }));
            return each;
        });
        const list = ours.element("div", "hires-strategies-choice-answers");
        list.append(...made);
        const cancel = ours.button("Cancel", "Cancel (Escape)", () => dialog.close(), "hires-strategies-cancel");
        dialog.append(ours.element("p", "", { textContent: sentence }), list, cancel);
        dialog.onclose = () => (resolve(), dialog.remove());
        document.body.append(dialog);
        dialog.showModal();
    });
