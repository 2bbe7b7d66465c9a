// "Use this one": the section then holds the strategy of a picture alone, ticked, for the next seed.

const ours = (globalThis.hiresStrategies ??= {});

// `asked` is the strategy as it was written, without what a picture's own prompts have become.
// One of a sweep teaches '@auto' how much change the user accepts (see webui/page/taught.py).
ours.use = ({ asked, strategy, teaches }) => {
    ours.strategy = asked ?? strategy;
    // Python's answer changes the text: Generate waits for it (see questions.mjs).
    ours.find(`${ours.SECTION}enable`).dispatchEvent(new CustomEvent("hires-strategies-started"));
    ours.find("txt2img_hires_strategies_use_now").click();
    const sentence = `The strategy is now ${ours.strategy}. Generate runs it alone.`;
    ours.say(sentence);
    if (teaches) teach(teaches, sentence).catch(() => {}); // the strategy is used all the same
};

async function teach(teaches, sentence) {
    const [answer] = await ours.call("teach", JSON.stringify(teaches));
    if (!answer) return;
    ours.find(`${ours.SECTION}enable`).dispatchEvent(new CustomEvent("hires-strategies-refresh"));
    if (ours.said() === sentence) ours.say(`${sentence} ${answer}`); // unless something else is said by now
}

ours.useSelected = () => {
    const images = ours.galleryImages();
    const image = ours.selectedImage(images);
    if (image && ours.isPicture(image) && image.strategy) ours.use(image);
    else ours.say(whyNot(images, image));
};

function whyNot(images, image) {
    if (!images.length) return "The gallery is empty: generate first, then use the strategy of the best picture.";
    if (!image) return "No picture is selected: select the one whose strategy is to be used.";
    if (image.kind === "sheet") return "This is the contact sheet: press Use on the picture of it that is best.";
    if (image.kind === "grid") return "This is a grid of several pictures: select one of them.";
    return "The selected picture was made without a strategy.";
}
