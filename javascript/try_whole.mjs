// The button beside what will be done with less memory (webui/page/preview.py): the next run tries it whole again.

const ours = (globalThis.hiresStrategies ??= {});

ours.offerWhole = (section) =>
    section.addEventListener("click", async ({ target }) => {
        const button = target.closest(".hires-strategies-try-whole");
        if (!button) return;
        button.disabled = true;
        try {
            const [told] = await ours.call("try_whole", "");
            ours.say(told);
        } catch (error) {
            ours.say(`It could not be forgotten: ${error.message}`);
        } finally {
            button.disabled = false;
        }
        section.dispatchEvent(new CustomEvent("hires-strategies-refresh"));
    });
