"""What an image says about its own generation (its infotext), taken over into `p`, the same way for all images.

Every value taken is checked like a request's own, because anybody can write anything into an image. An impossible one
is a StrategyError that names the key and the value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from modules import images, shared
from PIL.Image import Image

from hires_strategies.errors import StrategyError
from hires_strategies.limits import MAX_CFG, MAX_DISTILLED_CFG, MAX_SEED, MAX_STEPS
from hires_strategies.notation.json_schema import is_text
from hires_strategies.webui import settings
from hires_strategies.webui.host.forks.guidance import distilled_cfg
from hires_strategies.webui.host.forks.infotext import infotext_module, take_sampler
from hires_strategies.webui.host.forks.latent_shape import size_rules
from hires_strategies.webui.host.forks.samplers import schedulers
from hires_strategies.webui.host.lists import host_vocabulary
from hires_strategies.webui.host.processing import Processing
from hires_strategies.wording import describe, short

_WHERE = "The image's generation parameters"
_MOST = {int: MAX_SEED, float: 1_000_000.0}  # for settings without bounds of their own


class ImageParameters:
    """The parameters of one image. `text` is its infotext as found."""

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self._values: Mapping[str, Any] = infotext_module().parse_generation_parameters(text)
        except Exception as error:  # on broken texts the host's reader raises anything
            raise StrategyError(f"{_WHERE} cannot be read: {describe(error)}") from None

    @classmethod
    def of(cls, image: Image) -> ImageParameters | None:
        """The parameters of an image, or None if it has none."""
        try:
            text, _ = images.read_info_from_image(image)
        except Exception as error:
            raise StrategyError(f"{_WHERE} cannot be read: {describe(error)}") from None
        return cls(text) if isinstance(text, str) and text.strip() else None

    @property
    def names_first_pass(self) -> bool:
        """Whether they suffice to make the first pass again."""
        return "Seed" in self._values and "Prompt" in self._values

    @property
    def are_of_a_generation(self) -> bool:
        """Whether it is an infotext at all: the host's reader takes any comment, a camera's too, for a prompt."""
        return "Steps" in self._values or "Seed" in self._values

    def has(self, key: str) -> bool:
        return key in self._values

    def take_all(self, p: Processing) -> None:
        """Prompts with their styles, seed, and all that makes a first pass."""
        p.styles = []
        self.take_prompt(p)
        self.take_negative(p)
        self.take_seed(p)
        self.take_first_pass(p)

    def take_prompt(self, p: Processing) -> None:
        """The prompt, and the styles that the host found in it (depending on its settings it removes their texts)."""
        p.prompt = self._text("Prompt")
        p.styles = [*(p.styles or []), *(self._values.get("Styles array") or [])]

    def take_negative(self, p: Processing) -> None:
        p.negative_prompt = self._text("Negative prompt")

    def take_seed(self, p: Processing) -> None:
        """The seed with its variation and resize, from which the noise of every pass is made."""
        if "Seed" not in self._values:
            return
        p.seed = self._whole("Seed", -MAX_SEED, MAX_SEED)
        strength = self._number("Variation seed strength", 0, 1) if "Variation seed strength" in self._values else 0
        p.subseed_strength = strength
        p.subseed = self._whole("Variation seed", -MAX_SEED, MAX_SEED) if strength else -1
        side = (0, self._longest_side(p))
        p.seed_resize_from_w, p.seed_resize_from_h = self._size("Seed resize from", *side) or (0, 0)

    def take_first_pass(self, p: Processing) -> None:
        """All that makes the first pass besides prompts and seed: steps, CFG scale, size, sampler and settings."""
        if "Steps" in self._values:
            p.steps = self._whole("Steps", 1, MAX_STEPS)
        if "CFG scale" in self._values:
            p.cfg_scale = self._number("CFG scale", 1, MAX_CFG)
        for key in ("Distilled CFG Scale", "Shift"):  # one number of `p`; Neo calls it by what the model makes of it
            if key in self._values and distilled_cfg(p) is not None:
                p.distilled_cfg_scale = self._number(key, 0, MAX_DISTILLED_CFG)  # type: ignore[attr-defined]
        p.width, p.height = self._size("Size", size_rules().smallest, self._longest_side(p)) or (p.width, p.height)
        self._take_sampler(p)
        self._take_settings(p)

    def _take_sampler(self, p: Processing) -> None:
        if "Sampler" not in self._values:
            return
        sampler, schedule = self._text("Sampler"), self._text("Schedule type")
        known = {name for each in schedulers() for name in (each.label, each.name, *(each.aliases or ()))}
        names = host_vocabulary(settings.limits(p.override_settings))
        # "DPM++ 2M Karras" is how a sampler with its schedule was written before A1111 1.9.
        alone = next((sampler[: -len(name) - 1] for name in known if sampler.endswith(f" {name}")), sampler)
        try:
            # For an unknown name the host would use its first sampler.
            if sampler not in names.samplers:
                names.check_name("sampler", alone)
            if schedule not in ("", *known):
                names.check_name("scheduler", schedule)
        except StrategyError as error:
            raise StrategyError(f"{_WHERE}: {error.message}") from None
        take_sampler(p, dict(self._values))

    def _take_settings(self, p: Processing) -> None:
        """Settings that the image was made with and that are different now."""
        module = infotext_module()
        for key, text in self._values.items():
            try:
                overridden = module.get_override_settings({key: text})
            except (TypeError, ValueError, OverflowError):
                raise self._refused(key, "a value that the setting can have") from None
            for _, name, value in overridden:
                self._check_setting(key, name, value)
                p.override_settings[name] = value

    def _check_setting(self, key: str, name: str, value: Any) -> None:
        """Refuse numbers outside the bounds of the setting's own slider."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return
        bounds = shared.opts.data_labels[name].component_args
        bounds = bounds() if callable(bounds) else bounds or {}
        most = _MOST[float if isinstance(value, float) else int]
        low, high = bounds.get("minimum", -most), bounds.get("maximum", most)
        if not low <= value <= high:
            raise self._refused(key, f"a number from {low} to {high}")

    def _text(self, key: str) -> str:
        value = self._values.get(key, "")
        if not isinstance(value, str) or not is_text(value):
            raise self._refused(key, "a text that can be written as UTF-8")
        return value

    def _whole(self, key: str, low: int, high: int) -> int:
        try:
            number = int(self._values[key])
        except (KeyError, TypeError, ValueError, OverflowError):
            number = None
        if number is None or not low <= number <= high:
            raise self._refused(key, f"a whole number from {low} to {high}")
        return number

    def _number(self, key: str, low: float, high: float) -> float:
        try:
            number = float(self._values[key])
        except (KeyError, TypeError, ValueError, OverflowError):
            number = math.nan
        if not low <= number <= high:  # refuses NaN, too
            raise self._refused(key, f"a number from {low} to {high}")
        return number

    def _size(self, key: str, low: int, high: int) -> tuple[int, int] | None:
        """Width and height, which the host's reader splits; None if the image names neither."""
        if key in self._values:
            raise self._refused(key, "a width and a height such as 512x512")
        parts = (f"{key}-1", f"{key}-2")
        if not any(part in self._values for part in parts):
            return None
        try:
            width, height = (self._whole(part, low, high) for part in parts)
        except StrategyError:
            shown = "x".join(str(self._values.get(part, "")) for part in parts)
            allowed = f"a width and a height from {low} to {high}"
            raise StrategyError(f"{_WHERE}: '{key}' has to be {allowed}, found {short(shown)}.") from None
        return width, height

    def _refused(self, key: str, allowed: str) -> StrategyError:
        value = self._values.get(key)
        found = "nothing" if value is None else short(value)
        return StrategyError(f"{_WHERE}: '{key}' has to be {allowed}, found {found}.")

    @staticmethod
    def _longest_side(p: Processing) -> int:
        return settings.limits(p.override_settings).longest_side
