// What Gradio cannot do: wait until the user pauses, and wipe between two images. All else is Python.

const SECTION = "script_hires_strategies_";
const find = (id) => gradioApp().getElementById(id);
// Gradio 4 hands values to its components at the next frame, Gradio 3 at once.
const whenShown = (action) => requestAnimationFrame(() => requestAnimationFrame(action));

// A kind of question to Python (see ui_page._answer): asked when changes pause, one at a time, and once more where
// something changed before the answer came. `pending` says whether the page is ahead of the answers.
function question(section, name, wait) {
    const it = { timer: 0, open: false, again: false, pending: () => it.timer || it.open };
    it.ask = () => {
        clearTimeout(it.timer);
        [it.timer, it.again] = [0, it.open];
        if (it.open) return;
        it.open = true;
        find(SECTION + name)?.click(); // Gradio hands over the values, and shows what comes back
    };
    it.close = () => {
        it.open = false;
        if (it.again) it.ask();
        else section.dispatchEvent(new CustomEvent("hires-strategies-answered"));
    };
    section.addEventListener(`hires-strategies-${name}`, () => {
        clearTimeout(it.timer);
        it.timer = setTimeout(it.ask, wait);
    });
    section.addEventListener(`hires-strategies-${name}-values`, async ({ detail }) => {
        const headers = { "Content-Type": "application/json" };
        const body = JSON.stringify({ data: detail.values });
        try {
            const answer = await fetch(`run/hires_strategies_${name}`, { method: "POST", headers, body });
            detail.resolve((await answer.json()).data);
        } finally {
            whenShown(it.close);
        }
    });
    return it;
}

// Generate runs what the page shows: a click waits until everything that changes the text has done so.
function holdGenerate(section, edits) {
    let [changes, held] = [0, null];
    const release = () => {
        if (changes || edits.pending()) return;
        held?.click();
        held = null;
    };
    section.addEventListener("hires-strategies-started", () => changes++);
    section.addEventListener("hires-strategies-ended", () => (changes--, whenShown(release)));
    section.addEventListener("hires-strategies-answered", release);
    const hold = (event) => {
        const button = event.target.closest("#txt2img_generate, #txt2img_hires_strategies_run");
        if (!button || !(changes || edits.pending())) return;
        event.stopImmediatePropagation();
        held = button;
        if (edits.timer) edits.ask();
    };
    gradioApp().addEventListener("click", hold, true);
}

const element = (name, className, more = {}) => Object.assign(document.createElement(name), { className, ...more });

// The gallery's images, each with a label: the strategy of its record, or a number. A contact sheet is no variant.
function galleryImages() {
    const gallery = find("txt2img_gallery");
    const thumbnails = gallery?.querySelectorAll(".thumbnail-item img, .grid-wrap img") ?? [];
    const all = thumbnails.length ? thumbnails : (gallery?.querySelectorAll("img") ?? []);
    const info = JSON.parse(find("generation_info_txt2img")?.querySelector("textarea, input")?.value || "{}");
    const images = [...new Set([...all].map((image) => image.src))].map((source, index) => {
        const { kind = "", strategy } = info.hires_strategies?.find((each) => each.index === index) ?? {};
        return { source, index, kind, label: `${index + 1}. ${strategy ?? kind.replace("_", " ")}` };
    });
    return images.filter((image) => image.kind !== "sheet");
}

class Compare {
    actualSize = () => this.place(1 / window.devicePixelRatio);
    fit = () => this.place(Math.min(this.area.clientWidth / this.width, this.area.clientHeight / this.height));

    constructor(images, first, second) {
        Object.assign(this, { images, chosen: [first, second], wipe: 0.5, view: { x: 0, y: 0, zoom: 1 } });
        this.pointers = new Map();
        this.build();
        this.listen();
        document.body.append(this.dialog);
        this.dialog.showModal();
        this.area.focus();
        this.show().then(this.actualSize);
    }

    build() {
        this.dialog = element("dialog", "hires-strategies-compare", { ariaLabel: "Compare two images" });
        const bar = element("div", "hires-strategies-compare-bar");
        const option = (image, value) => element("option", "", { value, textContent: image.label });
        this.pickers = ["Left image", "Right image"].map((ariaLabel, side) => {
            const picker = bar.appendChild(element("select", "", { ariaLabel }));
            picker.append(...this.images.map(option));
            picker.addEventListener("change", () => this.choose(side, Number(picker.value)));
            return picker;
        });
        const button = (textContent, title, action) => {
            const made = element("button", "", { type: "button", textContent, title, ariaLabel: title });
            made.addEventListener("click", action);
            return made;
        };
        this.zoomText = element("output", "");
        bar.append(button("1:1", "Actual size (1)", this.actualSize), button("\u2922", "Fit (0)", this.fit));
        bar.append(this.zoomText, button("\u2715", "Close (Escape)", () => this.dialog.close()));
        this.area = element("div", "hires-strategies-compare-area", { tabIndex: 0 });
        this.sides = this.chosen.map(() => element("div", "hires-strategies-compare-side"));
        this.pictures = this.sides.map((side) => side.appendChild(element("img", "", { alt: "", draggable: false })));
        const slider = { tabIndex: 0, role: "slider", ariaLabel: "Wipe", ariaValueMin: "0", ariaValueMax: "100" };
        this.handle = element("div", "hires-strategies-compare-handle", slider);
        this.area.append(...this.sides, this.handle);
        this.dialog.append(bar, this.area);
    }

    listen() {
        const wheel = (event) => {
            event.preventDefault();
            this.zoomAt(Math.exp(-event.deltaY / 400), event.clientX, event.clientY);
        };
        this.area.addEventListener("wheel", wheel, { passive: false });
        this.area.addEventListener("pointerdown", (event) => this.pointerDown(event));
        this.area.addEventListener("pointermove", (event) => this.pointerMove(event));
        for (const end of ["pointerup", "pointercancel"]) {
            this.area.addEventListener(end, (event) => this.pointers.delete(event.pointerId));
        }
        this.dialog.addEventListener("keydown", (event) => this.key(event));
        const observer = new ResizeObserver(() => this.draw());
        observer.observe(this.area);
        this.dialog.addEventListener("close", () => {
            observer.disconnect();
            this.dialog.remove();
            find("txt2img_hires_strategies_compare")?.focus();
        });
    }

    choose(side, index) {
        this.chosen[side] = (index + this.images.length) % this.images.length;
        this.show();
    }

    // Both images are drawn as large as the larger one, so that the same detail lies in the same place.
    async show() {
        this.pictures.forEach((picture, side) => {
            this.pickers[side].value = String(this.chosen[side]);
            picture.src = this.images[this.chosen[side]].source;
        });
        await Promise.all(this.pictures.map((picture) => picture.decode().catch(() => {})));
        this.width = Math.max(...this.pictures.map((picture) => picture.naturalWidth), 1);
        this.height = Math.max(...this.pictures.map((picture) => picture.naturalHeight), 1);
        this.draw();
    }

    place(zoom) {
        const { clientWidth, clientHeight } = this.area;
        this.view = { x: (clientWidth - this.width * zoom) / 2, y: (clientHeight - this.height * zoom) / 2, zoom };
        this.draw();
    }

    zoomAt(times, clientX, clientY) {
        const box = this.area.getBoundingClientRect();
        const { x, y, zoom } = this.view;
        const next = Math.min(Math.max(zoom * times, 0.02), 32);
        const [left, top] = [clientX - box.left, clientY - box.top];
        this.view = { x: left - ((left - x) * next) / zoom, y: top - ((top - y) * next) / zoom, zoom: next };
        this.draw();
    }

    draw() {
        const { x, y, zoom } = this.view;
        const imageRendering = zoom > 2 ? "pixelated" : "auto";
        const place = { width: `${this.width}px`, height: `${this.height}px`, imageRendering };
        for (const { style } of this.pictures) {
            Object.assign(style, place, { transform: `translate(${x}px, ${y}px) scale(${zoom})` });
        }
        const percent = this.wipe * 100;
        this.sides[1].style.clipPath = `inset(0 0 0 ${percent}%)`;
        this.handle.style.left = `${percent}%`;
        this.handle.ariaValueNow = String(Math.round(percent));
        this.zoomText.textContent = `${Math.round(zoom * window.devicePixelRatio * 100)} %`;
    }

    setWipe(value) {
        this.wipe = Math.min(Math.max(value, 0), 1);
        this.draw();
    }

    pointerDown({ button, clientX: x, clientY: y, pointerId, target }) {
        if (button) return;
        this.area.setPointerCapture(pointerId);
        this.pointers.set(pointerId, { x, y, wiping: target === this.handle });
    }

    pointerMove({ clientX: x, clientY: y, pointerId }) {
        const before = this.pointers.get(pointerId);
        if (!before) return;
        const other = [...this.pointers].find(([id]) => id !== pointerId)?.[1];
        this.pointers.set(pointerId, { ...before, x, y });
        if (before.wiping) {
            const box = this.area.getBoundingClientRect();
            this.setWipe((x - box.left) / box.width);
        } else if (other) {
            const distance = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
            this.zoomAt(distance({ x, y }) / distance(before), (x + other.x) / 2, (y + other.y) / 2);
        } else {
            this.view = { ...this.view, x: this.view.x + x - before.x, y: this.view.y + y - before.y };
            this.draw();
        }
    }

    // Arrows go through the variants; on the handle, left and right move it.
    key(event) {
        if (event.target.tagName === "SELECT" || event.ctrlKey || event.metaKey || event.altKey) return;
        const box = this.area.getBoundingClientRect();
        const zoom = (times) => () => this.zoomAt(times, box.left + box.width / 2, box.top + box.height / 2);
        const wipe = (value) => () => this.setWipe(value);
        const go = (side, by) => () => this.choose(side, this.chosen[side] + by);
        const move = (by) => (event.target === this.handle ? wipe(this.wipe + by / 50) : go(1, by));
        const arrows = { ArrowLeft: move(-1), ArrowRight: move(1), ArrowUp: go(0, -1), ArrowDown: go(0, 1) };
        const zooms = { "+": zoom(1.25), "-": zoom(0.8), 0: this.fit, 1: this.actualSize };
        const action = { ...arrows, ...zooms, Home: wipe(0), End: wipe(1) }[event.key];
        if (!action) return;
        event.preventDefault();
        event.stopPropagation();
        action();
    }
}

function compare() {
    const images = galleryImages();
    const selected = Math.max(images.findIndex((image) => image.index === selected_gallery_index()), 0);
    if (images.length) new Compare(images, selected, (selected + 1) % images.length);
}

// The first pause after the page was built: only then does Gradio listen to its buttons.
let connected = false;
onAfterUiUpdate(() => {
    const section = find(`${SECTION}enable`);
    if (connected || !section || !find("txt2img_gallery")) return;
    connected = true;
    question(section, "refresh", 200).ask();
    holdGenerate(section, question(section, "edit", 120));
    find(`${SECTION}opened`).click();
    find("txt2img_hires_strategies_compare")?.addEventListener("click", compare);
});
