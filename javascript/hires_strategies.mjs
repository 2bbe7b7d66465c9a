// What Gradio cannot do; all else is Python. This file connects the others to the page once it is built.

const ours = (globalThis.hiresStrategies ??= {});

// The first pause after the page was built: only then does Gradio listen to its buttons.
let connected = false;
onAfterUiUpdate(() => {
    const { element, find, SECTION } = ours;
    const section = find(`${SECTION}enable`);
    const gallery = find("txt2img_gallery");
    if (connected) {
        ours.mayHaveFound(section);
        return ours.galleryMayHaveGrown();
    }
    if (!section || !gallery) return;
    connected = true;
    const edits = ours.question(section, "edit", 120);
    ours.question(section, "refresh", 200, edits.pending).ask();
    ours.holdGenerate(section, edits);
    ours.listFound(section);
    ours.offerPainting(section);
    ours.offerWhole(section);
    find(`${SECTION}opened`).click();
    find("txt2img_hires_strategies_compare")?.addEventListener("click", () => ours.compare());
    find("txt2img_hires_strategies_use")?.addEventListener("click", ours.useSelected);
    // To Gradio 4 a click on what lies on the picture is one on the picture: it would show the next one.
    const tiles = element("div", "hires-strategies-tiles", { onclick: (event) => event.stopPropagation() });
    gallery.addEventListener("load", () => ours.showTiles(tiles), true); // of its images
    new ResizeObserver(() => ours.showTiles(tiles)).observe(gallery);
});
