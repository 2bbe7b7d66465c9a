// On each picture of the contact sheet that the gallery shows there are buttons: one uses it, one compares it.

const ours = (globalThis.hiresStrategies ??= {});

ours.showTiles = (layer) => {
    const shown = ours.find("txt2img_gallery")?.querySelector(".preview img");
    const images = shown ? ours.galleryImages() : [];
    const sheet = images.find((image) => image.tiles && image.source === shown.src);
    layer.remove();
    layer.replaceChildren();
    if (!sheet) return;
    const scale = Math.min(shown.clientWidth / sheet.width, shown.clientHeight / sheet.height);
    const x = shown.offsetLeft + (shown.clientWidth - sheet.width * scale) / 2;
    const y = shown.offsetTop + (shown.clientHeight - sheet.height * scale) / 2;
    for (const tile of sheet.tiles) {
        const [left, top, right] = tile.box;
        const made = buttons(images, sheet, tile);
        Object.assign(made.style, { left: `${x + left * scale}px`, top: `${y + top * scale}px` });
        made.style.width = `${(right - left) * scale}px`;
        layer.append(made);
    }
    shown.parentElement.append(layer);
};

function buttons(images, sheet, tile) {
    const image = images.find((each) => ours.isOfTile(each, sheet, tile)) ?? tile;
    const use = ours.button("Use", `Use this one: ${tile.strategy}`, () => ours.use(image), "hires-strategies-use");
    const compare = ours.button("\u2194", `Compare ${tile.strategy}`, () => ours.compare(sheet, tile));
    compare.classList.add("hires-strategies-tile");
    const made = ours.element("div", "hires-strategies-tile-buttons");
    made.append(use, compare);
    return made;
}

ours.isOfTile = (image, sheet, tile) =>
    image.kind === "variant" && image.seed === sheet.seed && image.strategy === tile.strategy;
