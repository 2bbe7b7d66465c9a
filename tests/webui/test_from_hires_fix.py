"""Hires. fix settings of the page as a strategy text."""

from __future__ import annotations

import pytest

from hires_strategies.errors import StrategyError
from hires_strategies.webui.page.from_hires_fix import taken_over
from hires_strategies.webui.page.values import first_pass_of

PAGE = {
    "width": 512,
    "height": 768,
    "steps": 20,
    "hr": True,
    "hr_upscaler": "Latent",
    "hr_steps": 0,
    "hr_denoising_strength": 0.7,
    "hr_scale": 2.0,
    "hr_resize_x": 0,
    "hr_resize_y": 0,
    "hr_checkpoint": "Use same checkpoint",
    "hr_sampler": "Use same sampler",
    "hr_scheduler": "Use same scheduler",
    "hr_prompt": "",
    "hr_negative": "",
}


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({}, "Latent x2 @0.7"),
        ({"hr_scale": 1.3499999, "hr_steps": 12}, "Latent x1.35 @0.7 [12 steps]"),
        ({"hr_resize_x": 1000}, "Latent 1000x1500 @0.7"),
        ({"hr_resize_y": 1000}, "Latent 666x1000 @0.7"),
        ({"hr_resize_x": 1024, "hr_resize_y": 1024}, "Latent 1024x1024 @0.7"),
        ({"hr_upscaler": "R-ESRGAN 4x+", "hr_denoising_strength": 0, "hr_steps": 9}, "R-ESRGAN 4x+ x2"),
        (
            {"hr_sampler": "DPM++ 2M", "hr_scheduler": "Karras", "hr_prompt": 'a "b"', "hr_negative": "c"},
            'Latent x2 @0.7 [sampler DPM++ 2M; scheduler Karras; prompt "a \\"b\\""; negative "c"]',
        ),
        ({"cfg": 7, "hr_cfg": 7, "distilled_cfg": 3.5, "hr_distilled_cfg": 3.5}, "Latent x2 @0.7"),
        (
            {"cfg": 7, "hr_cfg": 2, "distilled_cfg": 3.5, "hr_distilled_cfg": 6},
            "Latent x2 @0.7 [cfg 2; distilled cfg 6]",
        ),
        ({"cfg": 7, "hr_cfg": 0}, "Latent x2 @0.7"),  # reForge's way to say "the same"
        ({"cfg": 7, "hr_cfg": -1}, "Latent x2 @0.7 [cfg 1]"),  # and "without the negative prompt"
    ],
)
def test_settings_become_the_first_stage(changed, text):
    assert taken_over({**PAGE, **changed}) == text


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"hr_checkpoint": "other.safetensors"}, "other.safetensors"), ({"hr_denoising_strength": 0}, "blur")],
)
def test_what_no_stage_can_do_is_said(changed, words):
    with pytest.raises(StrategyError, match=words):
        taken_over({**PAGE, **changed})


def test_a_checkpoint_is_taken_over_by_its_name(api):
    from modules import sd_models

    title = next(title for title in sd_models.checkpoints_list if "shifted" in title)
    assert taken_over({**PAGE, "hr_checkpoint": title}) == "Latent x2 @0.7 [checkpoint figures-shifted]"


def test_strategies_go_on_from_hires_fix_where_it_is_ticked():
    first = first_pass_of(PAGE)
    assert (first.width, first.height) == (1024, 1536)
    first = first_pass_of({**PAGE, "hr": False})
    assert (first.width, first.height) == (512, 768)
    assert first_pass_of({}).width == 512
