"""The line that people decide by, and what is folded below it."""

from __future__ import annotations

import re
from html import unescape

import pytest

from hires_strategies.webui.page.preview import preview

PAGE = {
    "width": 512, "height": 512, "steps": 20, "sampler": "Euler", "scheduler": "Automatic", "hr_upscaler": "Latent",
    "hr_steps": 0, "hr_denoising_strength": 0.7, "hr_scale": 2.0, "hr_resize_x": 0, "hr_resize_y": 0,
}  # fmt: skip
HIRES = {**PAGE, "hr": True}
KEEPERS = {"keepers_without": 200, "keepers_with": 2}


def read(html: str) -> str:
    """What a person reads."""
    return unescape(re.sub("<[^>]*>", "", html).replace("&nbsp;", " "))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Latent x2 @0.7", "512×512 → 1024×1024costs 5 first passes"),
        ("Latent x2 @0.7 > None x2", "512×512 → 1024×1024 → 2048×2048costs 5 first passes"),
        ("Latent x1.5 @0.7 [10 steps]", "512×512 → 768×768costs 2.1 first passes"),
        ("Latent x2 @{0.5,0.6}", "512×512 → 1024×1024 · 2 variantscosts 9 first passes"),
        ("None x2\nNone x1.5\nNone x1", "512×512 → 512×512 to 1024×1024 · 3 variantscosts 1 first pass"),
        ("Direct x1", "512×512costs 1 first pass"),
    ],
)
def test_sizes_and_cost_in_one_line(api, text, line):
    assert read(preview(text, PAGE).line).split(" · about")[0] == line


def test_hires_fix_counts_and_its_size_is_named(api):
    seen = preview("Latent x2 @0.7", HIRES)
    assert read(seen.line).startswith("512×512 → 1024×1024 → 2048×2048costs 21 first passes")
    assert "First pass: 512×512, by Hires. fix to 1024×1024, then" in read(seen.plan)
    fewer = preview("Latent x2 @0.7", {**HIRES, "hr_steps": 10})
    assert "costs 19 first passes" in read(fewer.line)


def test_a_picture_to_start_from_has_its_own_size_and_costs_no_first_pass(api):
    seen = preview("Latent x2 @0.7", {**HIRES, "start": "an image", "start_size": "96x64"})
    assert read(seen.line).startswith("96×64 → 192×128costs 4 first passes")
    assert "The picture: 96×64, then" in read(seen.plan) and "About 4 first passes" in read(seen.plan)
    assert "None" not in seen.line and "remark" not in seen.line
    left = preview("Latent x2 @0.7", {**PAGE, "start": "first pass", "start_size": "96x64"})
    assert left == preview("Latent x2 @0.7", PAGE)


@pytest.mark.parametrize(
    ("start", "told"),
    [("a folder", "Each picture in the folder has its own size"), ("an image", "No picture is chosen yet")],
)
def test_where_the_picture_s_size_is_not_known_the_line_says_so(api, start, told):
    seen = read(preview("Latent x2 @0.7", {**PAGE, "start": start, "start_size": ""}).line)
    assert seen.startswith("512×512 → 1024×1024costs 4 first passes")  # and the time, once it is learnt
    assert seen.endswith(f"{told}: what stands here is for one of 512×512.")


def test_the_cost_is_the_same_whoever_enlarges(api):
    theirs, ours = preview("Lanczos x2", HIRES).line, preview("Latent x2 @0.7 > Lanczos x2", PAGE).line
    assert read(theirs).split("passes")[0] == read(ours).split("passes")[0]


def test_a_second_pass_is_judged_alone_and_never_a_comparison(api):
    assert "Worth it" in read(preview("Latent x2 @0.7", KEEPERS).worth)
    assert "Worth it" in read(preview("Latent x2 @0.7\nLatent x2 @0.7", KEEPERS).worth), "one picture"
    compared = read(preview("Latent x2 @{0.5,0.6,0.7}", KEEPERS).worth)
    assert compared.startswith("This compares 3 pictures.")
    assert not re.search(r"[Ww]orth|cheaper|\\d+ against", compared)


def test_one_name_for_one_thing(api):
    assert "None to 1024×1024 without sampling" in read(preview("None x2", PAGE).plan)


def test_low_strengths_after_a_latent_upscale_are_warned_of(api):
    assert "will probably look blurred" in read(preview("Latent x2 @0.3", PAGE).line)
    assert "blurred" not in preview("Latent x2 @0.6", PAGE).line


def test_the_words_are_explained_where_they_stand(api):
    seen = preview("Latent x2 @{0.5,0.6}", PAGE)
    for word, html in (("variants", seen.line), ("first passes", seen.line), ("start sigma", seen.plan)):
        assert re.search(rf'<span title="[^"]{{30,}}">[^"]*{word}', html), word


def test_models_of_a_stage_are_named_with_what_they_are(api):
    text = "Latent x2 @0.6 [sampler Euler a; checkpoint figures-shifted; refiner figures-refiner; refiner at 0.5]"
    seen = preview(text, PAGE)
    words = "with Euler a, checkpoint figures-shifted, refiner figures-refiner, refiner's start 0.5"
    assert words in read(seen.plan)
    assert read(seen.line).split(" \u00b7 ")[-1] == "3 model loads" and "and 3 model loads;" in read(seen.plan)


def test_a_refiner_s_start_without_a_refiner_is_said_to_do_nothing(api):
    told = "'Latent x2 @0.6 [refiner at 0.5]' has no refiner that could take over at 0.5."
    assert told in read(preview("Latent x2 @0.6 [refiner at 0.5]", PAGE).line)
    assert "has no refiner" in preview("Latent x2 @0.6 [refiner off; refiner at 0.5]", PAGE).line
    assert "has no refiner" not in preview("Latent x2 @0.6 [refiner figures-refiner; refiner at 0.5]", PAGE).line


def test_many_starts_between_two_steps_are_told_in_one_sentence(api):
    seen = read(preview("Latent x2 @sigma {1.6,1.7,1.8}", PAGE).line)
    assert seen.count("between two steps") == 1
    assert "'Latent x2 @sigma 1.6' and 2 other stages start between two steps of their schedules" in seen


def sought_in(text):
    """What is looked for on the page, in the last stage."""
    from hires_strategies.webui.page.preview import plan_of

    plan = plan_of(text, PAGE)
    return plan.sought(plan.stages[-1])


def test_a_strength_that_is_to_be_found_has_its_price_and_no_number(remembered):
    seen = preview("Latent x2 @auto", PAGE)
    line = read(seen.line)
    assert line.startswith("512×512 → 1024×1024 · 7 evaluations to find the denoising strengthcosts 6.4 first passes")
    assert "at denoising strength auto: 7 evaluations to find it" in read(seen.plan) and "sigma" not in read(seen.plan)
    assert "blurred" not in line and "remark" not in seen.line


def test_what_may_turn_out_equal_makes_the_cost_a_range(remembered):
    seen = preview("Latent x2 @{auto,0.7}", PAGE)
    assert "costs 6.4 to 10 first passes" in read(seen.line) and "About 6.4 to 10 first passes" in read(seen.plan)
    two = read(preview("Latent x2 @auto\nLanczos x2 @auto", PAGE).line)
    assert "14 evaluations to find 2 denoising strengths" in two


def test_a_remembered_strength_is_a_number_and_costs_nothing(remembered):
    from hires_strategies.finding.remembered import Key

    remembered.choose(Key.of(sought_in("Latent x2 @auto")), 1.2)
    seen = preview("Latent x2 @auto", PAGE)
    found = re.search(r"denoising (0\.\d+), found for this checkpoint", read(seen.line).replace("\xa0", " "))
    assert found and "evaluations" not in seen.line and "blurred" not in seen.line
    given = preview(f"Latent x2 @{found[1]}", PAGE)
    assert read(given.line).split("costs")[1][:15] == read(seen.line).split("costs")[1][:15]
    assert f"at denoising strength {found[1]}, found for this checkpoint (start sigma 1.2" in read(seen.plan)
    beside = read(preview("Latent x2 @{auto-0.1,auto!}", PAGE).plan)
    assert f", below the {found[1]} found for this checkpoint (" in beside and "auto!: 7 evaluations" in beside


def test_the_file_of_what_was_found_is_read_once_for_all_stages(remembered, monkeypatch):
    from hires_strategies.finding.remembered import Remembered

    looks = []
    looked = Remembered._read

    def read_again(file):
        looks.append(1)
        return looked(file)

    monkeypatch.setattr(Remembered, "_read", read_again)
    preview("Latent x2 @0.5", PAGE)
    assert looks == []
    preview("Latent x2 @{auto,auto-0.1} > Lanczos x1.5 @auto", PAGE)
    assert looks == [1]
