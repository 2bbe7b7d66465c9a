// Which two images the wipe shows, the first passes that the server still remembers, and the browser's Back.

const ours = (globalThis.hiresStrategies ??= {});

// A first pass that was not returned has no source until the server has decoded it; `trouble` says why it has none.
ours.sourceOf = async (image) => {
    if (!image.source && !image.trouble) {
        try {
            [image.source, image.trouble] = JSON.parse((await ours.call("first_pass", image.first_pass))[0]);
        } catch {
            image.trouble = "The server gave no answer when it was asked for the first pass.";
        }
    }
    return image.source;
};

// One for each seed whose first pass is remembered but not in the gallery.
function rememberedFirstPasses(images) {
    const shown = new Set(images.filter(isFirstPass).map(({ seed }) => seed));
    const found = new Map();
    for (const image of images) if (image.first_pass && !shown.has(image.seed)) found.set(image.seed, image);
    return [...found.values()].map(({ first_pass, seed, text }) => {
        const [width, height] = /, Size: (\d+)x(\d+)/.exec(text)?.slice(1) ?? [];
        const label = ours.nameOf({ kind: "first_pass", seed, width, height });
        return { kind: "first_pass", first_pass, seed, label: label[0].toUpperCase() + label.slice(1) };
    });
}

// Returned as such, or generated without a strategy and gone on from later.
const isFirstPass = ({ kind, strategy }) => kind === "first_pass" || (!kind && !strategy);

// The images of the wipe and the two that it begins with: a sheet's first one and a tile; else the selected image and
// the next one of its seed, in the gallery's order; alone of its seed, it stands beside its first pass.
function pair(images, selected, sheet, tile) {
    const seed = (sheet ?? selected)?.seed;
    const family = images.filter((image) => image.seed === seed && image.source);
    const variants = family.filter((image) => !isFirstPass(image));
    const first = (sheet ? variants[0] : selected) ?? images[0];
    const second = tile && images.find((image) => ours.isOfTile(image, sheet, tile));
    if (second && second !== first) return [first, second];
    const before = images.find((image) => image.seed === first.seed && isFirstPass(image));
    if (variants.length === 1 && before && before !== variants[0]) return [before, variants[0]];
    const others = family.length > 1 ? family : images;
    const at = others.indexOf(first);
    return at + 1 < others.length ? [first, others[at + 1]] : [others[at - 1], first];
}

// With the selected image, or with a contact sheet's tile.
ours.compare = (sheet, tile) => {
    const gallery = ours.galleryImages();
    const pictures = gallery.filter(ours.isPicture);
    const images = [...pictures, ...rememberedFirstPasses(gallery)];
    const selected = ours.selectedImage(gallery);
    ours.say();
    if (images.length > 1) {
        const of = selected && !ours.isPicture(selected) && selected.kind === "sheet" ? selected : sheet;
        const chosen = pair(images, images.includes(selected) ? selected : null, of, tile);
        new ours.Wipe(images, ...chosen.map((image) => images.indexOf(image)));
    } else if (gallery.length) {
        ours.say("There is nothing to compare this picture with: its first pass is not remembered.");
    } else {
        ours.say("The gallery is empty: generate first, then compare two of its pictures.");
    }
};

// The browser's Back, which is a gesture on telephones, closes a dialog instead of leaving the page.
let leaving = Promise.resolve();
ours.closeOnBack = async (dialog) => {
    await leaving; // a Back of ours that still is to come would close this dialog
    if (!dialog.open) return;
    history.pushState({ hiresStrategies: true }, "");
    const close = () => dialog.close();
    window.addEventListener("popstate", close, { once: true });
    dialog.addEventListener("close", () => {
        window.removeEventListener("popstate", close);
        if (!history.state?.hiresStrategies) return;
        leaving = new Promise((done) => window.addEventListener("popstate", done, { once: true }));
        history.back();
    });
};
