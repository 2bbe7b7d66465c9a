// The gallery's images, each with what is known of it, and the one that is selected.

const ours = (globalThis.hiresStrategies ??= {});

const KINDS = { first_pass: "first pass", sheet: "contact sheet", grid: "grid", stage: "stage" };
const STRATEGY = /(?:^|, )Hires strategy: ("(?:\\.|[^\\"])*"|[^,]*)/m;
// The host changes one image of the gallery to several without telling what they are: see selected_image.mjs.
let grown = { sources: [], records: [] };

ours.galleryGrew = (sources, records) => (grown = { sources, records });

ours.gallerySources = () => {
    const gallery = ours.find("txt2img_gallery");
    const thumbnails = gallery?.querySelectorAll(".thumbnail-item img, .grid-wrap img") ?? [];
    const all = thumbnails.length ? thumbnails : (gallery?.querySelectorAll("img:not(.livePreview img)") ?? []);
    return [...new Set([...all].map((image) => image.src))];
};

ours.generationInfo = () =>
    JSON.parse(ours.find("generation_info_txt2img")?.querySelector("textarea, input")?.value || "{}");

// What is known of each place in the gallery, by its index.
ours.galleryRecords = (sources, info) => {
    const isGrown = sources.length > 0 && sources.join("\n") === grown.sources.join("\n");
    if (isGrown) return grown.records;
    const records = [];
    for (const record of info.hires_strategies ?? []) records[record.index] = record;
    return records;
};

// `strategy` and `seed` are read from an image's text where it has no record. `text`: its generation parameters.
ours.galleryImages = () => {
    const info = ours.generationInfo();
    const sources = ours.gallerySources();
    const records = ours.galleryRecords(sources, info);
    const images = sources.map((source, index) => described(source, index, records[index], info));
    const several = new Set(images.filter(({ strategy }) => strategy).map(({ seed }) => seed)).size > 1;
    const names = images.map((image) => ours.nameOf(image, several));
    for (const image of images) {
        const name = names[image.index];
        // The same strategy again, on a picture that it made.
        const isAlone = names.filter((other, at) => other === name && ours.isPicture(images[at])).length <= 1;
        image.label = `${image.index + 1}. ${name}${isAlone || !image.strategy ? "" : sizeIn(image)}`;
    }
    return images;
};

function described(source, index, record, info) {
    const text = info.infotexts?.[index] ?? "";
    const settings = text.slice(text.lastIndexOf("\nSteps: ") + 1); // below the prompts, which may say anything
    const told = STRATEGY.exec(settings)?.[1];
    const isGone = record?.strategy && !record.error && text && !told; // another button put another picture here
    const known = isGone ? undefined : record;
    const seed = known?.seed ?? Number(/\bSeed: (\d+)/.exec(settings)?.[1] ?? NaN);
    const [width, height] = sizeOf(source, known);
    const kind = known?.kind ?? (index < (info.index_of_first_image ?? 0) ? "grid" : "");
    const strategy = known ? known.strategy : told?.startsWith('"') ? JSON.parse(told) : told;
    return { ...known, source, index, text, seed, width, height, kind, strategy };
}

function sizeOf(source, record) {
    const shown = [...ours.find("txt2img_gallery").querySelectorAll("img")].find((image) => image.src === source);
    const own = [shown?.naturalWidth, shown?.naturalHeight];
    return own[0] ? own : [record?.width, record?.height];
}

// A strategy, with its seed if there are several; else what it is, its seed and its size.
ours.nameOf = ({ strategy, kind, seed, width, height }, several) => {
    const known = Number.isFinite(seed) && `seed ${seed}`;
    const parts = strategy
        ? [kind === "stage" ? `after ${strategy}` : strategy, several && known]
        : [KINDS[kind], known, width && `${width}\u00d7${height}`];
    return parts.filter(Boolean).join(", ") || "picture";
};

const sizeIn = ({ width, height }) => (width ? `, ${width}\u00d7${height}` : "");

ours.isPicture = ({ kind }) => kind !== "sheet" && kind !== "grid";

// The selected image; the only one also where none is selected; null for none.
ours.selectedImage = (images) =>
    images.find(({ index }) => index === selected_gallery_index()) ?? (images.length === 1 ? images[0] : null);

// Select an image as a click on its thumbnail does, and wait until it is.
ours.select = async (index) => {
    if (selected_gallery_index() === index) return;
    const thumbnails = ".thumbnail-small, .thumbnail-item";
    ours.find("txt2img_gallery").querySelectorAll(thumbnails)[index]?.click();
    for (let frame = 0; frame < 60 && selected_gallery_index() !== index; frame++) {
        await new Promise(requestAnimationFrame);
    }
};
