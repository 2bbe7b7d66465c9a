// The picture that a run starts from, as far as the page has it (hires_strategies/webui/page/start_from.py).

const ours = (globalThis.hiresStrategies ??= {});

const NONE = "No picture is chosen under 'Start from' yet: the sheet is for one of the page's size.";
const FOLDER = "Each picture in the folder is sampled at this place, whatever its size.";

// In place of a first pass: a picture's address, or a sentence where there is no one picture; null for a first pass.
ours.startingPicture = () => {
    const start = ours.find(`${ours.SECTION}start`)?.querySelector("input:checked")?.value;
    if (start === "a folder") return { sentence: FOLDER };
    if (start !== "an image") return null;
    const source = ours.find(`${ours.SECTION}image`)?.querySelector("img")?.src;
    return source ? { source } : { sentence: NONE };
};

// Of the gallery, for a first pass: the selected one, else the last.
ours.pictureOfGallery = () => {
    const images = ours.galleryImages().filter(ours.isPicture);
    return ours.selectedImage(images) ?? images.at(-1) ?? {};
};
