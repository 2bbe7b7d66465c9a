"""Named additions to the prompts."""

from __future__ import annotations

from typing import NamedTuple


class PromptStyle(NamedTuple):
    """A style: its texts hold "{prompt}" where the user's prompt goes, or are added after it."""

    name: str
    prompt: str | None
    negative_prompt: str | None
    path: str | None = None


class StyleDatabase:
    """The styles. The workbench reads no file: two are there, to be tried."""

    def __init__(self, paths):
        self.no_style = PromptStyle("None", "", "")
        sunset = PromptStyle("sunset", "sunset, warm light", "")
        portrait = PromptStyle("portrait", "portrait of {prompt}", "hat")
        self.styles = {style.name: style for style in (sunset, portrait)}

    def apply_styles_to_prompt(self, prompt, styles):
        """The prompt with each named style applied, in order."""
        return _apply(prompt, [self.styles.get(name, self.no_style).prompt for name in styles])

    def apply_negative_styles_to_prompt(self, prompt, styles):
        """The negative prompt with each named style applied, in order."""
        return _apply(prompt, [self.styles.get(name, self.no_style).negative_prompt for name in styles])


def _apply(prompt: str, additions: list[str | None]) -> str:
    for addition in additions:
        if addition and "{prompt}" in addition:
            prompt = addition.replace("{prompt}", prompt)
        elif addition:
            prompt = f"{prompt}, {addition}" if prompt else addition
    return prompt
