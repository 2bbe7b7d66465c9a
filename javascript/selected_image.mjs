// The gallery's button that runs the strategy on the selected image (see webui/generation/selected_image.py).

const ours = (globalThis.hiresStrategies ??= {});

const FROM_FIRST_PASS = "first pass";
const FROM_PICTURE = "picture";
let run = null; // the one whose images the gallery does not show yet

// Called by Gradio, with its hidden field as the answer. Resolves never where the user wants nothing after all.
ours.runOnSelected = async () => {
    await ours.galleryMayHaveGrown(); // pressed again at once: on what the last run made
    const image = await chosenImage();
    const start = image && (await chosenStart(image));
    if (!start) return new Promise(() => {});
    await ours.select(image.index);
    const sources = ours.gallerySources();
    const records = ours.galleryRecords(sources, ours.generationInfo());
    const token = crypto.getRandomValues(new Uint32Array(4)).join("-");
    run = { token, at: image.index, sources, records, seen: sources.join("\n") };
    const click = (id) => ours.find(id)?.click();
    // The host's click reads the field, so it may be cleared right after it.
    ours.whenShown(() => {
        click("txt2img_upscale");
        ours.whenShown(() => click("txt2img_hires_strategies_run_done"));
    });
    return `${start} ${token}`;
};

async function chosenImage() {
    const images = ours.galleryImages();
    const pictures = images.filter(ours.isPicture);
    const selected = images.find(({ index }) => index === selected_gallery_index());
    ours.say();
    if (selected && ours.isPicture(selected)) return selected;
    if (!pictures.length) return ours.say("The gallery is empty: generate first, then go on from one of its pictures.");
    if (pictures.length === 1) {
        ours.say(`Taken: ${pictures[0].label}, the only picture.`);
        return pictures[0];
    }
    const answers = pictures.map((value) => ({ text: value.label, source: value.source, value }));
    return ours.choose("Which picture shall the strategy run on?", answers);
}

// A picture that went through a second pass may be gone on from, and again: 144, 288, 576 pixels.
async function chosenStart({ text, strategy, width, height }) {
    if (text.includes(", First pass image: ")) return FROM_PICTURE; // it has no first pass of its own
    if (!strategy && !text.includes(", Hires upscale")) return FROM_FIRST_PASS;
    const first = /, Size: (\d+)x(\d+)/.exec(text);
    const size = (sides) => (sides ? ` (${sides.join("\u00d7")})` : "");
    return ours.choose("This picture has been through a strategy already. Where shall the section's strategy begin?", [
        { text: `On this picture${size([width, height])}`, value: FROM_PICTURE },
        { text: `On its first pass${size(first?.slice(1))}`, value: FROM_FIRST_PASS },
    ]);
}

// Called at each pause of the page's changes. The run's images stand in the place of the one that it was started on,
// or behind it where the host keeps that one itself; the host tells nothing about them but their texts.
let growing = Promise.resolve();
ours.galleryMayHaveGrown = () => (growing = growing.catch(() => {}).then(grow));

async function grow() {
    const sources = ours.gallerySources();
    if (!run || sources.join("\n") === run.seen) return;
    run.seen = sources.join("\n");
    const { token, at, sources: before, records } = run;
    const made = JSON.parse((await ours.call("selected_image", token))[0]);
    if (!made.length || run?.token !== token) return; // it runs still, or failed
    run = null;
    const kept = sources.length - (before.length - 1 + made.length);
    const own = made.map((record, index) => (index || kept ? record : records[at]) ?? undefined);
    ours.galleryGrew(sources, [...padded(records, at + kept), ...own, ...padded(records, before.length).slice(at + 1)]);
    await ours.select(at + 1);
}

const padded = (records, length) => Array.from({ length }, (_, index) => records[index]);
