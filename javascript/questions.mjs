// What the page asks Python while the user edits, and Generate, which waits for the answers.

const ours = (globalThis.hiresStrategies ??= {});

// A kind of question to Python (see webui/page/events.py, _answer): asked when changes pause, one at a time, and once
// more where something changed before the answer came. `pending` says whether the page is ahead of the answers. An
// answer that is `late`, because it would overwrite what the user has just changed, is asked for again.
ours.question = (section, name, wait, late = () => false) => {
    const it = { timer: 0, open: false, again: false, pending: () => it.timer || it.open };
    it.ask = () => {
        clearTimeout(it.timer);
        [it.timer, it.again] = [0, it.open];
        if (it.open) return;
        it.open = true;
        ours.find(ours.SECTION + name)?.click(); // Gradio hands over the values, and shows what comes back
    };
    it.close = () => {
        it.open = false;
        if (it.again) it.ask();
        else section.dispatchEvent(new CustomEvent("hires-strategies-answered"));
    };
    it.askSoon = () => {
        clearTimeout(it.timer);
        it.timer = setTimeout(it.ask, wait);
    };
    section.addEventListener(`hires-strategies-${name}`, it.askSoon);
    section.addEventListener(`hires-strategies-${name}-values`, ({ detail }) => {
        ours.call(name, ...detail.values)
            .then((data) => (late() ? it.askSoon() : detail.resolve(data)))
            .finally(() => ours.whenShown(it.close));
    });
    return it;
};

// Generate runs what the page shows: a click waits until everything that changes the text has done so.
ours.holdGenerate = (section, edits) => {
    let [changes, held] = [0, null];
    const ahead = () => changes || edits.pending();
    const release = () => ahead() || (held?.click(), (held = null));
    section.addEventListener("hires-strategies-started", () => changes++);
    section.addEventListener("hires-strategies-ended", () => (changes--, ours.whenShown(release)));
    section.addEventListener("hires-strategies-answered", release);
    const hold = (event) => {
        const button = event.target.closest("#txt2img_generate, #txt2img_hires_strategies_run");
        if (button?.id === "txt2img_generate") ours.say(); // what it says is of the pictures before
        if (!button || !ahead()) return;
        event.stopImmediatePropagation();
        held = button;
        if (edits.timer) edits.ask();
    };
    gradioApp().addEventListener("click", hold, true);
};
