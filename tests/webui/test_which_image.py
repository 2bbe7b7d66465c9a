"""The same changes of a batch as in tests/live/test_which_image.py, by a script before ours and by one after ours."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.live.client import TITLE, Answer, decode
from tests.live.test_which_image import ARGUMENT, CHANGES, FIELDS, IN_ANY_ORDER, check

SCRIPT = Path(__file__).resolve().parents[1] / "live" / "batch_changes" / "scripts" / "batch_changes.py"
HOOKS = ("before_process", "postprocess_batch_list", "postprocess_image", "postprocess")


@pytest.fixture(params=[True, False], ids=["before ours", "after ours"])
def changing(request: pytest.FixtureRequest, api: Callable[..., Any]) -> Any:
    """A generation with changes made by the script."""
    from modules import scripts

    spec = importlib.util.spec_from_file_location("batch_changes", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    script = module.BatchChanges()
    asked: dict[str, Any] = {}

    def both(hook: str, own: Any) -> Any:
        def run(self: Any, p: Any, *args: Any, **kwargs: Any) -> None:
            if request.param:
                getattr(script, hook)(p, *args, asked)
            own(self, p, *args, **kwargs)
            if not request.param:
                getattr(script, hook)(p, *args, asked)

        return run

    def generate(changes: dict[str, Any], **options: Any) -> Answer:
        asked.clear()
        asked.update(changes)
        settings = {"return_grid": False, **options}
        section = {TITLE: {"args": [ARGUMENT]}}
        answer = api(prompt="a house", alwayson_scripts=section, override_settings=settings, **FIELDS)
        return Answer([decode(image) for image in answer.images], json.loads(answer.info))

    generate.changes = CHANGES if request.param else IN_ANY_ORDER  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patched:
        for hook in HOOKS:
            patched.setattr(scripts.ScriptRunner, hook, both(hook, getattr(scripts.ScriptRunner, hook)))
        yield generate


@pytest.mark.parametrize("pnginfo", [True, False], ids=["texts in images", "no texts in images"])
def test_records_and_texts_stay_with_their_image(changing: Any, pnginfo: bool) -> None:
    unchanged = changing({})
    assert len(unchanged.records) == 16
    for changes, left in changing.changes:
        answer = changing(changes, enable_pnginfo=pnginfo)
        check(answer, unchanged)
        for kind, strategy in (("first_pass", None), ("sheet", None), ("variant", "Lanczos x2")):
            of_kind = [each for each in answer.records if (each["kind"], each["strategy"]) == (kind, strategy)]
            assert [record["seed"] for record in of_kind] == [41, 42, 43, 44], changes
        assert sum(record["strategy"] == "Nearest x2" for record in answer.records) == left, changes
