"""An extension for tests only: has another WebUI make a part of each batch.

It does what was seen of stable-diffusion-webui-distributed 2.3.0, slips included, with one worker. Its argument over
the API is an object with the worker's address, {"worker": "http://127.0.0.1:7861"}; with "early": true the worker has
answered before this machine begins.
"""

from __future__ import annotations

import base64
import copy
import io
import json
from threading import Thread
from typing import Any

import numpy as np
import requests
import torch
from modules import scripts, shared
from PIL import Image

_NOT_SENT = ("scripts_value", "script_args_value", "cached_c", "cached_uc", "cached_hr_c", "cached_hr_uc", "c", "uc")
_LISTS = {"all_seeds": "seeds", "all_subseeds": "subseeds", "all_negative_prompts": "negative_prompts",
          "all_prompts": "prompts"}  # fmt: skip


class Worker:
    """A WebUI at an address; the master is the one that shares its batches."""

    def __init__(self, address: str = "", master: bool = False) -> None:
        self.address, self.master = address, master
        self.label = "master" if master else "other"
        self.response: Any = None
        self.session = requests.Session()

    def full_url(self, route: str) -> str:
        return f"{self.address}/sdapi/v1/{route}"

    def request(self, payload: dict[str, Any]) -> None:
        """Where the payload is no JSON, or the worker is gone, the answer stays as it was."""
        there = {each["name"].lower() for each in self.session.get(self.full_url("script-info")).json()}
        scripts = payload["alwayson_scripts"]
        payload["alwayson_scripts"] = {name: scripts[name] for name in scripts if name.lower() in there}
        answer = self.session.post(self.full_url("txt2img"), json=payload)
        self.response = answer.json() if answer.status_code == 200 else None


class Job:
    def __init__(self, worker: Worker, batch_size: int) -> None:
        self.worker, self.batch_size = worker, batch_size
        self.thread: Thread | None = None
        self.gallery_map: list[int] = []


class World:
    def __init__(self) -> None:
        self.p: Any = None
        self.workers = [Worker(master=True), Worker()]
        self.jobs: list[Job] = []

    def get_workers(self) -> list[Worker]:
        return self.workers


class SharedBatches(scripts.Script):
    world = World()

    def title(self):
        return "Test shared batches"

    def show(self, is_img2img):
        return False if is_img2img else scripts.AlwaysVisible

    def ui(self, is_img2img):
        import gradio as gr

        return [gr.JSON(value={}, visible=False)]

    def before_process(self, p, asked=None, *args):
        if not asked:
            return
        world = self.world
        world.p, remote = p, p.batch_size // 2
        world.jobs = [Job(world.workers[0], p.batch_size - remote), Job(world.workers[1], remote)]
        if remote == 0:
            del world.jobs[1]
            return
        own, other = world.jobs
        other.worker.address = asked["worker"]
        payload = copy.copy(vars(p))
        for name in _NOT_SENT:
            payload.pop(name, None)
        payload = copy.deepcopy(payload)
        payload["alwayson_scripts"] = {
            script.title(): {"args": list(p.script_args[script.args_from : script.args_to])}
            for script in p.scripts.alwayson_scripts
            if script is not self
        }
        before = own.batch_size * p.n_iter
        payload["batch_size"] = remote
        payload["subseed"] += before
        payload["seed"] += 0 if p.subseed_strength else before
        other.thread = Thread(target=other.worker.request, args=(payload,))
        other.thread.start()
        if asked.get("early"):
            other.thread.join()
        p.batch_size = own.batch_size

    def postprocess_batch_list(self, p, pp, asked=None, *args, **kwargs):
        if not asked or len(self.world.jobs) < 2 or p.n_iter != kwargs["batch_number"] + 1:
            return
        job = self.world.jobs[1]
        assert job.thread is not None
        job.thread.join()
        answer = job.worker.response
        if answer is None:
            return
        info = json.loads(answer["info"])
        start = p.n_iter * p.batch_size + int(shared.opts.return_grid) + len(pp.images) - p.batch_size
        several = answer["parameters"]["batch_size"] * answer["parameters"]["n_iter"] > 1
        for index, encoded in enumerate(answer["images"]):
            if several and index >= len(info["all_seeds"]):
                continue  # one too many
            for key, name in _LISTS.items():
                getattr(p, name).append(
                    info[key][index] if several else info[key.removeprefix("all_").removesuffix("s")]
                )
            job.gallery_map.append(start + index)
            image = np.array(Image.open(io.BytesIO(base64.b64decode(encoded))), dtype=np.float32)
            pp.images.append(torch.from_numpy(image / 255).permute(2, 0, 1))
        p.batch_size = len(pp.images)

    def postprocess(self, p, processed, asked=None, *args):
        if not asked:
            return
        for job in self.world.jobs:
            if job.worker.response is not None:
                texts = json.loads(job.worker.response["info"])["infotexts"]
                for index, place in enumerate(job.gallery_map):
                    processed.infotexts[place] = f"{texts[index]}, Worker Label: {job.worker.label}"
        for worker in self.world.workers:
            worker.response = None
