"""The API's routes: /sdapi/v1/txt2img and what belongs to it."""

from __future__ import annotations

import time
from contextlib import closing
from secrets import compare_digest
from typing import Any, get_args

import gradio as gr
from fastapi import Depends, FastAPI
from fastapi.exceptions import HTTPException
from fastapi.security import HTTPBasic, HTTPBasicCredentials

from modules import (
    images,
    infotext_utils,
    progress,
    script_callbacks,
    scripts,
    sd_models,
    sd_samplers,
    shared,
)
from modules.api import _lists, _wire, models
from modules.processing import StableDiffusionProcessingTxt2Img, process_images
from modules.shared import opts


def script_name_to_index(name, scripts):
    """The place of a script of this title. HTTP 422 if there is none."""
    titles = [script.title().lower() for script in scripts]
    if name.lower() not in titles:
        raise HTTPException(status_code=422, detail=f"Script '{name}' not found")
    return titles.index(name.lower())


class Api:
    """The routes on an app; `queue_lock` lets one job run at a time."""

    def __init__(self, app: FastAPI, queue_lock):
        pairs = (pair.split(":", 1) for pair in (shared.cmd_opts.api_auth or "").split(",") if pair)
        self.credentials = dict(pairs)
        self.app = app
        self.queue_lock = queue_lock
        _wire.install(app)
        for path, endpoint, method, response in self._routes():
            self.add_api_route(f"/sdapi/v1/{path}", endpoint, methods=[method], response_model=response)
        if not scripts.scripts_txt2img.scripts:
            from modules import ui

            ui.create_ui()
        self.default_script_arg_txt2img = self.init_default_script_args(scripts.scripts_txt2img)

    def _routes(self) -> list[tuple[str, Any, str, Any]]:
        return [
            ("txt2img", self.text2imgapi, "POST", models.TextToImageResponse),
            ("png-info", self.pnginfoapi, "POST", models.PNGInfoResponse),
            ("progress", self.progressapi, "GET", models.ProgressResponse),
            ("interrupt", self.interruptapi, "POST", None),
            ("skip", self.skip, "POST", None),
            ("options", self.get_config, "GET", None),
            ("options", self.set_config, "POST", None),
            ("cmd-flags", self.get_cmd_flags, "GET", None),
            ("samplers", _lists.samplers, "GET", None),
            ("schedulers", _lists.schedulers, "GET", None),
            ("upscalers", _lists.upscalers, "GET", None),
            ("latent-upscale-modes", _lists.latent_upscale_modes, "GET", None),
            ("sd-models", _lists.checkpoints, "GET", None),
            ("scripts", _lists.script_names, "GET", models.ScriptsList),
            ("script-info", _lists.script_info, "GET", list[models.ScriptInfo]),
        ]

    def add_api_route(self, path: str, endpoint, **kwargs):
        """A route, behind --api-auth where that is given."""
        if shared.cmd_opts.api_auth:
            kwargs["dependencies"] = [Depends(self.auth)]
        return self.app.add_api_route(path, endpoint, **kwargs)

    def auth(self, credentials: HTTPBasicCredentials = Depends(HTTPBasic())):  # noqa: B008
        """HTTP 401 for a user or password that --api-auth does not name."""
        password = self.credentials.get(credentials.username)
        if password is not None and compare_digest(credentials.password.encode(), password.encode()):
            return True
        asks = {"WWW-Authenticate": "Basic"}
        raise HTTPException(status_code=401, detail="Incorrect username or password", headers=asks)

    def init_default_script_args(self, script_runner):
        """The default arguments of all scripts: their components' first values, from `ui` called once more."""
        args: list[Any] = [None] * max([1, *(script.args_to for script in script_runner.scripts)])
        args[0] = 0
        with gr.Blocks():
            for script in script_runner.scripts:
                if script.ui(script.is_img2img):
                    values = [component.value for component in script.ui(script.is_img2img)]
                    args[script.args_from : script.args_to] = values
        return args

    def init_script_args(
        self, request, default_script_args, selectable_scripts, selectable_idx, script_runner, *,
        input_script_args=None,
    ):  # fmt: skip
        """The arguments of all scripts for a request: infotext's, the chosen script's, then the always-on scripts'."""
        args = default_script_args.copy()
        for index, value in (input_script_args or {}).items():
            args[index] = value
        if selectable_scripts:
            args[selectable_scripts.args_from : selectable_scripts.args_to] = request.script_args
            args[0] = selectable_idx + 1
        for name, given in (request.alwayson_scripts or {}).items():
            script = script_runner.scripts[script_name_to_index(name, script_runner.scripts)]
            if not script.alwayson:
                detail = "Cannot have a selectable script in the always on scripts params"
                raise HTTPException(status_code=422, detail=detail)
            if "args" in given:
                for index in range(min(script.args_to - script.args_from, len(given["args"]))):
                    args[script.args_from + index] = given["args"][index]
        return args

    def apply_infotext(self, request, tabname, *, script_runner=None, mentioned_script_args=None):
        """Fill the fields that the request leaves open from its infotext, and the scripts' arguments too."""
        if not request.infotext:
            return {}
        params = infotext_utils.parse_generation_parameters(request.infotext)
        given = request.dict(exclude_unset=True)
        fields = infotext_utils.paste_fields[tabname]["fields"]
        for field in fields:
            if field.api and field.api not in given:
                value = _field_value(field, params, request)
                if value is not None:
                    setattr(request, field.api, value)
        request.override_settings = request.override_settings or {}
        for _, name, value in infotext_utils.get_override_settings(params):
            request.override_settings.setdefault(name, value)
        if script_runner is not None and mentioned_script_args is not None:
            places = {component: place for place, component in enumerate(script_runner.inputs)}
            for field in fields:
                value = _field_value(field, params, request) if field.component in places else None
                if value is not None:
                    mentioned_script_args[places[field.component]] = value
        return params

    def text2imgapi(self, txt2imgreq: models.StableDiffusionTxt2ImgProcessingAPI):
        """Generate."""
        task_id = txt2imgreq.force_task_id or progress.create_task_id("txt2img")
        runner = scripts.scripts_txt2img
        from_infotext: dict[int, Any] = {}
        self.apply_infotext(txt2imgreq, "txt2img", script_runner=runner, mentioned_script_args=from_infotext)
        index, selected = None, None
        if txt2imgreq.script_name:
            index = script_name_to_index(txt2imgreq.script_name, runner.selectable_scripts)
            selected = runner.selectable_scripts[index]
        args = _job_fields(txt2imgreq)
        script_args = self.init_script_args(
            txt2imgreq, self.default_script_arg_txt2img, selected, index, runner, input_script_args=from_infotext
        )
        progress.add_task_to_queue(task_id)
        with self.queue_lock, closing(StableDiffusionProcessingTxt2Img(sd_model=shared.sd_model, **args)) as p:
            p.is_api = True
            p.scripts = runner
            p.outpath_grids, p.outpath_samples = opts.outdir_txt2img_grids, opts.outdir_txt2img_samples
            try:
                shared.state.begin(job="scripts_txt2img")
                progress.start_task(task_id)
                p.script_args = script_args if selected is not None else tuple(script_args)
                processed = process_images(p) if selected is None else runner.run(p, *p.script_args)
                progress.finish_task(task_id)
            finally:
                shared.state.end()
                shared.total_tqdm.clear()
        encoded = [_wire.encode_png(image) for image in processed.images] if txt2imgreq.send_images else []
        return models.TextToImageResponse(images=encoded, parameters=vars(txt2imgreq), info=processed.js())

    def pnginfoapi(self, req: models.PNGInfoRequest):
        """The infotext in an image."""
        info, items = images.read_info_from_image(_wire.decode_image(req.image.strip()))
        params = infotext_utils.parse_generation_parameters(info or "")
        script_callbacks.infotext_pasted_callback(info or "", params)
        return models.PNGInfoResponse(info=info or "", items=items, parameters=params)

    def progressapi(self, req: models.ProgressRequest = Depends()):  # noqa: B008
        """How far the running job is, with its live preview."""
        state = shared.state
        told = {"state": state.dict(), "textinfo": state.textinfo}
        if state.job_count == 0:
            return models.ProgressResponse(progress=0, eta_relative=0, **told)
        done = 0.01
        if state.job_count > 0:
            done += state.job_no / state.job_count
        if state.sampling_steps > 0:
            done += state.sampling_step / state.sampling_steps / state.job_count
        elapsed = time.time() - (state.time_start or time.time())
        state.set_current_image()
        shown = state.current_image is not None and not req.skip_current_image
        told["current_image"] = _wire.encode_png(state.current_image) if shown else None
        told["current_task"] = progress.current_task
        return models.ProgressResponse(progress=min(done, 1), eta_relative=elapsed / done - elapsed, **told)

    def interruptapi(self):
        """End the running job."""
        shared.state.interrupt()
        return {}

    def skip(self):
        """End the running batch."""
        shared.state.skip()

    def get_config(self):
        """All settings."""
        return dict(opts.data)

    def get_cmd_flags(self):
        """What the WebUI was started with."""
        return vars(shared.cmd_opts)

    def set_config(self, req: dict[str, Any]):
        """Change settings."""
        checkpoint = req.get("sd_model_checkpoint")
        if checkpoint is not None and checkpoint not in sd_models.checkpoint_aliases:
            raise RuntimeError(f"model {checkpoint!r} not found")
        for key, value in req.items():
            opts.set(key, value, is_api=True)
        opts.save(shared.config_filename)


def _job_fields(request: Any) -> dict[str, Any]:
    """What the job is made with. HTTP 400 for an unknown sampler."""
    sampler, scheduler = sd_samplers.get_sampler_and_scheduler(
        request.sampler_name or request.sampler_index, request.scheduler
    )
    not_saved = not request.save_images
    fields = {**vars(request), "sampler_name": sampler, "sampler_index": None}
    fields.update(do_not_save_samples=not_saved, do_not_save_grid=not_saved)
    if not fields["scheduler"] and scheduler != "Automatic":
        fields["scheduler"] = scheduler
    for own in ("script_name", "script_args", "alwayson_scripts", "infotext", "send_images", "save_images"):
        fields.pop(own)
    return fields


def _field_value(field: Any, params: dict[str, Any], request: Any) -> Any:
    """A field's value in infotext, in the request's type or that of its component; None where there is none."""
    value = field.function(params) if field.function else params.get(field.label)
    if isinstance(value, dict) and value.get("__type__") in ("generic_update", "update"):  # Gradio 3, 4
        value = value.get("value")
    known = request.__fields__.get(field.api) if field.api else None
    kind: Any = _kind(known) if known is not None else type(getattr(field.component, "value", None))
    if value is None or kind is type(None):
        return None
    return value if kind is Any or isinstance(value, kind) else kind(value)


def _kind(known: Any) -> Any:
    """A field's type; to pydantic 2 that of `int | None` is no type."""
    if hasattr(known, "type_"):
        return known.type_
    return next((kind for kind in get_args(known.annotation) if kind is not type(None)), known.annotation)
