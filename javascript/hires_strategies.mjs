// What Gradio cannot do: wait until the user pauses, and wipe between two images. All else is Python.

const SECTION = "script_hires_strategies_";
const find = (id) => gradioApp().getElementById(id);
// Gradio 4 hands values to its components at the next frame, Gradio 3 at once.
const whenShown = (action) => requestAnimationFrame(() => requestAnimationFrame(action));

// A kind of question to Python (see webui/page/events.py, _answer): asked when changes pause, one at a time, and once more where
// something changed before the answer came. `pending` says whether the page is ahead of the answers. An answer that is
// `late`, because it would overwrite what the user has just changed, is asked for again.
function question(section, name, wait, late = () => false) {
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
    it.askSoon = () => {
        clearTimeout(it.timer);
        it.timer = setTimeout(it.ask, wait);
    };
    section.addEventListener(`hires-strategies-${name}`, it.askSoon);
    section.addEventListener(`hires-strategies-${name}-values`, ({ detail }) => {
        const headers = { "Content-Type": "application/json" };
        const body = JSON.stringify({ data: detail.values });
        fetch(`run/hires_strategies_${name}`, { method: "POST", headers, body })
            .then((answer) => answer.json())
            .then(({ data }) => (late() ? it.askSoon() : detail.resolve(data)))
            .finally(() => whenShown(it.close));
    });
    return it;
}

// Generate runs what the page shows: a click waits until everything that changes the text has done so.
function holdGenerate(section, edits) {
    let [changes, held] = [0, null];
    const ahead = () => changes || edits.pending();
    const release = () => ahead() || (held?.click(), (held = null));
    section.addEventListener("hires-strategies-started", () => changes++);
    section.addEventListener("hires-strategies-ended", () => (changes--, whenShown(release)));
    section.addEventListener("hires-strategies-answered", release);
    const hold = (event) => {
        const button = event.target.closest("#txt2img_generate, #txt2img_hires_strategies_run");
        if (!button || !ahead()) return;
        event.stopImmediatePropagation();
        held = button;
        if (edits.timer) edits.ask();
    };
    gradioApp().addEventListener("click", hold, true);
}

const element = (name, className, more = {}) => Object.assign(document.createElement(name), { className, ...more });
const button = (textContent, title, onclick, className = "") =>
    element("button", className, { type: "button", textContent, title, ariaLabel: title, onclick });

// The gallery's images with their records, each with a label: its strategy, or what else it is, after its number.
function galleryImages() {
    const gallery = find("txt2img_gallery");
    const thumbnails = gallery?.querySelectorAll(".thumbnail-item img, .grid-wrap img") ?? [];
    const all = thumbnails.length ? thumbnails : (gallery?.querySelectorAll("img") ?? []);
    const info = JSON.parse(find("generation_info_txt2img")?.querySelector("textarea, input")?.value || "{}");
    return [...new Set([...all].map((image) => image.src))].map((source, index) => {
        const record = info.hires_strategies?.find((each) => each.index === index);
        const name = record?.strategy ?? record?.kind.replace("_", " ") ?? "";
        return { ...record, source, index, label: `${index + 1}. ${name}` };
    });
}

class Compare {
    actualSize = () => this.place(1 / window.devicePixelRatio);
    fit = () => this.place(Math.min(this.area.clientWidth / this.width, this.area.clientHeight / this.height));

    constructor(images, first, second) {
        Object.assign(this, { images, chosen: [first, second], wipe: 0.5, x: 0, y: 0, zoom: 1 });
        this.pointers = new Map();
        this.build();
        document.body.append(this.dialog);
        this.dialog.showModal();
        this.area.focus();
        this.show().then(this.actualSize);
    }

    build() {
        const bar = element("div", "hires-strategies-compare-bar");
        this.pickers = ["Left image", "Right image"].map((ariaLabel, side) => {
            const onchange = ({ target }) => this.choose(side, Number(target.value));
            const picker = bar.appendChild(element("select", "", { ariaLabel, onchange }));
            picker.append(...this.images.map(({ label }, value) => new Option(label, value)));
            return picker;
        });
        this.zoomText = element("output", "");
        bar.append(button("1:1", "Actual size (1)", this.actualSize), button("\u2922", "Fit (0)", this.fit));
        bar.append(this.zoomText, button("\u2715", "Close (Escape)", () => this.dialog.close()));
        this.area = element("div", "hires-strategies-compare-area", {
            tabIndex: 0,
            onwheel: (event) => (event.preventDefault(), this.zoomAt(Math.exp(-event.deltaY / 400), event)),
            onpointerdown: (event) => this.pointerDown(event),
            onpointermove: (event) => this.pointerMove(event),
            onlostpointercapture: ({ pointerId }) => this.pointers.delete(pointerId),
        });
        this.sides = this.chosen.map(() => element("div", "hires-strategies-compare-side"));
        this.pictures = this.sides.map((side) => side.appendChild(element("img", "", { alt: "", draggable: false })));
        const slider = { tabIndex: 0, role: "slider", ariaLabel: "Wipe", ariaValueMin: "0", ariaValueMax: "100" };
        this.handle = element("div", "hires-strategies-compare-handle", slider);
        this.area.append(...this.sides, this.handle);
        const [onkeydown, onclose] = [(event) => this.key(event), () => this.dialog.remove()];
        const more = { ariaLabel: "Compare two images", onkeydown, onclose };
        this.dialog = element("dialog", "hires-strategies-compare", more);
        this.dialog.append(bar, this.area);
        new ResizeObserver(() => this.draw()).observe(this.area);
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
        this.draw({ x: (clientWidth - this.width * zoom) / 2, y: (clientHeight - this.height * zoom) / 2, zoom });
    }

    zoomAt(times, { clientX, clientY }) {
        const box = this.area.getBoundingClientRect();
        const next = Math.min(Math.max(this.zoom * times, 0.02), 32);
        const [left, top] = [clientX - box.left, clientY - box.top];
        const [x, y] = [left - ((left - this.x) * next) / this.zoom, top - ((top - this.y) * next) / this.zoom];
        this.draw({ x, y, zoom: next });
    }

    draw(change = {}) {
        const { x, y, zoom, wipe } = Object.assign(this, change);
        const imageRendering = zoom > 2 ? "pixelated" : "auto";
        const transform = `translate(${x}px, ${y}px) scale(${zoom})`;
        const style = { width: `${this.width}px`, height: `${this.height}px`, imageRendering, transform };
        for (const picture of this.pictures) Object.assign(picture.style, style);
        const percent = wipe * 100;
        this.sides[1].style.clipPath = `inset(0 0 0 ${percent}%)`;
        this.handle.style.left = `${percent}%`;
        this.handle.ariaValueNow = String(Math.round(percent));
        this.zoomText.textContent = `${Math.round(zoom * window.devicePixelRatio * 100)} %`;
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
            this.draw({ wipe: Math.min(Math.max((x - box.left) / box.width, 0), 1) });
        } else if (other) {
            const distance = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
            const between = { clientX: (x + other.x) / 2, clientY: (y + other.y) / 2 };
            this.zoomAt(distance({ x, y }) / distance(before), between);
        } else {
            this.draw({ x: this.x + x - before.x, y: this.y + y - before.y });
        }
    }

    // Arrows go through the variants; on the handle, left and right move it.
    key(event) {
        if (event.target.tagName === "SELECT" || event.ctrlKey || event.metaKey || event.altKey) return;
        const box = this.area.getBoundingClientRect();
        const middle = { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 };
        const zoom = (times) => () => this.zoomAt(times, middle);
        const wipe = (value) => () => this.draw({ wipe: Math.min(Math.max(value, 0), 1) });
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

// With the selected image on the left, or with a contact sheet's tile on the right of its first one.
function compare(sheet, tile) {
    const images = galleryImages().filter((image) => image.kind !== "sheet");
    const of = (wanted) => Math.max(images.findIndex(wanted), 0);
    const first = of((image) => (sheet ? image.seed === sheet.seed : image.index === selected_gallery_index()));
    const second = tile ? of((image) => image.seed === sheet.seed && image.strategy === tile.strategy) : first;
    if (images.length) new Compare(images, first, second === first ? (first + 1) % images.length : second);
}

// On each picture of the contact sheet that the gallery shows there is a button that compares it.
function showTiles(layer) {
    const shown = find("txt2img_gallery")?.querySelector(".preview img");
    const sheet = shown && galleryImages().find((image) => image.tiles && image.source === shown.src);
    layer.remove();
    layer.replaceChildren();
    if (!sheet) return;
    const scale = Math.min(shown.clientWidth / sheet.width, shown.clientHeight / sheet.height);
    const x = shown.offsetLeft + (shown.clientWidth - sheet.width * scale) / 2;
    const y = shown.offsetTop + (shown.clientHeight - sheet.height * scale) / 2;
    for (const tile of sheet.tiles) {
        const [, top, right] = tile.box;
        const made = button("\u2194", `Compare ${tile.strategy}`, () => compare(sheet, tile), "hires-strategies-tile");
        Object.assign(made.style, { left: `${x + right * scale}px`, top: `${y + top * scale}px` });
        layer.append(made);
    }
    shown.parentElement.append(layer);
}

// The first pause after the page was built: only then does Gradio listen to its buttons.
let connected = false;
onAfterUiUpdate(() => {
    const section = find(`${SECTION}enable`);
    const gallery = find("txt2img_gallery");
    if (connected || !section || !gallery) return;
    connected = true;
    const edits = question(section, "edit", 120);
    question(section, "refresh", 200, edits.pending).ask();
    holdGenerate(section, edits);
    find(`${SECTION}opened`).click();
    find("txt2img_hires_strategies_compare")?.addEventListener("click", () => compare());
    // To Gradio 4 a click on what lies on the picture is one on the picture: it would show the next one.
    const tiles = element("div", "hires-strategies-tiles", { onclick: (event) => event.stopPropagation() });
    gallery.addEventListener("load", () => showTiles(tiles), true); // of its images
    new ResizeObserver(() => showTiles(tiles)).observe(gallery);
});
