"""Extensions for tests only, of two usual kinds: one writes into the texts while the host samples, and one fills
wildcards in.

Arguments over the API: of "Test parameters" {"where": a hook, "values": [the first call's, the second's, ...]}; of
"Test wildcards" {"animal": ["cat", "dog"]}.
"""

from __future__ import annotations

import random
import re

from modules import scripts


def hidden_argument():
    import gradio as gr

    return [gr.JSON(value={}, visible=False)]


class _Shown:
    """What the host asks of every script; no script by itself."""

    def show(self, is_img2img):
        return False if is_img2img else scripts.AlwaysVisible

    def ui(self, is_img2img):
        return hidden_argument()


class Parameters(_Shown, scripts.Script):
    def title(self):
        return "Test parameters"

    def process(self, p, asked, *args):
        self.calls = 0

    def before_hr(self, p, asked, *args):
        self.write(p, asked, "before_hr")

    def process_before_every_sampling(self, p, asked, *args, **kwargs):
        self.write(p, asked, "process_before_every_sampling")

    def write(self, p, asked, hook):
        if asked and asked["where"] == hook and self.calls < len(asked["values"]):
            p.extra_generation_params.update(asked["values"][self.calls])
            self.calls += 1


class Wildcards(_Shown, scripts.Script):
    def title(self):
        return "Test wildcards"

    def process(self, p, words, *args):
        if words and not p.all_prompts[0]:
            raise StopIteration  # as Dynamic Prompts does
        if words:
            p.all_prompts = self.filled(p.all_prompts, p.all_seeds, words)
            p.all_negative_prompts = self.filled(p.all_negative_prompts, p.all_seeds, words)

    def filled(self, prompts, seeds, words):
        return [self.one(prompt, random.Random(int(seed)), words) for prompt, seed in zip(prompts, seeds)]

    def one(self, prompt, chance, words):
        return re.sub("__(\\w+)__", lambda found: chance.choice(words.get(found[1], [found[0]])), prompt)
