"""What a machine's finished runs say about the next one."""

from __future__ import annotations

import json

import pytest

from hires_strategies.notation.text import parse
from hires_strategies.planning.keepers import worth_it
from hires_strategies.planning.plan import FirstPass, Plan
from hires_strategies.planning.sought import Found
from hires_strategies.planning.timing import REMEMBERED, Ran, Timing
from hires_strategies.planning.tree import make_plan


def plan(text, sampler="Euler"):
    return make_plan(parse(text), FirstPass(512, 512, 20, sampler))


def ran(*seconds):
    return [Ran(each) for each in seconds]


@pytest.fixture
def timing(tmp_path):
    return Timing(tmp_path / "folder" / "timing.json")


def test_nothing_learnt_gives_no_number(timing):
    assert timing.estimate(plan("Latent x2 @0.7")) is None


def test_the_same_run_takes_as_long_again(timing):
    run = plan("Latent x2 @0.7 > R-ESRGAN 4x+ x2")
    timing.learn(run, ran(2.0, 8.0, 3.0))
    assert timing.estimate(run) == pytest.approx(13.0)
    assert timing.estimate(run, images=2) == pytest.approx(26.0)
    assert timing.estimate(plan("Latent x2 @0.7 [10 steps]")) == pytest.approx(2.0 + 4.0)


def test_hires_fix_before_the_strategies_takes_its_time_too(timing):
    hires = plan("Latent x2 @0.7")
    timing.learn(hires, ran(2.0, 8.0))
    after = make_plan(parse("Latent x1 @0.7"), FirstPass(1024, 1024, 20, "Euler"))
    assert timing.estimate(after, before=hires) == pytest.approx(2.0 + 8.0 + 8.0)
    direct = make_plan(parse("Direct 512x512"), FirstPass(1024, 1024, 20, "Euler"))
    assert timing.estimate(direct, before=hires) == pytest.approx(2.0)


def test_an_unknown_upscaler_alone_gives_no_number_but_sampling_does(timing):
    timing.learn(plan("Latent x2 @0.7"), ran(2.0, 8.0))
    assert timing.estimate(plan("DAT x4 x2")) is None
    assert timing.estimate(plan("DAT x4 x2 @0.4")) == pytest.approx(10.0)
    assert timing.estimate(plan("Latent x2 @0.7"), model="SDXL") == pytest.approx(10.0)


def test_median_of_the_last_runs_at_the_nearest_size(timing):
    for seconds in (100.0, *[8.0] * REMEMBERED):
        timing.learn(plan("Latent x2 @0.7"), ran(2.0, seconds))
    timing.learn(plan("Latent x4 @0.7"), ran(2.0, 99.0))
    assert timing.estimate(plan("Latent x2 @0.7")) == pytest.approx(10.0)


def test_stages_that_did_not_run_teach_nothing(timing):
    timing.learn(plan("Latent x2 @0.7"), ran(None, 8.0))
    assert timing.estimate(plan("Direct 1024x1024")) == pytest.approx(8.0)
    timing.learn(plan("Direct 1024x1024"), ran(None, 16.0))
    assert timing.estimate(plan("Latent x2 @0.7", sampler="DPM adaptive")) is None


def test_a_stage_whose_picture_says_where_teaches_nothing(timing):
    """It is planned for all tiles, and took the time of those that it needed."""
    whole = plan("Lanczos x2 @0.4 [tile 512]")
    timing.learn(whole, ran(2.0, 9.0))
    timing.learn(plan("Lanczos x2 @0.4 [where fused; tile 512]"), ran(2.0, 1.0))
    assert timing.estimate(whole) == pytest.approx(11.0)


def test_a_sampler_that_nobody_knows_is_known_once_it_ran(timing):
    unknown = plan("Latent x2 @0.7", sampler="ER SDE Karras")
    timing.learn(unknown, ran(2.0, 8.0))
    assert timing.evaluations() == {} and timing.estimate(unknown) is None  # nobody counted
    timing.learn(unknown, [Ran(2.0, 40), Ran(8.0, 40)])
    assert timing.evaluations() == {"ER SDE": 2.0}
    assert timing.estimate(unknown) == pytest.approx(10.0)
    assert timing.estimate(plan("Latent x2 @0.7 [10 steps]", sampler="ER SDE")) == pytest.approx(2.0 + 4.0)
    assert timing.estimate(plan("Latent x2 @0.7")) == pytest.approx(5.0)  # a rate is a rate per evaluation


def test_evaluations_are_learnt_from_what_was_counted_alone(timing):
    timing.learn(plan("Latent x2 @0.7 > None x2"), [Ran(2.0, 33), Ran(8.0, 33), Ran(1.0)])
    assert timing.evaluations() == {}  # the table knows Euler better
    timing.learn(plan("Direct x2 [sampler Mine]\nNone x2"), [Ran(2.0, 20), Ran(None, 0), Ran(1.0, 0)])
    assert timing.evaluations() == {}
    for count in (20, 60, 60, *[30] * (REMEMBERED - 2)):
        timing.learn(plan("Direct x2 [sampler Mine]"), [Ran(None), Ran(8.0, count)])
    assert timing.evaluations() == {"Mine": 1.5}


@pytest.mark.parametrize(
    "content",
    ["", "[1]", "[" * 10**5, '{"a": 1, "m|k|0": [1], "m|k|x": [2], "|first pass|10": ["a"]}',
     '{"evaluations a step|Mine": [0], "evaluations a step|Other": [1e300], "evaluations a step|Third": "2"}'],
)  # fmt: skip
def test_a_broken_file_counts_as_empty(timing, content):
    timing.path.parent.mkdir()
    timing.path.write_text(content)
    assert timing.estimate(plan("Latent x2 @0.7")) is None
    timing.learn(plan("Latent x2 @0.7"), ran(2.0, 8.0))
    assert timing.estimate(plan("Latent x2 @0.7")) == pytest.approx(10.0)
    json.loads(timing.path.read_text())


BAD_ENTRIES = [
    '"m|k|0": [1]', '"a": 1', '"|latent|x": [2]', '"|sampled latent|2000000": [Infinity]',
    '"|sampled latent|2000000": [NaN, 1]', '"|sampled latent|2000000": [1e300]', '"|sampled latent|1048576": [true]',
    f'"|sampled latent|2000000": [1{"0" * 400}]', f'"|sampled latent|1{"0" * 400}": [1]', '"|sampled latent|0": [1]',
    '"||": []', '"|first pass|262144": [1e-320]',
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD_ENTRIES)
def test_one_bad_entry_does_not_spoil_the_others(timing, bad):
    timing.learn(plan("Latent x2 @0.7"), ran(2.0, 8.0))
    known = timing.path.read_text(encoding="utf-8")
    timing.path.write_text(f"{{{bad}, {known.lstrip()[1:]}", encoding="utf-8")
    assert timing.estimate(plan("Latent x2 @0.7")) == pytest.approx(10.0)
    assert 0 < timing.estimate(plan("Latent x3 @0.7")) < 1000
    timing.learn(plan("Latent x2 @0.7"), ran(2.0, 8.0))
    assert timing.estimate(plan("Latent x2 @0.7")) == pytest.approx(10.0)


def test_worth():
    assert worth_it(200, 2, 9) == ("Worth it: a keeper costs 200 first passes without the strategy, 18 with it.")
    assert worth_it(8, 2, 9) == (
        "Rolling again is cheaper: a keeper costs 8 first passes without the strategy, 18 with it."
    )
    assert worth_it(9, 1, 9).startswith("No difference")
    assert "1 or more" in worth_it(0, 2, 9)


def found(text: str, strength: Found) -> Plan:
    return make_plan(parse(text), FirstPass(512, 512, 20, "Euler"), finds={(0, 0): strength})


def test_looking_for_a_strength_takes_its_time(timing):
    timing.learn(plan("Latent x2 @0.7"), ran(2.0, 8.0))
    assert timing.estimate(plan("Latent x2 @auto")) == pytest.approx(2.0 + 8.0 + 7 * 0.4)  # as fast as sampling
    ran_so = found("Latent x2 @auto", Found(0.6, 2.0, 7, seconds=3.5))
    timing.learn(ran_so, ran(2.0, 8.0))
    assert timing.estimate(plan("Latent x2 @auto")) == pytest.approx(2.0 + 8.0 + 3.5)
    assert timing.estimate(plan("Latent x2 @auto"), images=2) == pytest.approx(2 * 13.5)
    assert timing.estimate(plan("Latent x2 @0.7")) == pytest.approx(10.0)
    assert timing.estimate(ran_so) == pytest.approx(10.0)


def test_how_long_looking_takes_says_nothing_about_sampling(timing):
    timing.learn(found("Latent x2 @auto", Found(0.6, 2.0, 7, seconds=3.5)), ran(None, None))
    assert timing.estimate(plan("Latent x2 @0.7")) is None


def test_a_remembered_strength_teaches_nothing_of_looking(timing):
    timing.learn(found("Latent x2 @auto", Found(0.6, 2.0)), ran(2.0, 8.0))
    assert not any("searched" in key for key in json.loads(timing.path.read_text()))
