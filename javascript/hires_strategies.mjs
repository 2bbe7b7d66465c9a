// What Gradio cannot do: wait until the user pauses, and wipe between two images. All else is Python.

const SECTION = "script_hires_strategies_";
const find = (id) => gradioApp().getElementById(id);

function debounced(wait, action) {
    let timer;
    return () => {
        clearTimeout(timer);
        timer = setTimeout(action, wait);
    };
}

// Changes arrive as events on the section (see ui_page.notify); one request follows when they pause.
function connectSection() {
    const section = find(`${SECTION}enable`);
    if (!section) return;
    const press = (name) => () => find(`${SECTION}${name}`)?.click();
    section.addEventListener("hires-strategies-refresh", debounced(200, press("refresh")));
    section.addEventListener("hires-strategies-edit", debounced(120, press("apply")));
    press("opened")();
    press("refresh")();
}

function element(name, className, properties = {}) {
    return Object.assign(document.createElement(name), { className, ...properties });
}

// The gallery's images in order, each with a label: the record's strategy where there is one, else a number.
function galleryImages() {
    const gallery = find("txt2img_gallery");
    const thumbnails = [...(gallery?.querySelectorAll(".thumbnail-item img, .grid-wrap img") ?? [])];
    const all = thumbnails.length ? thumbnails : [...(gallery?.querySelectorAll("img") ?? [])];
    const sources = [...new Set(all.map((image) => image.src))];
    const records = galleryRecords();
    return sources.map((source, index) => {
        const record = records.find((each) => each.index === index);
        return { source, label: `${index + 1}. ${record?.strategy ?? (record?.kind ?? "").replace("_", " ")}` };
    });
}

function galleryRecords() {
    try {
        return JSON.parse(find("generation_info_txt2img").querySelector("textarea, input").value).hires_strategies ?? [];
    } catch {
        return []; // nothing generated yet, or by another script
    }
}

class Compare {
    constructor(images, first, second) {
        this.images = images;
        this.chosen = [first, second];
        this.wipe = 0.5;
        this.view = { x: 0, y: 0, zoom: 1 };
        this.pointers = new Map();
        this.build();
        this.listen();
        document.body.append(this.dialog);
        this.dialog.showModal();
        this.area.focus();
        this.show().then(() => this.actualSize());
    }

    build() {
        this.dialog = element("dialog", "hires-strategies-compare", { ariaLabel: "Compare two images" });
        const bar = element("div", "hires-strategies-compare-bar");
        this.pickers = this.chosen.map((_, side) => {
            const picker = element("select", "", { ariaLabel: side ? "Right image" : "Left image" });
            picker.append(...this.images.map((image, value) => element("option", "", { value, textContent: image.label })));
            picker.addEventListener("change", () => this.choose(side, Number(picker.value)));
            return picker;
        });
        const button = (text, title, action) => {
            const made = element("button", "", { type: "button", textContent: text, title, ariaLabel: title });
            made.addEventListener("click", action);
            return made;
        };
        this.zoomText = element("output", "");
        bar.append(
            this.pickers[0],
            this.pickers[1],
            button("1:1", "Actual size (1)", () => this.actualSize()),
            button("\u2922", "Fit (0)", () => this.fit()),
            this.zoomText,
            button("\u2715", "Close (Escape)", () => this.dialog.close()),
        );
        this.area = element("div", "hires-strategies-compare-area", { tabIndex: 0 });
        this.sides = this.chosen.map(() => element("div", "hires-strategies-compare-side"));
        this.pictures = this.sides.map((side) => side.appendChild(element("img", "", { alt: "", draggable: false })));
        this.handle = element("div", "hires-strategies-compare-handle", { tabIndex: 0, role: "slider", ariaLabel: "Wipe" });
        Object.assign(this.handle, { ariaValueMin: "0", ariaValueMax: "100" });
        this.area.append(...this.sides, this.handle);
        this.dialog.append(bar, this.area);
    }

    listen() {
        const area = this.area;
        area.addEventListener("pointerdown", (event) => this.pointerDown(event));
        area.addEventListener("pointermove", (event) => this.pointerMove(event));
        for (const end of ["pointerup", "pointercancel"]) {
            area.addEventListener(end, (event) => this.pointers.delete(event.pointerId));
        }
        area.addEventListener("wheel", (event) => {
            event.preventDefault();
            this.zoomAt(Math.exp(-event.deltaY / 400), event.clientX, event.clientY);
        }, { passive: false });
        this.dialog.addEventListener("keydown", (event) => this.key(event));
        this.dialog.addEventListener("close", () => {
            this.observer.disconnect();
            this.dialog.remove();
            find("txt2img_hires_strategies_compare")?.focus();
        });
        this.observer = new ResizeObserver(() => this.draw());
        this.observer.observe(area);
    }

    choose(side, index) {
        this.chosen[side] = (index + this.images.length) % this.images.length;
        return this.show();
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

    actualSize() {
        this.place(1 / window.devicePixelRatio);
    }

    fit() {
        this.place(Math.min(this.area.clientWidth / this.width, this.area.clientHeight / this.height));
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
        for (const picture of this.pictures) {
            picture.style.width = `${this.width}px`;
            picture.style.height = `${this.height}px`;
            picture.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`;
            picture.style.imageRendering = zoom > 2 ? "pixelated" : "auto";
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

    pointerDown(event) {
        if (event.button) return;
        this.area.setPointerCapture(event.pointerId);
        const wiping = event.target === this.handle;
        this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY, wiping });
    }

    pointerMove(event) {
        const before = this.pointers.get(event.pointerId);
        if (!before) return;
        const now = { x: event.clientX, y: event.clientY, wiping: before.wiping };
        const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
        this.pointers.set(event.pointerId, now);
        if (before.wiping) {
            const box = this.area.getBoundingClientRect();
            this.setWipe((now.x - box.left) / box.width);
        } else if (other) {
            const distance = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
            this.zoomAt(distance(now) / distance(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
        } else {
            this.view = { ...this.view, x: this.view.x + now.x - before.x, y: this.view.y + now.y - before.y };
            this.draw();
        }
    }

    // Arrows go through the variants; on the handle, left and right move it.
    key(event) {
        if (event.target.tagName === "SELECT") return;
        const wipe = event.target === this.handle;
        const box = this.area.getBoundingClientRect();
        const zoom = (times) => () => this.zoomAt(times, box.left + box.width / 2, box.top + box.height / 2);
        const go = (side, by) => () => this.choose(side, this.chosen[side] + by);
        const actions = {
            ArrowLeft: wipe ? () => this.setWipe(this.wipe - 0.02) : go(1, -1),
            ArrowRight: wipe ? () => this.setWipe(this.wipe + 0.02) : go(1, 1),
            ArrowUp: go(0, -1),
            ArrowDown: go(0, 1),
            Home: () => this.setWipe(0),
            End: () => this.setWipe(1),
            "+": zoom(1.25),
            "-": zoom(0.8),
            0: () => this.fit(),
            1: () => this.actualSize(),
        };
        if (!actions[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        event.stopPropagation();
        actions[event.key]();
    }
}

function connectCompare() {
    find("txt2img_hires_strategies_compare")?.addEventListener("click", () => {
        const images = galleryImages();
        if (images.length < 2) return;
        const selected = Math.max(selected_gallery_index(), 0);
        new Compare(images, selected, (selected + 1) % images.length);
    });
}

// The first pause after the page was built: only then does Gradio listen to its buttons.
let connected = false;
onAfterUiUpdate(() => {
    if (connected || !find("txt2img_gallery")) return;
    connected = true;
    connectSection();
    connectCompare();
});
