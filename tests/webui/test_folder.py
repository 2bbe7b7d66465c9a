"""A folder of pictures: each a generation of its own, none done twice, no file lost or replaced."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from hires_strategies.errors import StrategyError
from tests.live.client import TITLE

FIELDS: dict[str, Any] = {"prompt": "a page", "negative_prompt": "", "seed": 7, "steps": 2, "width": 64, "height": 64}
TEXT = "a house\nNegative prompt: blurry\nSteps: 3, Sampler: Euler, CFG scale: 5, Seed: 42, Size: 64x64"


class Pictures:
    """A folder of pictures that the API may read, and runs over it."""

    def __init__(self, path: Path, api: Callable[..., Any]) -> None:
        self.path, self.api = path, api
        path.mkdir()

    def add(self, name: str, text: str | None = None, size: tuple[int, int] = (64, 64), colour: Any = "red") -> Path:
        info = PngImagePlugin.PngInfo()
        if text is not None:
            info.add_text("parameters", text)
        path = self.path / name
        more: dict[str, Any] = {"pnginfo": info} if path.suffix == ".png" else {}
        Image.new("RGB", size, colour).save(path, **more)
        return path

    def run(self, strategies: Any = "Nearest x2", fields: dict[str, Any] | None = None, **argument: Any) -> Any:
        """The answer's images and info."""
        given = {"strategies": strategies, "folder": str(self.path), "results": "beside the originals", **argument}
        section = {TITLE: {"args": [given]}}
        answer = self.api(**{**FIELDS, **(fields or {})}, alwayson_scripts=section)
        return answer.images, json.loads(answer.info)

    def states(self, *args: Any, **kwargs: Any) -> dict[str, str]:
        _, info = self.run(*args, **kwargs)
        return {each["picture"]: each["state"] for each in info["hires_strategies_folder"]["pictures"]}

    @property
    def files(self) -> set[str]:
        return {path.name for path in self.path.iterdir()}

    def text(self, name: str) -> str:
        with Image.open(self.path / name) as image:
            return str(image.info.get("parameters"))


@pytest.fixture
def pictures(api: Callable[..., Any], tmp_path: Path) -> Pictures:
    from modules import shared

    if str(tmp_path) not in shared.cmd_opts.gradio_allowed_path:
        shared.cmd_opts.gradio_allowed_path.append(str(tmp_path))
    return Pictures(tmp_path / "pictures", api)


def test_each_picture_is_a_generation_with_its_own_text_or_the_requests(pictures: Pictures) -> None:
    pictures.add("2.png", TEXT, (64, 96))
    pictures.add("10.png", None, (96, 64))
    images, info = pictures.run("Nearest x2 @0.5")
    assert [each["picture"] for each in info["hires_strategies_folder"]["pictures"]] == ["2.png", "10.png"]
    assert pictures.files == {"2.png", "10.png", "2-hires.png", "10-hires.png"}
    own, pages = pictures.text("2-hires.png"), pictures.text("10-hires.png")
    assert own.startswith("a house\nNegative prompt: blurry\nSteps: 3, Sampler: Euler")
    assert "CFG scale: 5.0, Seed: 42, Size: 64x96" in own and "Hires strategy: Nearest x2 @0.5" in own
    assert pages.startswith("a page\nSteps: 2") and "Seed: 7, Size: 96x64" in pages
    assert len(images) == 2 and info["infotexts"] == [own, pages]
    assert [record["seed"] for record in info["hires_strategies"]] == [42, 7]
    with Image.open(pictures.path / "2-hires.png") as image:
        assert image.size == (128, 192)


def test_the_same_as_the_api_gives_for_the_picture_alone(pictures: Pictures) -> None:
    import base64

    path = pictures.add("1.png", TEXT)
    pictures.add("0.png", TEXT.replace("42", "43"), (72, 64))
    pictures.run("Latent x1.5 @0.6")
    encoded = base64.b64encode(path.read_bytes()).decode()
    argument = {"strategies": "Latent x1.5 @0.6", "first_pass_image": encoded, "picture_texts": True}
    alone = pictures.api(**FIELDS, alwayson_scripts={TITLE: {"args": [argument]}})
    with Image.open(pictures.path / "1-hires.png") as image:
        assert image.info["parameters"] == json.loads(alone.info)["infotexts"][0]
        assert image.tobytes() == _decoded(alone.images[0]).tobytes()


@pytest.mark.usefixtures("found_file")
def test_a_strength_that_is_found_with_the_first_picture_is_that_of_all(pictures: Pictures) -> None:
    for name, colour in (("1.png", "red"), ("2.png", "blue")):
        pictures.add(name, TEXT, colour=colour)
    _, info = pictures.run("Lanczos x1.5 @auto")
    first, second = info["hires_strategies"]
    assert (first["found"][0]["evaluations"], second["found"][0]["evaluations"]) == (7, 0)
    assert first["strategy"] == second["strategy"] and "auto" not in first["strategy"]
    assert f"Hires strategy: {first['strategy']}" in pictures.text("2-hires.png")
    again = pictures.states("Lanczos x1.5 @auto")
    assert again == {"1.png": "done before", "2.png": "done before"}


def test_the_texts_can_be_left_out(pictures: Pictures) -> None:
    pictures.add("1.png", TEXT)
    pictures.run(picture_texts=False)
    assert pictures.text("1-hires.png").startswith("a page\nSteps: 2")


def test_what_is_done_is_not_done_again(pictures: Pictures) -> None:
    for name in ("a.png", "b.jpg", "c.webp"):
        pictures.add(name, TEXT)
    assert set(pictures.states().values()) == {"done"}
    before = {path: path.stat().st_mtime_ns for path in pictures.path.iterdir()}
    images, info = pictures.run()
    assert images == [] and len(info["hires_strategies_folder"]["pictures"]) == 3
    assert pictures.states() == dict.fromkeys(("a.png", "b.jpg", "c.webp"), "done before")
    assert {path: path.stat().st_mtime_ns for path in pictures.path.iterdir()} == before

    pictures.add("d.png", TEXT)
    (pictures.path / "b-hires.png").unlink()
    again = {"a.png": "done before", "b.jpg": "done", "c.webp": "done before", "d.png": "done"}
    assert pictures.states() == again
    assert set(pictures.states(again=True).values()) == {"done"}
    assert "a-hires-2.png" in pictures.files


def test_another_strategy_prompt_or_setting_is_something_else_to_do(pictures: Pictures) -> None:
    pictures.add("own.png", TEXT)
    pictures.add("plain.png")
    assert set(pictures.states().values()) == {"done"}
    assert set(pictures.states("Nearest x1.5").values()) == {"done"}
    assert set(pictures.states(["Nearest x2"]).values()) == {"done before"}
    assert pictures.states(fields={"prompt": "another"}) == {"own.png": "done before", "plain.png": "done"}
    assert set(pictures.states(fields={"batch_size": 2}).values()) == {"done"}
    assert set(pictures.states(results="output folder").values()) == {"done"}
    assert set(pictures.states(detail="every").values()) == {"done"}
    by_setting = {"override_settings": {"hires_strategies_detail": "every"}}
    assert set(pictures.states(fields=by_setting).values()) == {"done"}
    assert set(pictures.states(detail="first").values()) == {"done before"}
    pictures.add("own.png", TEXT, colour="blue")
    assert pictures.states() == {"own.png": "done", "plain.png": "done before"}


def test_a_line_that_a_crash_left_unfinished_hides_no_other(pictures: Pictures) -> None:
    from hires_strategies.webui.generation.done import Done

    pictures.add("a.png")
    pictures.add("b.png")
    pictures.run()
    path = Done.of(pictures.path.resolve())._path
    path.write_bytes(b"[" * 100_000 + b"\n" + path.read_bytes()[:-20])  # b's line, after one that nobody can read
    (pictures.path / "b-hires.png").unlink()
    assert pictures.states() == {"a.png": "done before", "b.png": "done"}
    assert pictures.states() == {"a.png": "done before", "b.png": "done before"}


def test_bad_files_are_named_and_the_rest_goes_on(pictures: Pictures) -> None:
    pictures.add("1.png")
    (pictures.path / "2.png").write_bytes(b"no picture")
    (pictures.path / "3.png").write_bytes(b"")
    pictures.add("4.png", size=(4, 64))
    pictures.add("5.png", TEXT.replace("Seed: 42", "Seed: 9" + "9" * 40))
    pictures.add("6.png", TEXT.replace("Euler", "Eular"))
    whole = pictures.add("7.png", size=(64, 64)).read_bytes()
    (pictures.path / "7.png").write_bytes(whole[: len(whole) // 2])
    (pictures.path / "8.png").mkdir()
    pictures.add("9.png")
    _, info = pictures.run()
    found = {each["picture"]: each for each in info["hires_strategies_folder"]["pictures"]}
    assert {name for name, each in found.items() if each["state"] == "done"} == {"1.png", "9.png"}
    words = {"2.png": "known format", "3.png": "empty file", "4.png": "4x64", "5.png": "'Seed'", "6.png": "'Eular'",
             "7.png": "can be read"}  # fmt: skip
    for name, word in words.items():
        assert found[name]["state"] == "failed" and word in found[name]["error"], found[name]
    assert "8.png" not in found
    comments = str(pictures.run()[1].get("comments", "")) or ""
    assert comments == "" or "failed" in comments


def test_which_files_count(pictures: Pictures) -> None:
    for name in ("a.PNG", "b.jpeg", "c.tiff", "e.gif", "a-hires-mine.png"):
        Image.new("RGB", (64, 64)).save(pictures.path / name)
    for name in (".hidden.png", "._a.png", "notes.txt", "model.safetensors", "d.png.part"):
        (pictures.path / name).write_bytes(b"x")
    (pictures.path / "inner").mkdir()
    Image.new("RGB", (64, 64)).save(pictures.path / "inner" / "z.png")
    Image.new("RGB", (64, 64)).save(pictures.path / "a-hires.png")
    assert list(pictures.states()) == ["a.PNG", "b.jpeg", "c.tiff", "e.gif"]


def test_results_are_no_pictures_to_start_from(pictures: Pictures) -> None:
    pictures.add("house.png", TEXT)
    everything = {"strategies": ["Nearest x2", "Nearest x1.5 > Lanczos x1.5"], "stages": True, "first_pass": True,
                  "sheet": True}  # fmt: skip
    pictures.run(**everything, fields={"save_images": True})
    assert pictures.files == {"house.png", "house-hires.png", "house-hires-2.png", "house-stage-2.png",
                              "house-first-pass.png", "house-sheet.png"}  # fmt: skip
    (pictures.path / "house-hires.png").rename(pictures.path / "house-hires-best.png")
    assert list(pictures.states()) == ["house.png"]
    _, info = pictures.run("Nearest x1.25")
    assert [each["picture"] for each in info["hires_strategies_folder"]["pictures"]] == ["house.png"]


def test_nothing_is_replaced(pictures: Pictures) -> None:
    pictures.add("house.png", TEXT)
    pictures.add("house.jpg")
    pictures.add("house-hires.png")
    before = (pictures.path / "house-hires.png").read_bytes()
    assert list(pictures.states()) == ["house.jpg", "house.png"]
    assert pictures.files == {"house.png", "house.jpg", "house-hires.png", "house-hires-2.png", "house-hires-3.png"}
    assert (pictures.path / "house-hires.png").read_bytes() == before


@pytest.mark.parametrize(
    "name", ["a [seed] b.png", "größe 長い 🏠.png", "a, b; c=1.png", "100%.png", "x" * 90 + ".png"]
)
def test_names_that_are_patterns_to_the_host(pictures: Pictures, name: str) -> None:
    pictures.add(name)
    assert pictures.states() == {name: "done"}
    assert len(pictures.files) == 2 and Path(name).stem + "-hires.png" in pictures.files


def test_a_batch_of_each(pictures: Pictures) -> None:
    pictures.add("a.png", TEXT)
    pictures.add("b.png")
    pictures.run(["Nearest x2", "Nearest x1.5"], fields={"batch_size": 2, "n_iter": 2})
    made = {f"{name}-{number}-hires{tail}.png" for name in "ab" for number in (1, 2, 3, 4) for tail in ("", "-2")}
    assert made <= pictures.files
    assert "Seed: 45" in pictures.text("a-4-hires.png") and "Seed: 45" in pictures.text("a-4-hires-2.png")


def test_the_output_folder_has_the_hosts_names(pictures: Pictures, tmp_path: Path) -> None:
    from modules.shared import opts

    pictures.add("a.png", TEXT)
    before = dict(opts.data)
    opts.data.update(outdir_txt2img_samples=str(tmp_path / "out"), samples_save=False)
    try:
        _, info = pictures.run(results="output folder")
    finally:
        opts.data.clear()
        opts.data.update(before)
    results = info["hires_strategies_folder"]["pictures"][0]["results"]
    assert len(results) == 1 and Path(results[0]).is_relative_to(tmp_path / "out") and "42" in Path(results[0]).name
    assert pictures.files == {"a.png"}


def test_no_more_than_the_cap_is_returned(pictures: Pictures) -> None:
    for number in range(5):
        pictures.add(f"{number}.png", TEXT)
    images, info = pictures.run(fields={"override_settings": {"hires_strategies_folder_shown": 2}})
    assert len(images) == len(info["infotexts"]) == 2
    entries = info["hires_strategies_folder"]["pictures"]
    assert [each["images"] for each in entries] == [[0], [1], [], [], []]
    assert all(each["state"] == "done" and len(each["results"]) == 1 for each in entries)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"folder": ""}, "'folder'"),
        ({"folder": "nowhere"}, "whole path"),
        ({"folder": "/etc"}, "--gradio-allowed-path"),
        ({"folder": "\0"}, "folder"),
        ({"strategies": "Latnt x2"}, "Did you mean 'Latent'"),
        ({"first_pass_image": "abc"}, "leave one of them out"),
        ({"results": "elsewhere"}, "'results'"),
    ],
)
def test_requests_that_are_refused(pictures: Pictures, change: dict[str, Any], word: str) -> None:
    pictures.add("a.png")
    with pytest.raises(StrategyError) as caught:
        pictures.run(**change)
    assert word in str(caught.value) and caught.value.status_code == 422  # type: ignore[attr-defined]
    assert pictures.files == {"a.png"}
    assert pictures.states() == {"a.png": "done"}


def test_an_empty_folder_and_hires_fix_are_refused(pictures: Pictures) -> None:
    with pytest.raises(StrategyError, match="no picture to start from"):
        pictures.run()
    pictures.add("a.png")
    with pytest.raises(StrategyError, match=r"Hires\. fix"):
        pictures.run(fields={"enable_hr": True})


def test_no_link_leads_out_of_the_allowed_folders(pictures: Pictures, tmp_path: Path) -> None:
    from modules import shared

    outside = tmp_path / "outside"
    outside.mkdir()
    Image.new("RGB", (64, 64)).save(outside / "secret.png")
    allowed = shared.cmd_opts.gradio_allowed_path
    allowed[allowed.index(str(tmp_path))] = str(pictures.path)
    pictures.add("a.png")
    (pictures.path / "link.png").symlink_to(outside / "secret.png")
    (pictures.path / "way").symlink_to(outside)
    _, info = pictures.run()
    found = {each["picture"]: each for each in info["hires_strategies_folder"]["pictures"]}
    assert found["a.png"]["state"] == "done" and "link" in found["link.png"]["error"]
    for way in (pictures.path / "way", pictures.path / ".." / "outside", f"{pictures.path}2", outside / "absent"):
        with pytest.raises(StrategyError, match="gradio-allowed-path"):
            pictures.run(folder=str(way))
    with pytest.raises(StrategyError, match="There is no folder"):
        pictures.run(folder=str(pictures.path / "absent"))


def test_a_script_of_the_list_does_not_run_a_folder(pictures: Pictures) -> None:
    pictures.add("a.png")
    with pytest.raises(StrategyError, match="choose 'None' under Script"):
        pictures.run(fields={"script_name": "Prompt matrix", "script_args": [False, False, "positive", "comma", 0]})
    assert pictures.files == {"a.png"}


def test_an_unexpected_error_of_one_picture_leaves_the_others_as_they_are_alone(
    pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    from modules import processing

    for name in ("a.png", "b.png", "c.png"):
        pictures.add(name, TEXT)
    pictures.run("Latent x1.5 @0.6")
    whole = (pictures.path / "c-hires.png").read_bytes()
    shutil.rmtree(pictures.path)
    pictures.path.mkdir()
    for name in ("a.png", "b.png", "c.png"):
        pictures.add(name, TEXT)
    calls = []
    decode = processing.decode_latent_batch

    def once(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("CUDA error: device-side assert triggered")
        return decode(*args, **kwargs)

    monkeypatch.setattr(processing, "decode_latent_batch", once)
    _, info = pictures.run("Latent x1.5 @0.6")
    states = [each["state"] for each in info["hires_strategies_folder"]["pictures"]]
    assert states == ["done", "failed", "done"]
    assert "b-hires.png" not in pictures.files
    assert "device-side assert" in info["hires_strategies_folder"]["pictures"][1]["error"]
    assert (pictures.path / "c-hires.png").read_bytes() == whole
    monkeypatch.undo()
    assert pictures.states("Latent x1.5 @0.6") == {"a.png": "done before", "b.png": "done", "c.png": "done before"}


def _decoded(encoded: Any) -> Image.Image:
    from tests.live.client import decode

    text = encoded if isinstance(encoded, str) else encoded.decode()
    return decode(text).convert("RGB")


def test_memory_stays_flat_over_many_pictures(pictures: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the results no more than the cap are held at any time, and of the originals only the one that runs."""
    import gc

    from modules import script_callbacks

    for number in range(40):
        pictures.add(f"{number}.png", TEXT, (48, 56))
    held: list[tuple[int, int]] = []

    def count(params: Any) -> None:
        sizes = [each.size for each in gc.get_objects() if isinstance(each, Image.Image)]
        held.append((sizes.count((48, 56)), sizes.count((96, 112))))

    kind = "callbacks_before_image_saved"
    saving = [*script_callbacks.callback_map[kind], script_callbacks.ScriptCallback(__file__, count)]
    monkeypatch.setitem(script_callbacks.callback_map, kind, saving)
    images, _ = pictures.run(fields={"override_settings": {"hires_strategies_folder_shown": 3}})
    assert len(images) == 3 and len(held) == 40
    originals, results = max(each[0] for each in held[10:]), max(each[1] for each in held[10:])
    assert originals <= 2 * max(each[0] for each in held[:3]) and results <= 3 + 2 * max(each[1] for each in held[:1])


def test_a_switch_of_the_host_switches_folders_off(pictures: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    from modules import shared

    pictures.add("a.png")
    monkeypatch.setattr(shared.cmd_opts, "hide_ui_dir_config", True)
    with pytest.raises(StrategyError, match="--hide-ui-dir-config"):
        pictures.run()
