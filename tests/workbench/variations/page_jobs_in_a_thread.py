"""The page's generations run in the process's main thread, and the page waits for what that gives.

reForge (3b56b268) and Classic (1f95d717): an exception is printed there, and None is given. Forge (dfdcbab6): the
gallery's button notes a single text for all the images that its job gave.
"""

from __future__ import annotations

import json
import sys
import threading
import traceback
from contextlib import closing
from types import ModuleType
from typing import Any

import pytest


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the workbench such a host."""
    from modules import txt2img

    main_thread = ModuleType("modules_forge.main_thread")
    vars(main_thread)["run_and_wait_result"] = _run_and_wait_result
    monkeypatch.setitem(sys.modules, "modules_forge.main_thread", main_thread)
    job = txt2img.txt2img

    def in_thread(id_task: str, request: Any, *args: Any) -> Any:
        return main_thread.run_and_wait_result(job, id_task, request, *args)

    monkeypatch.setattr(txt2img, "txt2img", in_thread)
    monkeypatch.setattr(txt2img, "txt2img_upscale_function", _upscale_function, raising=False)


def _run_and_wait_result(func: Any, *args: Any, **kwargs: Any) -> Any:
    result = []

    def work() -> None:
        try:
            result.append(func(*args, **kwargs))
        except Exception as e:
            traceback.print_exc()
            print(e)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return result[0] if result else None


def _upscale_function(id_task: str, request: Any, gallery: Any, gallery_index: int, info: str, *args: Any) -> Any:
    from modules import infotext_utils, shared, txt2img

    geninfo = json.loads(info)
    if not 0 <= gallery_index < len(gallery):
        return gallery, info, f"Bad image index: {gallery_index}", ""
    parameters = infotext_utils.parse_generation_parameters(geninfo["infotexts"][gallery_index], [])
    with closing(txt2img._job(request, args)) as p:
        p.enable_hr = True
        p.batch_size = p.n_iter = 1
        setattr(p, "txt2img_upscale", True)  # how the host marks such a job  # noqa: B010
        p.firstpass_image = gallery[gallery_index][0]
        p.seed, p.subseed = parameters.get("Seed", -1), parameters.get("Variation seed", -1)
        processed = txt2img._run(p)
    keeps = getattr(shared.opts, "hires_button_gallery_insert", False)
    shown = []
    for i, image in enumerate(gallery):
        if keeps or i != gallery_index:
            shown.append(image)
        if i == gallery_index:
            shown.extend(processed.images)
    if keeps:
        geninfo["infotexts"].insert(gallery_index + 1, processed.info)
    else:
        geninfo["infotexts"][gallery_index] = processed.info
    return shown, json.dumps(geninfo), processed.info, ""
