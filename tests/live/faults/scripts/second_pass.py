"""An extension for tests only: changes the host's second pass from its hooks.

Argument over the API: {"cfg": a CFG scale for the second pass, set on `p` just before it samples, "count": how often
the second pass runs for each batch}. Seen with Hires. fix tweaks, hook by hook.
"""

from __future__ import annotations

from modules import processing, scripts


class SecondPass(scripts.Script):
    def title(self):
        return "Test second pass"

    def show(self, is_img2img):
        return False if is_img2img else scripts.AlwaysVisible

    def ui(self, is_img2img):
        import gradio as gr

        return [gr.JSON(value={}, visible=False)]

    def setup(self, p, asked, *args):
        if asked:
            p.hr_cfg_scale = asked.get("cfg", 0)

    def process(self, p, asked, *args):
        self.count = asked.get("count", 1) if p.enable_hr else 1
        if self.count > 1:
            p.sample_hr_pass = self.several_times(p, p.sample_hr_pass)

    def process_batch(self, p, asked, *args, **kwargs):
        self.own = p.cfg_scale
        self.on = bool(asked) and p.hr_cfg_scale not in (0, p.cfg_scale)
        if self.on:
            p.extra_generation_params["Hires CFG scale"] = p.hr_cfg_scale

    def before_hr(self, p, asked, *args):
        if self.on:
            p.cfg_scale = p.hr_cfg_scale

    def postprocess_batch(self, p, asked, *args, **kwargs):
        if self.on:
            p.cfg_scale = self.own

    def postprocess_batch_list(self, p, pp, asked, *args, **kwargs):
        for name in ("prompts", "negative_prompts", "seeds", "subseeds"):
            setattr(p, name, getattr(p, name) * self.count)

    def several_times(self, p, sample_hr_pass):
        """The second pass again and again, each time with the next seeds."""

        def run(*args, **kwargs):
            seeds, samples = p.seeds, processing.DecodedSamples()
            try:
                for number in range(self.count):
                    p.seeds = [seed + number for seed in seeds]
                    samples.extend(sample_hr_pass(*args, **kwargs))
            finally:
                p.seeds = seeds
            return samples

        return run
