// The list of found strengths is made anew where it is seen, and the preview after a generation that
// may have found some, or that ran out of memory.

const ours = (globalThis.hiresStrategies ??= {});

let told = ""; // what the host said of the last generation

ours.listFound = (section) => {
    const list = ours.question(section, "list_found", 300);
    const fold = ours.find(`${ours.SECTION}found`);
    const isOpen = () => fold?.querySelector(".label-wrap")?.classList.contains("open");
    const label = (event) => event.target.closest(".label-wrap") && ours.whenShown(() => isOpen() && list.ask());
    fold?.addEventListener("click", label);
    section.addEventListener("hires-strategies-refresh", () => isOpen() && list.askSoon());
};

// Called at each pause of the page's changes.
ours.mayHaveFound = (section) => {
    const now = ours.find("generation_info_txt2img")?.querySelector("textarea, input")?.value ?? "";
    if (now === told) return;
    told = now;
    const text = ours.find(`${ours.SECTION}strategies`)?.querySelector("textarea")?.value ?? "";
    const ranOut = now.includes("did not fit into"); // running/ladder.py
    if (text.includes("auto") || ranOut) section.dispatchEvent(new CustomEvent("hires-strategies-refresh"));
};
