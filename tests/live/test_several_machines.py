"""A batch shared among machines is what one machine makes of each part, with all that belongs to each image.

Needs stable-diffusion-webui-distributed in the WebUI under test, with one worker as fast as itself, and WORKER_URL, the
worker's address. The workbench has tests/live/shared_batches instead, and gets a second workbench as its worker.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import LIVE, WORKBENCH, _wait_until_it_runs
from tests.live.client import Answer, WebUI, same
from tests.live.running import Running
from tests.live.test_finished_images import adetailer, loaded_stand_in

SWEEP = {
    "strategies": ["Latent x1.5 @{0.5,0.7}", "Lanczos x2 @0.4 > Nearest x1.5"],
    "stages": True, "first_pass": True, "sheet": True, "crops": "whole", "reuse_first_pass": False,
}  # fmt: skip
FIELDS: dict[str, Any] = {"steps": 3, "width": 64, "height": 64, "subseed": 77}


class Machines:
    """`webui` shares its batches with `worker`; `sharing` is what the workbench's extension has to be told."""

    def __init__(self, webui: WebUI, worker: WebUI, sharing: dict[str, Any]) -> None:
        self.webui, self.worker, self.sharing = webui, worker, sharing

    def shared(self, argument: Any, **fields: Any) -> Answer:
        return self.webui.txt2img(argument, **{"alwayson_scripts": self.sharing, **FIELDS, **fields})

    def alone(self, argument: Any, **fields: Any) -> Answer:
        return self.worker.txt2img(argument, **{**FIELDS, **fields})


@pytest.fixture(scope="module")
def machines(webui: WebUI, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    scripts = webui.get("/sdapi/v1/scripts")["txt2img"]
    if "distribute" in scripts:
        if "WORKER_URL" not in os.environ:
            pytest.skip("WORKER_URL does not say where the worker of stable-diffusion-webui-distributed is")
        yield Machines(webui, WebUI(os.environ["WORKER_URL"]), {})
        return
    if "test shared batches" not in scripts:
        pytest.skip("this WebUI has neither stable-diffusion-webui-distributed nor tests/live/shared_batches")
    folder = tmp_path_factory.mktemp("worker")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log, url = folder / "log.txt", f"http://127.0.0.1:{port}"
    options = ["--port", str(port), "--data-dir", str(folder), "--nowebui", "--extension", str(LIVE / "faults")]
    with log.open("w", encoding="utf-8") as output:
        server = subprocess.Popen(
            [sys.executable, str(WORKBENCH / "__main__.py"), *options], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_it_runs(server, log)
        yield Machines(webui, WebUI(url), sharing_with(url))
    finally:
        server.terminate()
        server.wait(timeout=30)


def sharing_with(url: str) -> dict[str, Any]:
    return {"Test shared batches": {"args": [{"worker": url}]}}


def place(record: dict[str, Any]) -> tuple[Any, ...]:
    return record["kind"], record["variant"], record["plan_stage"], record["image"]


def check_parts(machines: Machines, answer: Answer, argument: Any, fields: dict[str, Any]) -> None:
    """Every image, text and record of each machine's part is that of a generation of this part alone."""
    n_iter, seed = fields.get("n_iter", 1), fields["seed"]
    generated = [record for record in answer.records if record["kind"] == "variant" and record["variant"] == 0]
    assert [record["seed"] for record in generated] == [seed + at for at in range(len(generated))]
    assert [record["image"] for record in generated] == list(range(len(generated)))
    own = sum(record["worker"] is None for record in generated)
    for is_remote, first, count in ((False, 0, own), (True, own, len(generated) - own)):
        assert count, "one of the machines made nothing"
        part = {**fields, "seed": seed + first, "subseed": FIELDS["subseed"] + first, "batch_size": count // n_iter}
        expected = machines.alone(argument, **part)
        found = {place(each): each for each in answer.records if (each["worker"] is not None) == is_remote}
        assert [place({**each, "image": each["image"] + first}) for each in expected.records] == list(found)
        for record in expected.records:
            other = found[place({**record, "image": record["image"] + first})]
            if record["kind"] != "sheet":  # which tells seconds
                assert same(answer.images[other["index"]], expected.images[record["index"]]), other
                passing = dict.fromkeys(("index", "seconds", "image", "worker"))
                assert {**other, **passing} == {**record, **passing}
            texts = answer.info["infotexts"][other["index"]], expected.info["infotexts"][record["index"]]
            assert re.sub(", Worker Label: .*", "", texts[0]) == texts[1]
            assert answer.images[other["index"]].info["parameters"] == texts[0]


@pytest.mark.parametrize(("batch_size", "n_iter"), [(4, 1), (2, 2), (2, 1), (3, 1)])
def test_a_sweep_with_all_it_can_give(machines: Machines, batch_size: int, n_iter: int) -> None:
    fields = {"batch_size": batch_size, "n_iter": n_iter, "seed": 500}
    answer = machines.shared(SWEEP, **fields)
    check_parts(machines, answer, SWEEP, fields)
    kinds = [record["kind"] for record in answer.records]
    images = batch_size * n_iter
    assert kinds == ["variant"] * 3 * images + ["stage"] * images + ["first_pass"] * images + ["sheet"] * images
    numbers = [record["image"] for record in answer.records]
    assert numbers == list(range(images)) * 6
    assert len(answer.images) == len(kinds) == len(answer.info["infotexts"])
    assert answer.info["all_seeds"] == [500 + at for at in range(images)]


@pytest.mark.parametrize("strategy", ["Latent x1.5 @0.6", "Lanczos x1.5 @0.4 > Latent x1.5 @0.5", "Direct x1.5"])
def test_one_strategy(machines: Machines, strategy: str) -> None:
    fields = {"batch_size": 2, "seed": 600}
    argument = {"strategies": [strategy], "reuse_first_pass": False}
    answer = machines.shared(argument, **fields)
    check_parts(machines, answer, argument, fields)
    assert len(answer.images) == 2


@pytest.mark.parametrize("which", ["stand-in", "ADetailer"])
def test_each_machine_finishes_its_own_images(machines: Machines, which: str) -> None:
    """The host that shares the batch works on the images of the others as well, once they are in its list."""
    other = adetailer(machines.webui) if which == "ADetailer" else loaded_stand_in(machines.webui)
    argument = {**SWEEP, "sheet": False, "detail": "every"}
    fields = {"batch_size": 2, "seed": 650}
    answer = machines.shared(argument, **fields, alwayson_scripts={**machines.sharing, **other})
    check_parts(machines, answer, argument, {**fields, "alwayson_scripts": other})
    assert [record["detailed"] for record in answer.records] == [True] * 6 + [False] * 4


def test_an_early_answer_outlives_what_others_do_in_the_middle_of_a_batch(machines: Machines) -> None:
    """Extensions that work on finished images run all scripts' `postprocess` then, where answers are thrown away."""
    if not machines.sharing:
        pytest.skip("this WebUI's worker is not faster than it")
    other = loaded_stand_in(machines.webui)
    sharing = {"Test shared batches": {"args": [{**machines.sharing["Test shared batches"]["args"][0], "early": True}]}}
    scripts = {**sharing, **other}
    answer = machines.shared("Latent x1.5 @0.6", batch_size=2, n_iter=2, seed=660, alwayson_scripts=scripts)
    assert [record["image"] for record in answer.records] == [0, 1, 2, 3]
    assert [record["worker"] for record in answer.records] == [None, None, "other", "other"]
    assert all(record["error"] is None and record["notes"] == [] for record in answer.records)


def test_a_variation_seed(machines: Machines) -> None:
    """All images then have one seed: which is which is not told by it."""
    argument = {**SWEEP, "stages": False, "sheet": False}
    answer = machines.shared(argument, batch_size=4, seed=700, subseed_strength=0.4)
    assert {record["seed"] for record in answer.records} == {700}
    assert [record["image"] for record in answer.records] == [0, 1, 2, 3] * 4
    for record in answer.records:
        assert f"Variation seed: {77 + record['image']}," in answer.info["infotexts"][record["index"]]


def test_not_ticked(machines: Machines) -> None:
    answer = machines.shared(False, batch_size=2, seed=800)
    own = machines.alone(False, batch_size=1, seed=801)
    assert len(answer.images) == 2 and same(answer.images[1], own.images[0])


def test_the_next_one_alone_is_as_ever(machines: Machines) -> None:
    machines.shared("Latent x1.5 @0.6", batch_size=2, seed=900)
    one, again = (machines.webui.txt2img("Latent x1.5 @0.6", **FIELDS, seed=901) for _ in range(2))
    assert same(one.images[0], again.images[0]) and len(one.images) == len(one.records) == 1


def test_after_an_interrupt_it_is_as_ever(machines: Machines) -> None:
    scripts = {**machines.sharing, **loaded_stand_in(machines.webui)}
    slow, quick = (
        {"strategies": [f"Latent x1.5 @0.9 [{steps} steps]", "Nearest x2"], "detail": "every"} for steps in (60, 3)
    )
    fields: dict[str, Any] = {"batch_size": 2, "alwayson_scripts": scripts}
    plain = machines.webui.txt2img(**FIELDS, seed=950)
    before = machines.shared(quick, **fields, seed=951)
    running = Running(machines.webui, slow, **FIELDS, **fields, seed=952)
    running.wait_for("60 steps")
    machines.webui.post("/sdapi/v1/interrupt")
    assert "the user interrupted it" in running.result().records[0]["error"]
    assert same(machines.webui.txt2img(**FIELDS, seed=950).images[0], plain.images[0])
    again = machines.shared(quick, **fields, seed=951)
    assert len(before.images) == 4 and before.info["infotexts"] == again.info["infotexts"]
    assert all(same(one, other) for one, other in zip(before.images, again.images, strict=True))


def test_a_worker_that_is_gone(machines: Machines) -> None:
    if not machines.sharing:
        pytest.skip("this WebUI's worker is not to be stopped by a test")
    answer = machines.webui.txt2img(SWEEP, alwayson_scripts=sharing_with("http://127.0.0.1:9"), batch_size=2, **FIELDS)
    assert len(answer.images) == 6 and {record["worker"] for record in answer.records} == {None}
    (note,) = answer.records[0]["notes"]
    assert note.startswith(
        "Worker 'other' gave no answer, nor does it say which Hires strategies it has: image number 2 is "
    )
