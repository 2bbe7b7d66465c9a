"""What the WebUIs of the family differ in for a client: one row each, and what is read from the running one.

A live test asks here what the WebUI under test can do, and skips with the row's reason only what it cannot. Which row
it is can be found out from its own description of its API; `--webui-host NAME` says it where that is not enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

# What a WebUI may be unable to do: the names that `Host.cannot` gives a reason for.
INFOTEXT_OVER_THE_API = "infotext over the API"
HIRES_FIX_WITH_NETWORKS = "Hires. fix with an upscaler that is a network"


@dataclass(frozen=True)
class Host:
    """A WebUI. `seen`: the version or commit that the row was written from; `cannot`: reasons, by what it cannot do;
    `own_tiles`: its autoencoder has tiles of its own, of 64x64 latents, taken where a card runs out of memory."""

    title: str
    seen: str
    cannot: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    own_tiles: bool = False


HOSTS: Mapping[str, Host] = MappingProxyType(
    {
        "workbench": Host("the workbench", "this repository"),
        "a1111": Host("AUTOMATIC1111", "v1.10.1, 82a973c0"),
        "a1111-1.9": Host("AUTOMATIC1111 1.9", "v1.9.0, adadb4e3"),
        "a1111-1.8": Host("AUTOMATIC1111 1.8", "v1.8.0, bef51aed"),
        "a1111-1.6": Host(
            "AUTOMATIC1111 1.6", "v1.6.0, 5ef669de",
            {INFOTEXT_OVER_THE_API: "its API takes no infotext (since AUTOMATIC1111 1.8)"},
        ),
        "forge": Host("Forge", "dfdcbab6", own_tiles=True),
        "reforge": Host("reForge", "3b56b268", own_tiles=True),
        "classic": Host("Forge Classic", "1f95d717", own_tiles=True),
        "neo": Host(
            "Forge Neo 2.26", "exo101/sd-webui-forge-neo-v3 5692d2d1",
            {INFOTEXT_OVER_THE_API: "its API answers every infotext with a TypeError (parameterized generic)"},
            own_tiles=True,
        ),
        "neo-feb": Host(
            "Forge Neo, February 2026", "nolanlane/sd-webui-forge-classic 6e1e0d5a",
            {HIRES_FIX_WITH_NETWORKS: "its ESRGAN takes networks of 64 features alone, the tests' have 16"},
            own_tiles=True,
        ),
    }
)  # fmt: skip


@dataclass(frozen=True)
class Traits:
    """What the running WebUI says of itself: the fields of its txt2img, and the names that it offers."""

    fields: frozenset[str]
    samplers: tuple[str, ...]
    upscalers: tuple[str, ...]  # those of its own Hires. fix, latent ones first
    latent_modes: bool
    schedulers: tuple[str, ...]  # labels; none where a schedule is a part of the sampler's name

    def likely_host(self) -> str:
        """The key in HOSTS that it most likely is."""
        if "hr_additional_modules" in self.fields:
            return "forge" if self.latent_modes else "neo"
        if "hr_cfg" in self.fields:
            return "reforge"
        if self.schedulers:
            return "a1111"
        if "Euler A Turbo" in self.samplers:
            return "classic"
        return "a1111-1.8" if "infotext" in self.fields else "a1111-1.6"

    def hires_fields(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The fields without which its Hires. fix would run with other values than the first pass has."""
        fields: dict[str, Any] = {}
        if "hr_cfg" in self.fields:
            fields["hr_cfg"] = body["cfg_scale"]
        if "hr_distilled_cfg" in self.fields and "distilled_cfg_scale" in body:
            fields["hr_distilled_cfg"] = body["distilled_cfg_scale"]
        if "hr_additional_modules" in self.fields:
            fields["hr_additional_modules"] = ["Use same choices"]
        return fields

    def sampler_fields(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """`body` as this WebUI names samplers: one without schedule types has names such as 'DPM++ 2M Karras'."""
        changed = dict(body)
        if self.schedulers:
            return changed
        for prefix in ("", "hr_"):
            schedule = changed.pop(f"{prefix}scheduler", None)
            sampler = changed.get(f"{prefix}sampler_name")
            if sampler and schedule not in (None, "Automatic") and not sampler.endswith(schedule):
                changed[f"{prefix}sampler_name"] = f"{sampler} {schedule}"
        return changed

    def lacking(self, body: Mapping[str, Any]) -> str | None:
        """What `body` names that this WebUI does not have, for a test's reason to skip."""
        for key in ("sampler_name", "hr_sampler_name"):
            if body.get(key) and body[key] not in self.samplers:
                return f"sampler {body[key]}"
        for key in ("scheduler", "hr_scheduler"):
            if body.get(key) and body[key] not in self.schedulers:
                return f"schedule type {body[key]}"
        if body.get("enable_hr") and body.get("hr_upscaler") not in (None, *self.upscalers):
            return f"upscaler {body['hr_upscaler']} in its Hires. fix"
        return None
