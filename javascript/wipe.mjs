// Two images under one slider: what lies on the left of it is the first, on the right of it the second.

const ours = (globalThis.hiresStrategies ??= {});

// A transparent pixel.
const NOTHING = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

ours.Wipe = class {
    actualSize = () => this.place(1 / window.devicePixelRatio);
    fit = () => this.place(Math.min(this.area.clientWidth / this.width, this.area.clientHeight / this.height));

    constructor(images, first, second) {
        Object.assign(this, { images, chosen: [first, second], wipe: 0.5, x: 0, y: 0, zoom: 1 });
        this.pointers = new Map();
        this.build();
        document.body.append(this.dialog);
        this.dialog.showModal();
        ours.closeOnBack(this.dialog);
        this.area.focus();
        this.show().then(this.actualSize);
    }

    build() {
        const bar = ours.element("div", "hires-strategies-compare-bar");
        this.pickers = ["Left image", "Right image"].map((ariaLabel, side) => {
            const onchange = ({ target }) => this.choose(side, Number(target.value));
            const picker = ours.element("select", "", { ariaLabel, onchange });
            picker.append(...this.images.map(({ label }, value) => new Option(label, value)));
            const use = ours.button("Use", `Use this one: the strategy of the ${ariaLabel.toLowerCase()}`, () => {
                this.dialog.close();
                ours.use(this.images[this.chosen[side]]);
            });
            const both = bar.appendChild(ours.element("div", "hires-strategies-compare-picker"));
            both.append(picker, use);
            return Object.assign(picker, { use });
        });
        this.zoomText = ours.element("output", "");
        bar.append(ours.button("1:1", "Actual size (1)", this.actualSize), ours.button("\u2922", "Fit (0)", this.fit));
        bar.append(this.zoomText, ours.button("\u2715", "Close (Escape)", () => this.dialog.close()));
        this.area = ours.element("div", "hires-strategies-compare-area", {
            tabIndex: 0,
            onwheel: (event) => (event.preventDefault(), this.zoomAt(Math.exp(-event.deltaY / 400), event)),
            onpointerdown: (event) => this.pointerDown(event),
            onpointermove: (event) => this.pointerMove(event),
            onlostpointercapture: ({ pointerId }) => this.pointers.delete(pointerId),
        });
        this.sides = this.chosen.map(() => ours.element("div", "hires-strategies-compare-side"));
        this.pictures = this.sides.map((side) => side.appendChild(ours.element("img", "", { alt: "", draggable: false })));
        const slider = { tabIndex: 0, role: "slider", ariaLabel: "Wipe", ariaValueMin: "0", ariaValueMax: "100" };
        this.handle = ours.element("div", "hires-strategies-compare-handle", slider);
        this.area.append(...this.sides, this.handle);
        const [onkeydown, onclose] = [(event) => this.key(event), () => this.dialog.remove()];
        const more = { ariaLabel: "Compare two images", onkeydown, onclose };
        this.dialog = ours.element("dialog", "hires-strategies-compare", more);
        this.status = ours.element("p", "hires-strategies-compare-status", { role: "status", hidden: true });
        this.dialog.append(bar, this.area, this.status);
        new ResizeObserver(() => this.draw()).observe(this.area);
    }

    // Never an image beside itself: the other side gets what this one had.
    choose(side, index) {
        if (index === this.chosen[1 - side]) this.chosen[1 - side] = this.chosen[side];
        this.chosen[side] = index;
        this.show();
    }

    // The next image in a direction, without the one that the other side shows.
    go(side, by) {
        const count = this.images.length;
        const next = (this.chosen[side] + by + count) % count;
        this.choose(side, next !== this.chosen[1 - side] ? next : (next + by + count) % count);
    }

    // Both images are drawn as large as the larger one, so that the same detail lies in the same place.
    async show() {
        const images = this.chosen.map((index) => this.images[index]);
        images.forEach(({ strategy }, side) => {
            this.pickers[side].value = String(this.chosen[side]);
            this.pickers[side].use.disabled = !strategy;
        });
        this.say(images.some(({ source }) => !source) ? "The first pass is being decoded..." : "");
        const sources = await Promise.all(images.map(ours.sourceOf));
        if (images.some((image, side) => image !== this.images[this.chosen[side]])) return; // another one was chosen
        this.say(images.map(({ trouble }) => trouble).filter(Boolean).join(" "));
        this.pictures.forEach((picture, side) => (picture.src = sources[side] || NOTHING));
        await Promise.all(this.pictures.map((picture) => picture.decode().catch(() => {})));
        this.width = Math.max(...this.pictures.map((picture) => picture.naturalWidth), 1);
        this.height = Math.max(...this.pictures.map((picture) => picture.naturalHeight), 1);
        this.draw();
    }

    say(sentence) {
        this.status.textContent = sentence;
        this.status.hidden = !sentence;
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
        if (["SELECT", "BUTTON"].includes(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
        const box = this.area.getBoundingClientRect();
        const middle = { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 };
        const zoom = (times) => () => this.zoomAt(times, middle);
        const wipe = (value) => () => this.draw({ wipe: Math.min(Math.max(value, 0), 1) });
        const go = (side, by) => () => this.go(side, by);
        const move = (by) => (event.target === this.handle ? wipe(this.wipe + by / 50) : go(1, by));
        const arrows = { ArrowLeft: move(-1), ArrowRight: move(1), ArrowUp: go(0, -1), ArrowDown: go(0, 1) };
        const zooms = { "+": zoom(1.25), "-": zoom(0.8), 0: this.fit, 1: this.actualSize };
        const action = { ...arrows, ...zooms, Home: wipe(0), End: wipe(1) }[event.key];
        if (!action) return;
        event.preventDefault();
        event.stopPropagation();
        action();
    }
};
