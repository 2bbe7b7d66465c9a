"""A WebUI over HTTP, as a program would use it."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image

from tests.live.hosts import HOSTS, INFOTEXT_OVER_THE_API, Host, Traits

TITLE = "Hires strategies"
BASE = {
    "prompt": "a red house by a lake, sunset",
    "negative_prompt": "blurry",
    "steps": 6,
    "width": 128,
    "height": 128,
    "cfg_scale": 5,
    "seed": 1234,
    "sampler_name": "Euler",
    "scheduler": "Automatic",
}


class Refused(Exception):
    """An answer with an HTTP status other than 200."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail


@dataclass
class Answer:
    """The images of a generation, and its info."""

    images: list[Image.Image]
    info: dict[str, Any]

    @property
    def records(self) -> list[dict[str, Any]]:
        return self.info["hires_strategies"]


class WebUI:
    """The API of a running WebUI at `url`, whose row in HOSTS is `host` where that is given, else found out."""

    def __init__(self, url: str, host: str | None = None) -> None:
        self.url = url.rstrip("/")
        self.session = requests.Session()
        self._host = host

    @cached_property
    def traits(self) -> Traits:
        schema = self.get("/openapi.json")["components"]["schemas"]["StableDiffusionProcessingTxt2Img"]
        latent = self.names("latent-upscale-modes")
        fields = frozenset(schema["properties"])
        return Traits(
            fields=fields,
            samplers=tuple(self.names("samplers")),
            upscalers=(*latent, *self.names("upscalers")),
            latent_modes=bool(latent),
            schedulers=self._schedulers() if "scheduler" in fields else (),
        )

    def _schedulers(self) -> tuple[str, ...]:
        """The labels of its schedule types; A1111 1.9 has them, but no address for them: they stand in its page."""
        answer = self.session.get(f"{self.url}/sdapi/v1/schedulers", timeout=60)
        if answer.ok:
            return tuple(each["label"] for each in answer.json())
        fields = [each["props"] for each in self.get("/config")["components"]]
        choices = next(each["choices"] for each in fields if each.get("elem_id") == "txt2img_scheduler")
        return tuple(each if isinstance(each, str) else each[0] for each in choices)

    @cached_property
    def host(self) -> Host:
        return HOSTS[self._host or self.traits.likely_host()]

    def needs(self, ability: str) -> None:
        """Skips the test where the WebUI's row says that it cannot do this."""
        if reason := self.host.cannot.get(ability):
            pytest.skip(f"{self.host.title}: {reason}")

    def get(self, path: str) -> Any:
        answer = self.session.get(self.url + path, timeout=120)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self.session.post(self.url + path, json=body or {}, timeout=600)
        if answer.status_code != 200:
            try:
                detail = answer.json().get("detail") or answer.text
            except ValueError:
                detail = answer.text
            raise Refused(answer.status_code, str(detail))
        return answer.json()

    def txt2img(self, argument: Any = None, **fields: Any) -> Answer:
        """A generation of BASE with `fields` on top; `argument` is the section's, None for a section left alone.

        The body is said as this WebUI takes it; the test skips where that has no such sampler or upscaler.
        """
        body = self.traits.sampler_fields({**BASE, **fields})
        if body.get("enable_hr"):
            body = {**self.traits.hires_fields(body), **body}
        if lacking := self.traits.lacking(body):
            pytest.skip(f"this WebUI has no {lacking}")
        if argument is not None:
            body["alwayson_scripts"] = {**body.get("alwayson_scripts", {}), TITLE: {"args": [argument]}}
        return self.answer_to(body)

    def answer_to(self, body: dict[str, Any]) -> Answer:
        """A generation of exactly this body; the test skips where the WebUI takes no infotext and the body has one."""
        if "infotext" in body:
            self.needs(INFOTEXT_OVER_THE_API)
        answer = self.post("/sdapi/v1/txt2img", body)
        return Answer([decode(image) for image in answer["images"]], json.loads(answer["info"]))

    def hires_fix(self, upscaler: str, scale: float, denoising_strength: float, **fields: Any) -> Answer:
        """A generation with the host's own Hires. fix."""
        settings = {"hr_upscaler": upscaler, "hr_scale": scale, "denoising_strength": denoising_strength}
        return self.txt2img(enable_hr=True, **{**settings, **fields})

    def names(self, path: str) -> list[str]:
        return [each["name"] for each in self.get(f"/sdapi/v1/{path}")]

    def upscaler(self, *wanted: str) -> str:
        """The first of `wanted` that its own Hires. fix has; the test skips where there is none."""
        for name in wanted:
            if name in self.traits.upscalers:
                return name
        pytest.skip(f"this WebUI's Hires. fix has no {' and no '.join(wanted)}")

    def model_upscaler(self) -> str:
        """A pixel upscaler that is a network: the first that is not plain resampling."""
        plain = ("None", "Lanczos", "Nearest")
        found = sorted((name for name in self.names("upscalers") if name not in plain), key=lambda n: "tiny" not in n)
        return found[0]


def decode(text: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(text.split(",", 1)[-1])))


def same(one: Image.Image, other: Image.Image) -> bool:
    """Whether two images are equal bit for bit."""
    return one.size == other.size and np.array_equal(np.asarray(one), np.asarray(other))


def difference(one: Image.Image, other: Image.Image) -> str:
    """How two images differ, for a failing test's message."""
    if one.size != other.size:
        return f"sizes {one.size} and {other.size}"
    delta = np.abs(np.asarray(one).astype(int) - np.asarray(other).astype(int))
    return f"{np.count_nonzero(delta)} values differ, by {delta.max()} at most"
