"""What of other scripts' arguments counts for a first pass, and what is certainly switched off."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest
import torch

from hires_strategies.running.fingerprint import digest
from hires_strategies.running.no_key import NoKey
from hires_strategies.webui.first_pass.named_files import NamedFiles
from hires_strategies.webui.first_pass.other_scripts import told
from hires_strategies.webui.first_pass.switched_off import off_as_none, script_is_off
from hires_strategies.webui.neighbours import controlnet_key


def script(title: str) -> Any:
    return SimpleNamespace(title=lambda: title, args_from=1, args_to=2)


@pytest.mark.parametrize(
    ("label", "title", "off"),
    [
        ("Enable", "Anything", True),
        ("Enabled", "Anything", True),
        ("Active", "Regional Prompter", True),
        ("ADetailer", "ADetailer", True),
        ("Enable Dynamic Thresholding (CFG Scale Fix)", "Dynamic Thresholding (CFG Scale Fix)", True),
        ("Enable Tiled VAE", "Tiled VAE", True),
        ("Enable previews", "Tiled VAE", False),
        ("Enable hires", "Hires. fix tweaks", False),
        ("Use mask", "Tiled VAE", False),
        ("", "", False),
    ],
)
def test_a_script_is_off_only_where_its_first_box_is_its_switch(label: str, title: str, off: bool) -> None:
    def is_off(component: Any, value: Any) -> bool:
        p: Any = SimpleNamespace(scripts=SimpleNamespace(inputs=[None, component]))
        return script_is_off(p, script(title), [value, 3])

    assert is_off(gr.Checkbox(label=label), False) == off
    assert not is_off(gr.Checkbox(label=label), True)
    assert not is_off(gr.Checkbox(label=label), 0)
    assert not is_off(gr.Slider(label=label), False)


@dataclass
class Generation:
    """The fields that the host's class declares."""

    scripts: Any
    script_args: list[Any]


@pytest.mark.parametrize(("put", "counts"), [({"batch_index": 3}, False), ({"dynthres_enabled": True}, True)])
def test_a_switch_that_is_off_counts_once_others_put_something_on_p(put: dict[str, Any], counts: bool) -> None:
    """The host itself leaves the number of a batch's last image there."""
    unit = SimpleNamespace(enabled=False, weight=1)

    def key(**fields: Any) -> list[Any]:
        units = SimpleNamespace(title=lambda: "Units", filename="units/scripts/units.py", args_from=0, args_to=1)
        scripts = SimpleNamespace(alwayson_scripts=[units], selectable_scripts=[], inputs=[])
        p = Generation(scripts, [unit])
        vars(p).update(fields)
        return told(cast(Any, p), {}).key

    assert (key(**put) != key()) is counts


@pytest.mark.parametrize(
    ("unit", "off"),
    [
        (SimpleNamespace(enabled=False, weight=1), True),
        (SimpleNamespace(enable=False), True),
        ({"enabled": False, "weight": 1}, True),
        (SimpleNamespace(enabled=True), False),
        (SimpleNamespace(enabled=0), False),
        (SimpleNamespace(enabled=False, active=True), False),
        (SimpleNamespace(weight=0), False),
        ({"ad_model": "None"}, False),
        (False, False),
    ],
)
def test_a_unit_is_off_only_where_it_says_so(unit: Any, off: bool) -> None:
    assert off_as_none([1, unit]) == [1, None if off else unit]
    assert off_as_none([[unit, 1]]) == [[None if off else unit, 1]]


def key(value: Any, extension: Path) -> str:
    return digest(value, of_text=NamedFiles(extension))


def test_a_named_file_counts_by_time_and_size(tmp_path: Path) -> None:
    file = tmp_path / "mask.png"
    before = key([str(file)], tmp_path)
    file.write_bytes(b"1")
    there = key([str(file)], tmp_path)
    os.utime(file, (1, 1))
    older = key([str(file)], tmp_path)
    assert len({before, there, older}) == 3
    assert key([str(file)], tmp_path) == older


def test_a_named_folder_counts_by_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    empty = key([str(folder)], tmp_path)
    (folder / "1.png").write_bytes(b"1")
    assert key([str(folder)], tmp_path) != empty
    for number in range(1001):
        (folder / f"{number}.png").touch()
    with pytest.raises(NoKey, match="is a folder of more than 1,000 files"):
        key([str(folder)], tmp_path)


def test_a_named_model_counts_where_models_are(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    before = key(["mm_v3.safetensors"], tmp_path)
    (tmp_path / "model" / "mm_v3.safetensors").write_bytes(b"1")
    there = key(["mm_v3.safetensors"], tmp_path)
    (tmp_path / "model" / "mm_v3.safetensors").write_bytes(b"12")
    assert len({before, there, key(["mm_v3.safetensors"], tmp_path)}) == 3


@pytest.mark.parametrize("text", ["", "a" * 5000, "two\nlines", "nul\0", "tests", "None", "a prompt, with commas"])
def test_other_texts_are_only_texts(tmp_path: Path, text: str) -> None:
    assert key([text], tmp_path) == digest([text])


class UnetHook:
    """As ControlNet's: a `sample` made in a method, which another extension knows by its name and file."""

    control_params: Any = ()

    def hook(self) -> Any:
        def process_sample(*args: Any) -> None: ...

        return process_sample


@pytest.fixture
def controlnet(tmp_path: Path) -> Any:
    """`p` with a unit that is on, its script, and what replaces p.sample."""
    model = tmp_path / "canny.safetensors"
    model.write_bytes(b"1")
    unit = SimpleNamespace(enabled=True, module="canny", model="canny [1]", weight=1.0, hr_option="Both")
    network = UnetHook()
    network.control_params = [SimpleNamespace(control_model=torch.nn.Linear(2, 2))]
    made = SimpleNamespace(
        filename=__file__, enabled_units=[unit], ui_batch_option_state=["All", False], latest_network=network,
        args_from=1, args_to=4,
    )  # fmt: skip
    off = SimpleNamespace(enabled=False, weight=1.0)
    p = SimpleNamespace(scripts=SimpleNamespace(alwayson_scripts=[made]), script_args=(0, "text", off, unit))
    return SimpleNamespace(p=p, script=made, unit=unit, inner=network.hook(), model=model)


def controlnet_digest(found: Any) -> str:
    return digest(controlnet_key.what_it_samples(found.p, found.inner))


def test_what_controlnet_does_counts(controlnet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    state = SimpleNamespace(cn_models={"canny [1]": str(controlnet.model)})
    monkeypatch.setitem(sys.modules, "scripts.global_state", state)
    keys = [controlnet_digest(controlnet)]
    controlnet.unit.weight = 0.5
    keys.append(controlnet_digest(controlnet))
    controlnet.script.ui_batch_option_state = ["All", True]
    keys.append(controlnet_digest(controlnet))
    controlnet.model.write_bytes(b"12")
    keys.append(controlnet_digest(controlnet))
    with torch.no_grad():
        controlnet.script.latest_network.control_params[0].control_model.bias.add_(1)
    keys.append(controlnet_digest(controlnet))
    assert keys[-1] == controlnet_digest(controlnet)
    controlnet.unit.hr_option = "High res only"
    keys.append(controlnet_digest(controlnet))
    controlnet.p.hires_strategies_job = "a ticked generation, where the unit is off in the first pass"
    keys.append(controlnet_digest(controlnet))
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"module": "reference_only"}, "unit 1 is on, and 'reference_only' draws random numbers of its own."),
        ({"model": "other [2]"}, "unit 1 is on, and the file of its model 'other \\[2\\]' is not known."),
    ],
)
def test_what_controlnet_cannot_tell_is_said(controlnet: Any, fields: dict[str, Any], sentence: str) -> None:
    vars(controlnet.unit).update(fields)
    with pytest.raises(NoKey, match=f"ControlNet {sentence}"):
        controlnet_key.what_it_samples(controlnet.p, controlnet.inner)


def test_an_unknown_version_is_not_taken_for_a_known_one(controlnet: Any) -> None:
    del controlnet.script.ui_batch_option_state
    assert controlnet_key.what_it_samples(controlnet.p, controlnet.inner) is None
    assert controlnet_key.what_it_samples(controlnet.p, print) is None
