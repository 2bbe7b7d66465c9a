"""Part of a batch is made by another WebUI, by an extension that is called before ours or after ours.

The other WebUI's answers are real ones, made by this one beforehand: a generation holds the queue, so this process
cannot be its own worker meanwhile. Over HTTP: tests/live/test_several_machines.py.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hires_strategies import __version__
from tests.live.client import TITLE, Answer, decode, same

SCRIPT = Path(__file__).resolve().parents[1] / "live" / "shared_batches" / "scripts" / "shared_batches.py"
FIELDS: dict[str, Any] = {"prompt": "a house", "steps": 2, "width": 64, "height": 64, "seed": 41, "subseed": 7}
SWEEP = {"strategies": ["Nearest x2", "Lanczos x2", "Lanczos x2 > None x1.5"], "stages": True, "first_pass": True}
WITH_SHEETS = {**SWEEP, "sheet": True, "crops": "whole"}


class OtherWebUI:
    """In place of the worker's session: answers with what `api` makes of a request, once it has been asked before."""

    def __init__(self, api: Callable[..., Any]) -> None:
        self.api = api
        self.answers: dict[tuple[int, int, int, str], dict[str, Any]] = {}
        self.asked: list[dict[str, Any]] = []
        self.version: str | None = __version__
        self.gone = False
        self.has_extension = True

    def make(self, argument: Any, **fields: Any) -> dict[str, Any]:
        """Make an answer for later."""
        sections = {TITLE: {"args": [argument]}} if argument is not None else {}
        made = self.api(**{**FIELDS, **fields}, alwayson_scripts=sections)
        answer = {"images": made.images, "parameters": made.parameters, "info": made.info}
        parameters = made.parameters
        self.answers[_key(parameters)] = answer
        self.has_extension = argument is not None
        return answer

    def post(self, url: str, json: dict[str, Any]) -> Any:
        if self.gone:
            raise ConnectionError("The worker is gone.")
        self.asked.append(json)
        answer = self.answers[_key(json)]
        sent = {**answer["parameters"], "alwayson_scripts": json["alwayson_scripts"], "prompt": json["prompt"]}
        return SimpleNamespace(status_code=200, json=lambda: {**answer, "parameters": sent})

    def get(self, url: str, timeout: float = 0) -> Any:
        if url.endswith("/sdapi/v1/script-info"):
            return SimpleNamespace(json=lambda: [{"name": TITLE.lower()}] if self.has_extension else [])
        assert url.endswith("/hires-strategies/v1/version")
        return SimpleNamespace(json=lambda: {"version": self.version} if self.version else {"detail": "Not Found"})


@pytest.fixture(params=["before ours", "after ours"])
def machines(request: pytest.FixtureRequest, api: Callable[..., Any]) -> Iterator[SimpleNamespace]:
    """`shared`: a generation of which the worker, `other`, makes half; `alone`: one of this machine."""
    from modules import scripts

    spec = importlib.util.spec_from_file_location("shared_batches", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    script = module.SharedBatches()
    script.filename, script.args_from, script.args_to = str(SCRIPT), 0, 0
    script.world.workers[1].session = other = OtherWebUI(api)
    for hook in ("before_process", "postprocess_batch_list", "postprocess"):
        setattr(script, hook, _with_argument(getattr(script, hook)))
    runner = scripts.scripts_txt2img

    def alone(argument: Any, **fields: Any) -> Answer:
        options = {"return_grid": fields.pop("return_grid", True)}
        made = api(**{**FIELDS, **fields}, alwayson_scripts={TITLE: {"args": [argument]}}, override_settings=options)
        return Answer([decode(image) for image in made.images], json.loads(made.info))

    def shared(argument: Any, **fields: Any) -> Answer:
        own = runner.alwayson_scripts
        runner.alwayson_scripts = [script, *own] if request.param == "before ours" else [*own, script]
        try:
            return alone(argument, **fields)
        finally:
            runner.alwayson_scripts = own

    yield SimpleNamespace(shared=shared, alone=alone, other=other, world=script.world)


def _key(sent: dict[str, Any]) -> tuple[int, int, int, str]:
    section = sent["alwayson_scripts"].get(TITLE, {"args": [None]})
    return sent["seed"], sent["batch_size"], sent["n_iter"], str(section["args"][0])


def _with_argument(hook: Callable[..., None]) -> Callable[..., None]:
    return lambda *args, **kwargs: hook(*args, {"worker": "http://other"}, **kwargs)


def check(answer: Answer, expected: Answer) -> None:
    """The same images in the same places, with the texts and records that one machine gives them."""
    assert len(answer.images) == len(expected.images) == len(answer.info["infotexts"]) == len(answer.records)
    for index, image in enumerate(expected.images):
        assert same(answer.images[index], image), index
        assert answer.images[index].info["parameters"] == answer.info["infotexts"][index]
    texts = [re.sub(", Worker Label: other", "", text) for text in answer.info["infotexts"]]
    assert texts == expected.info["infotexts"]
    passing = dict.fromkeys(("seconds", "worker", "first_pass_reused"))
    told = [[{**each, **passing} for each in one.records] for one in (answer, expected)]
    assert told[0] == told[1]
    for key in ("all_seeds", "all_subseeds", "all_prompts", "all_negative_prompts"):
        assert answer.info[key] == expected.info[key]


def after(images: int) -> dict[str, int]:
    """The seeds of a share that begins behind so many images."""
    return {"seed": FIELDS["seed"] + images, "subseed": FIELDS["subseed"] + images}


@pytest.mark.parametrize(
    ("batch_size", "n_iter", "counts_a_grid"), [(4, 1, True), (2, 2, False), (2, 1, True), (2, 1, False)]
)
def test_two_machines_give_what_one_gives(machines: Any, batch_size: int, n_iter: int, counts_a_grid: bool) -> None:
    half = batch_size // 2
    machines.other.make(SWEEP, batch_size=half, n_iter=n_iter, **after(half * n_iter))
    answer = machines.shared(SWEEP, batch_size=batch_size, n_iter=n_iter, return_grid=counts_a_grid)
    expected = machines.alone(SWEEP, batch_size=half, n_iter=n_iter * 2)
    check(answer, expected)
    workers = [record["worker"] for record in answer.records]
    assert workers.count("other") == workers.count(None) == len(workers) / 2
    numbers = [record["image"] for record in answer.records]
    assert numbers == list(range(batch_size * n_iter)) * (len(numbers) // batch_size // n_iter)


def test_an_old_answer_is_not_given_out(machines: Any) -> None:
    """It is there where a generation failed after it came. The next one's worker is gone."""
    old = machines.other.make(SWEEP, batch_size=2, **after(2))
    machines.world.workers[1].response = old
    machines.other.gone = True
    answer = machines.shared(SWEEP, batch_size=4, prompt="a boat")
    assert len(answer.records) == len(answer.images) == 8
    assert {record["worker"] for record in answer.records} == {None}
    assert "Worker 'other' gave" in answer.records[0]["notes"][0]
    assert "images number 3 to 4 are missing" in answer.records[0]["notes"][0]
    assert machines.world.workers[1].response is None


usual = pytest.mark.parametrize("machines", ["after ours"], indirect=True)  # as their folders' names have it


@usual
@pytest.mark.parametrize("version", ["0.0.9", None])
def test_another_version_s_images_are_kept_and_told_about(machines: Any, version: str | None) -> None:
    answer = machines.other.make(SWEEP, batch_size=2, **after(2))
    info = json.loads(answer["info"])
    for record in info["hires_strategies"]:  # as records were before they had these numbers
        for key in ("variant", "plan_stage", "image", "worker"):
            del record[key]
    answer["info"] = json.dumps(info)
    machines.other.version = version
    shared = machines.shared(SWEEP, batch_size=4)
    expected = machines.alone(SWEEP, batch_size=2, n_iter=2)
    assert len(shared.images) == len(expected.images) == len(shared.records)
    for kind in ("variant", "stage", "first_pass"):
        own, others = (
            [at for at, each in enumerate(one.records) if each["kind"] == kind] for one in (shared, expected)
        )
        assert own == others
    for record in shared.records:
        assert f", Seed: {record['seed']}, " in shared.info["infotexts"][record["index"]]
    assert f"version {version or ''}".strip() in shared.records[0]["notes"][0]
    assert __version__ in shared.records[0]["notes"][0]


@usual
def test_a_worker_without_the_extension(machines: Any) -> None:
    machines.other.make(None, batch_size=2, **after(2))
    shared = machines.shared(SWEEP, batch_size=4)
    theirs = [record for record in shared.records if record["worker"]]
    assert [(record["index"], record["kind"], record["seed"]) for record in theirs] == [
        (2, "first_pass", 43), (3, "first_pass", 44)]  # fmt: skip
    assert all("went through no strategy" in record["error"] for record in theirs)
    for record in theirs:
        text = shared.info["infotexts"][record["index"]]
        assert "Hires strategy" not in text and f"Seed: {record['seed']}" in text
    assert len(shared.images) == 10 and len(shared.records) == 10


@usual
@pytest.mark.parametrize("broken", ["images", "info", "records"])
def test_an_answer_that_cannot_be_read(machines: Any, broken: str) -> None:
    answer = machines.other.make(SWEEP, batch_size=2, **after(2))
    info = json.loads(answer["info"])
    info["hires_strategies"][0]["index"] = 99
    values = {"images": [each[:40] for each in answer["images"]], "info": "no JSON", "records": json.dumps(info)}
    answer["images" if broken == "images" else "info"] = values[broken]
    shared = machines.shared(SWEEP, batch_size=4)
    assert len(shared.images) == len(shared.records) == 8
    assert "images number 3 to 4 are missing" in shared.records[0]["notes"][0]


@usual
def test_sheets_of_all_images_come_last(machines: Any) -> None:
    machines.other.make(WITH_SHEETS, batch_size=2, **after(2))
    shared = machines.shared(WITH_SHEETS, batch_size=4)
    sheets = [record for record in shared.records if record["kind"] == "sheet"]
    assert [(record["seed"], record["worker"]) for record in sheets] == [
        (41, None), (42, None), (43, "other"), (44, "other")]  # fmt: skip
    assert [record["index"] for record in sheets] == list(range(len(shared.images) - 4, len(shared.images)))
    assert all([tile["strategy"] for tile in record["tiles"]] == SWEEP["strategies"] for record in sheets)


@pytest.fixture
def nothing_found(api: Callable[..., Any]) -> Iterator[None]:
    nothing_found_here()
    yield
    nothing_found_here()


@usual
def test_a_remembered_strength_is_sent_as_a_number(machines: Any, nothing_found: None) -> None:
    """So all machines start alike, whatever a worker remembers itself."""
    expected = machines.alone({"strategies": ["Lanczos x1.5 @auto"]})
    number = expected.records[0]["strategy"]
    machines.other.make({"strategies": [number]}, batch_size=1, **after(1))
    shared = machines.shared({"strategies": ["Lanczos x1.5 @auto"]}, batch_size=2)
    (sent,) = machines.other.asked
    assert sent["alwayson_scripts"][TITLE]["args"][0] == {"strategies": [number]}
    assert [record["strategy"] for record in shared.records] == [number] * 2
    assert shared.records[0]["found"][0]["remembered"] and "found" not in shared.records[1]
    assert not any("found other" in note for record in shared.records for note in record["notes"])


@usual
def test_machines_that_find_different_strengths_say_so(
    machines: Any, nothing_found: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"strategies": ["Lanczos x1.5 @auto"]}
    made = json.loads(machines.other.make(asked, batch_size=1, **after(1))["info"])
    theirs = made["hires_strategies"][0]["strategy"]
    monkeypatch.setattr("hires_strategies.webui.host.finding_verbs.strength_at", lambda q, node, sigma: 0.97)
    nothing_found_here()
    shared = machines.shared(asked, batch_size=2)
    assert [record["strategy"] for record in shared.records] == ["Lanczos x1.5 @0.97", theirs]
    (note,) = [note for note in shared.records[0]["notes"] if "found other" in note]
    assert theirs in note and "'Lanczos x1.5 @0.97'" in note and "Worker 'other'" in note


def nothing_found_here() -> None:
    from hires_strategies.webui.files import remembered_file

    remembered_file().path.unlink(missing_ok=True)


@usual
def test_what_hangs_on_p_is_sent(machines: Any) -> None:
    """All of p's fields are copied deeply and written as JSON; the arguments arrive as they are."""
    machines.other.make(SWEEP, batch_size=2, **after(2))
    machines.shared(SWEEP, batch_size=4)
    (sent,) = machines.other.asked
    assert json.loads(json.dumps(sent))["alwayson_scripts"][TITLE]["args"][0] == SWEEP
    assert sent["batch_size"] == 2 and sent["seed"] == 43


@usual
def test_a_cell_of_a_plot_sends_its_own_strategy(machines: Any, api: Callable[..., Any]) -> None:
    """The section on the page says another one."""
    from modules import scripts

    plot: Any = next(each for each in scripts.scripts_txt2img.selectable_scripts if each.title() == "X/Y/Z plot")
    labels = [option.label for option in plot.current_axis_options]
    axis = [labels.index("[Hires] Strategy"), "Nearest x2, Lanczos x3", []]
    nothing = [labels.index("Nothing"), "", []]
    arguments = [*axis, *nothing, *nothing, False, True, False, False, False, False, False, 0, True]
    for strategy in ("Nearest x2", "Lanczos x3"):
        machines.other.make(strategy, batch_size=1, **after(1))
    answer = machines.shared("None x1.5", batch_size=2, script_name="x/y/z plot", script_args=arguments)
    sent = [each["alwayson_scripts"][TITLE]["args"][0] for each in machines.other.asked]
    assert sent == ["Nearest x2", "Lanczos x3"]
    assert [record["strategy"] for record in answer.records] == sent


@usual
def test_on_the_page_sheets_stand_in_front(machines: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """And behind them the host's grid, which the other extension counts."""
    from modules import processing

    def of_the_page(p: Any, own: Any = processing.process_images) -> Any:
        p.is_api, p.do_not_save_grid = False, False
        return own(p)

    machines.other.make(WITH_SHEETS, batch_size=2, **after(2))
    monkeypatch.setattr("modules.api.api.process_images", of_the_page)
    shared = machines.shared(WITH_SHEETS, batch_size=4)
    kinds = {record["index"]: (record["kind"], record["image"]) for record in shared.records}
    assert [kinds.get(index) for index in range(9)] == [
        *(("sheet", image) for image in range(4)), None, *(("variant", image) for image in range(4))]  # fmt: skip
    assert shared.info["index_of_first_image"] == 5
    for record in shared.records:
        text = shared.info["infotexts"][record["index"]]
        assert f", Seed: {record['seed']}, " in text
        assert record["strategy"] is None or f"Hires strategy: {record['strategy']}" in text
    assert "Worker Label" not in shared.info["infotexts"][4]


@usual
def test_a_version_of_the_other_extension_that_is_not_known(machines: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where its objects are not what they were, this machine's part is as ever, and the generated images are there."""
    machines.other.make(SWEEP, batch_size=2, **after(2))
    monkeypatch.setattr(type(machines.world), "get_workers", lambda world, which: [])
    monkeypatch.delattr(machines.world.workers[1], "label")
    shared = machines.shared(SWEEP, batch_size=4)
    assert len(shared.images) == 10 and len(shared.records) == 8
    assert {record["worker"] for record in shared.records} == {None}
