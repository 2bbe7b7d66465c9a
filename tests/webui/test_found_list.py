"""The page's list of found strengths, and what "use this one" teaches."""

from __future__ import annotations

import json
import re
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest

PAGE = {"width": 512, "height": 512, "steps": 20, "sampler": "Euler", "scheduler": "Automatic", "cfg": 4.0}


def sought(text: str = "Latent x2 @auto") -> Any:
    from hires_strategies.webui.page.preview import plan_of

    plan = plan_of(text, PAGE)
    return plan.sought(plan.stages[-1])


def shown() -> SimpleNamespace:
    """What the list shows, as a person reads it."""
    from hires_strategies.webui.page.found_list import listed

    row, choices, table, change, usual = listed(PAGE)
    read = lambda html: unescape(re.sub("<[^>]*>", " ", html)).split()  # noqa: E731
    return SimpleNamespace(
        row=row["visible"], choices=choices["choices"], table=" ".join(read(table)), change=" ".join(read(change)),
        usual=usual["visible"],
    )  # fmt: skip


def test_nothing_found_is_said(remembered: Any) -> None:
    now = shown()
    assert (now.row, now.choices, now.usual) == (False, [], False)
    assert "Nothing yet" in now.table and now.change == "@auto accepts the usual change of the layout , 3 %."


def test_entries_with_what_they_mean_here(remembered: Any) -> None:
    from dataclasses import replace

    from hires_strategies.planning.sought import Found

    ours = sought()
    for sigma in (1.5, 1.6, 1.5482):
        remembered.learn(ours, Found(0.5, sigma, 7))
    remembered.learn(sought("Lanczos x1 @auto"), Found(0.5, 9.0, 7))
    remembered.learn(replace(ours, checkpoint="other <b>", control="off", distilled_cfg=3.5), Found(0.5, 2.0, 7))
    now = shown()
    assert now.row and now.choices == [
        f"{ours.checkpoint}, Lanczos, same size, CFG 4",
        f"{ours.checkpoint}, Latent, enlarged, CFG 4",
        "other <b>, Latent, enlarged, CFG 4, distilled CFG 3.5, control off",
    ]
    assert "enlarged, CFG 4 start sigma 1.5482 · denoising 0.5 here · middle of the last 3 looks" in now.table
    assert "start sigma 9 · denoising 0.9" in now.table and "other <b>" in now.table
    assert now.table.endswith("control off start sigma 2 · found once")


def test_an_entry_is_changed_and_forgotten(remembered: Any) -> None:
    from hires_strategies.planning.sought import Found
    from hires_strategies.webui.page import found_list

    for text in ("Latent x2 @auto", "Lanczos x2 @auto"):
        remembered.learn(sought(text), Found(0.5, 1.5, 7))
    latent = next(choice for choice in shown().choices if "Latent" in choice)
    assert found_list.choose_entry(SimpleNamespace(value=latent)) == 1.5
    assert "starts at sigma 2.5, as you chose" in found_list.save_entry(latent, 2.5)
    assert remembered.sigma(sought()) == 2.5 and "yours" in shown().table
    assert "Forgotten" in found_list.forget_entry(latent) and len(shown().choices) == 1
    assert "alert" not in found_list.forget_all() and shown().choices == []


@pytest.mark.parametrize("sigma", [0, -1, None, 1e9, float("nan")])
def test_what_is_no_sigma_is_a_sentence(remembered: Any, sigma: Any) -> None:
    from hires_strategies.planning.sought import Found
    from hires_strategies.webui.page import found_list

    remembered.learn(sought(), Found(0.5, 1.5, 7))
    (choice,) = shown().choices
    told = found_list.save_entry(choice, sigma)
    assert 'role="alert"' in told and "A start sigma is a number above 0" in told
    assert remembered.sigma(sought()) == 1.5


@pytest.mark.parametrize("chosen", [None, "", "<script>", "gone, Latent, enlarged"])
def test_what_is_not_in_the_list_is_a_sentence(remembered: Any, chosen: Any) -> None:
    from hires_strategies.webui.page import found_list

    for told in (found_list.save_entry(chosen, 1.5), found_list.forget_entry(chosen)):
        assert "Choose one of the found strengths first." in told and "<script>" not in told
    assert remembered.entries() == []


def test_a_file_that_cannot_be_written_is_a_sentence(remembered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from hires_strategies.errors import StrategyError
    from hires_strategies.finding import remembered as module
    from hires_strategies.planning.sought import Found
    from hires_strategies.webui.page import found_list
    from hires_strategies.webui.page.taught import teach

    remembered.learn(sought(), Found(0.5, 1.5, 7))
    (choice,) = shown().choices

    def fail(*_: Any) -> None:
        raise StrategyError("The disk is full.")

    monkeypatch.setattr(module, "write_json", fail)
    for told in (
        found_list.save_entry(choice, 2.0), found_list.forget_entry(choice), found_list.forget_all(),
        found_list.forget_change(), teach(json.dumps(picture())),
    ):  # fmt: skip
        assert "The disk is full." in told


def picture(**changed: Any) -> dict[str, Any]:
    """What a variant's record says that it teaches."""
    from dataclasses import asdict

    return {**asdict(sought()), "sigma": 2.0, "change": 0.25, **changed}


def test_what_the_user_picks_is_accepted_from_then_on_until_they_take_it_back(remembered: Any) -> None:
    from hires_strategies.planning.sought import Found
    from hires_strategies.webui.page import found_list
    from hires_strategies.webui.page.taught import teach

    remembered.learn(sought("Lanczos x2 @auto"), Found(0.3, 1.0, 7))
    told = teach(json.dumps(picture()))
    assert told.startswith("@auto will from now on accept as much change as here")
    assert found_list.TITLE in told
    assert (remembered.sigma(sought()), remembered.accepted()) == (2.0, 0.25)
    now = shown()
    assert now.usual and "25 % , as taught by you from a picture (usual: 3 %)" in now.change
    assert "for another change of the layout: will be found again" in now.table
    assert teach(json.dumps(picture(change=0.35))) == told
    assert "30 % , as taught by you from 2 pictures" in shown().change
    assert "usual" in found_list.forget_change()
    assert shown().change.endswith("3 %.") and not shown().usual
    assert remembered.sigma(sought()) == 2.0, "what was chosen stays"


@pytest.mark.parametrize(
    "wrong",
    [
        {"sigma": 0}, {"sigma": "2"}, {"sigma": None}, {"sigma": 1e9}, {"sigma": True}, {"change": -0.1},
        {"change": 1.5}, {"change": None}, {"change": float("nan")}, {"scale": 0}, {"scale": "2"}, {"scale": 1e9},
        {"upscaler": "../../x"}, {"upscaler": None}, {"upscaler": ["Latent"]}, {"checkpoint": "/etc/passwd"},
        {"checkpoint": {}}, {"cfg": "7"}, {"cfg": -1}, {"distilled_cfg": []}, {"control": "import os"}, {"control": 3},
    ],
)  # fmt: skip
def test_what_makes_no_sense_teaches_nothing(remembered: Any, wrong: dict[str, Any]) -> None:
    from hires_strategies.webui.page.taught import teach

    assert teach(json.dumps(picture(**wrong))) == ""
    assert not remembered.path.exists()


@pytest.mark.parametrize("sent", [None, "", "null", "[]", "3", "{", "[" * 5000, '{"sigma": 1}', "x" * 20_000])
def test_the_page_may_send_anything(remembered: Any, sent: Any) -> None:
    from hires_strategies.webui.page.taught import teach

    assert teach(sent) == "" and not remembered.path.exists()
