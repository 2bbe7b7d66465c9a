// A sheet to paint on where a stage is to be sampled: cells over the picture that the run starts from, or one of the
// gallery that shows the same (hires_strategies/where.py).

const ours = (globalThis.hiresStrategies ??= {});

const CELLS = 32; // along the longer side
const ALL = [0, 0, 1, 1]; // left, top, right, bottom in parts of a picture's sides
const ALIKE = 0.04; // the logarithm of what whole latents change in a picture's proportions, at most
const UNSEEN = "This browser cannot show the picture: the sheet has its proportions.";
const UNKNOWN = "This browser cannot show the picture: the sheet is for one of the page's size.";
const WRITTEN = /^\s*painted\s+(\d+)\s*x\s*(\d+)\s+([0-9a-f]+)\s*$/i;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// Its buttons stand beside the fields that it writes.
ours.offerPainting = (section) =>
    section.addEventListener("click", ({ target }) => {
        const { id } = target.closest("[id$=_where_paint]") ?? {};
        if (!id) return;
        const stage = Number(/stage(\d+)_where/.exec(id)[1]);
        new Sheet(section, ours.find(id.replace(/_paint$/, "")).querySelector("textarea, input"), stage);
    });

class Sheet {
    constructor(section, field, stage) {
        Object.assign(this, { field, stage, at: [0, 0], cell: null, grid: [1, 1], cells: [false], begun: false });
        this.ofGallery = ours.pictureOfGallery(); // and no other while the sheet is open
        this.build();
        document.body.append(this.dialog);
        this.dialog.showModal();
        this.changes = new MutationObserver(() => this.follow());
        this.changes.observe(section, { subtree: true, childList: true, characterData: true, attributes: true });
        this.follow();
    }

    // A picture of the user's own may be pasted, arrive late or go while the sheet is open, and the plan comes after it.
    follow() {
        const shown = ours.startingPicture() ?? this.ofGallery;
        const plan = startsOf();
        const now = [shown.source ?? "", shown.sentence, plan];
        if (this.now?.every((each, index) => each === now[index])) return;
        this.now = now;
        if (this.picture.src !== now[0]) this.picture.src = now[0];
        this.picture.decode().catch(() => {}).then(() => {
            if (this.now === now) this.show(shown, JSON.parse(plan)[this.stage - 1]);
        });
    }

    show({ source, sentence, shows }, start) {
        const { naturalWidth, naturalHeight } = this.picture;
        const unknown = start?.slice(0, 2) ?? ["width", "height"].map(ofPage);
        const [whole, part] = naturalWidth ? laid([naturalWidth, naturalHeight], shows ?? ALL, start) : [unknown, ALL];
        this.picture.hidden = !naturalWidth;
        this.note.textContent = sentence ?? (source && !naturalWidth ? (start ? UNSEEN : UNKNOWN) : "");
        this.lay(part);
        this.begin(whole);
    }

    build() {
        const about = "Paint where this stage is to be sampled: drag, or use the arrows and the space bar.";
        this.picture = ours.element("img", "", { alt: "", draggable: false, hidden: true });
        this.note = ours.element("p", "", { ariaLive: "polite" });
        this.canvas = ours.element("canvas", "", {
            tabIndex: 0,
            role: "application",
            onpointerdown: (event) => this.down(event),
            onpointermove: (event) => this.move(event),
            onlostpointercapture: () => (this.cell = null),
            onkeydown: (event) => this.key(event),
            onfocus: () => this.draw(),
            onblur: () => this.draw(),
        });
        this.canvas.setAttribute("aria-label", about);
        this.area = ours.element("div", "hires-strategies-paint-area");
        this.area.append(this.picture, this.canvas);
        this.status = ours.element("p", "", { role: "status" });
        const buttons = ours.element("div", "hires-strategies-choice-answers");
        buttons.append(
            ours.button("Done", "Write it into the field", () => this.done()),
            ours.button("Clear", "Paint nothing", () => this.clear()),
            ours.button("Cancel", "Cancel (Escape)", () => this.dialog.close()),
        );
        const onclose = () => (this.changes.disconnect(), this.dialog.remove());
        this.dialog = ours.element("dialog", "hires-strategies-choice hires-strategies-paint", { onclose });
        this.dialog.setAttribute("aria-label", about);
        const told = ours.element("p", "", { textContent: about });
        this.dialog.append(told, this.note, this.area, this.status, buttons);
        new ResizeObserver(() => this.draw()).observe(this.area);
    }

    // The picture covers this part of the sheet, which shows what the stage starts from.
    lay([left, top, right, bottom]) {
        const percent = (part) => `${100 * part}%`;
        const [width, height] = [right - left, bottom - top];
        const style = { left, top, width, height };
        for (const [name, part] of Object.entries(style)) this.picture.style[name] = percent(part);
        const cropped = left > 0.01 || top > 0.01 || right < 0.99 || bottom < 0.99;
        this.beside = cropped ? " What lies beside the picture was cropped from it." : "";
    }

    // The grid that the field has already, else one of square cells; what is painted stays under another picture.
    begin([width, height]) {
        const longer = Math.max(width, height);
        const squares = [width, height].map((side) => Math.max(Math.round((side / longer) * CELLS), 1));
        this.area.style.aspectRatio = `${width} / ${height}`;
        // As large as the window has room for.
        const high = this.note.textContent ? 50 : 60;
        this.area.style.width = `min(100%, ${((high * width) / height).toFixed(2)}vh)`;
        if (!this.cells.includes(true) && `${squares}` !== `${this.grid}`) this.take(squares);
        if (!this.begun) {
            this.begun = true;
            this.read();
            this.canvas.focus();
        }
        this.draw();
    }

    take(grid, bits = []) {
        [this.grid, this.at, this.cell] = [grid, [0, 0], null];
        this.cells = Array.from({ length: grid[0] * grid[1] }, (_, index) => bits[index] ?? false);
    }

    read() {
        const found = WRITTEN.exec(this.field.value);
        if (!found) return;
        const bits = [...found[3]].flatMap((digit) => [8, 4, 2, 1].map((bit) => !!(Number(`0x${digit}`) & bit)));
        this.take([Number(found[1]), Number(found[2])], bits);
    }

    clear() {
        this.cells = Array(this.grid[0] * this.grid[1]).fill(false);
        this.draw();
    }

    // As a user writes it: Gradio hears of it, and the text and the preview follow.
    done() {
        if (!this.begun) return;
        const bits = this.cells.map(Number).join("");
        const digits = bits.match(/.{1,4}/g).map((four) => parseInt(four.padEnd(4, "0"), 2).toString(16));
        this.field.value = bits.includes("1") ? `painted ${this.grid.join("x")} ${digits.join("")}` : "";
        for (const name of ["input", "change"]) this.field.dispatchEvent(new Event(name, { bubbles: true }));
        this.dialog.close();
    }

    cellAt({ clientX, clientY }) {
        const { left, top, width, height } = this.canvas.getBoundingClientRect();
        const parts = [(clientX - left) / width, (clientY - top) / height];
        return parts.map((part, axis) => Math.min(Math.max(Math.floor(part * this.grid[axis]), 0), this.grid[axis] - 1));
    }

    indexOf = ([column, row]) => row * this.grid[0] + column;

    down(event) {
        if (event.button || !this.begun) return;
        event.preventDefault();
        this.canvas.focus();
        this.canvas.setPointerCapture(event.pointerId);
        this.cell = this.cellAt(event);
        this.paints = !this.cells[this.indexOf(this.cell)];
        this.stroke(this.cell);
    }

    move(event) {
        if (this.cell) this.stroke(this.cellAt(event));
    }

    // Every cell on the way: a quick pointer leaves some out.
    stroke(to) {
        const way = to.map((place, axis) => place - this.cell[axis]);
        const steps = Math.max(...way.map(Math.abs), 1);
        for (let step = 0; step <= steps; step++) {
            const on = this.cell.map((place, axis) => Math.round(place + (way[axis] * step) / steps));
            this.cells[this.indexOf(on)] = this.paints;
        }
        [this.cell, this.at] = [to, to];
        this.draw();
    }

    key(event) {
        const by = ARROWS[event.key];
        if (by) this.at = this.at.map((place, axis) => Math.min(Math.max(place + by[axis], 0), this.grid[axis] - 1));
        const index = this.indexOf(this.at);
        if (event.key === " ") this.cells[index] = !this.cells[index];
        else if (by && event.shiftKey) this.cells[index] = true;
        else if (!by) return;
        event.preventDefault();
        this.draw();
    }

    draw() {
        if (!this.begun) return;
        const { canvas, grid } = this;
        const { clientWidth, clientHeight } = canvas;
        [canvas.width, canvas.height] = [clientWidth, clientHeight].map((side) => Math.round(side * devicePixelRatio));
        const context = canvas.getContext("2d");
        const edges = (axis, place) => Math.round((place / grid[axis]) * [canvas.width, canvas.height][axis]);
        const box = ([column, row]) => {
            const [left, top] = [edges(0, column), edges(1, row)];
            return [left, top, edges(0, column + 1) - left, edges(1, row + 1) - top];
        };
        const accent = getComputedStyle(this.dialog).getPropertyValue("--primary-500") || "#f97316";
        this.cells.forEach((painted, index) => {
            const at = [index % grid[0], Math.floor(index / grid[0])];
            const place = box(at);
            context.globalAlpha = painted ? 0.55 : 0.18;
            context.fillStyle = accent;
            if (painted) context.fillRect(...place);
            context.strokeStyle = (at[0] + at[1]) % 2 ? "#fff" : "#000"; // seen on any picture
            context.strokeRect(...place);
        });
        context.globalAlpha = 1;
        [context.lineWidth, context.strokeStyle] = [2 * devicePixelRatio, accent];
        if (document.activeElement === canvas) context.strokeRect(...box(this.at));
        const count = this.cells.filter(Boolean).length;
        const here = this.cells[this.indexOf(this.at)] ? "painted" : "not painted";
        const place = `column ${this.at[0] + 1}, row ${this.at[1] + 1}: ${here}`;
        this.status.textContent = `${count} of ${this.cells.length} cells are painted; ${place}.${this.beside}`;
    }
}

const ofPage = (side) => Number(ours.find(`txt2img_${side}`)?.querySelector("input[type=number]")?.value) || 1;

// What the plan says that each stage starts from, as JSON: width, height, and what that shows of the first pass.
const startsOf = () => ours.find(`${ours.SECTION}preview`)?.querySelector("[data-starts]")?.dataset.starts ?? "[]";

// The size of a sheet, and where on it a picture lies that shows a part of the first pass. A picture of another first
// pass, or of something unknown, is all of the sheet.
function laid(size, shown, start) {
    if (!start) return [size, ALL];
    const [width, height, own] = start;
    const [across, down] = [own[2] - own[0], own[3] - own[1]];
    const proportions = size[0] / (shown[2] - shown[0]) / (size[1] / (shown[3] - shown[1]));
    if (Math.abs(Math.log(proportions / (width / across / (height / down)))) > ALIKE) return [size, ALL];
    return [[width, height], shown.map((side, index) => (side - own[index % 2]) / (index % 2 ? down : across))];
}
