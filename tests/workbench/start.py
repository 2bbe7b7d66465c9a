"""Starts the WebUI: in this process alone (`boot`), or served on a port (`serve`)."""

from __future__ import annotations

import os
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # torch's threads wait without taking the processor from others
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from modules import paths_internal, shared_cmd_options

_SECONDS_TO_END = 5  # for a server's last answers
_booted = False


def _write_font() -> None:
    """The host brings a font as a file; Pillow brings one within itself."""
    from PIL import ImageFont

    file = Path(paths_internal.data_path) / "font.ttf"
    font = ImageFont.load_default(12)
    assert isinstance(font, ImageFont.FreeTypeFont) and isinstance(font.path, BytesIO)
    file.write_bytes(font.path.getvalue())
    paths_internal.roboto_ttf_file = str(file)


def boot(arguments: list[str] | None = None) -> None:
    """Load the model, the upscalers and the scripts, without page or API; what a test in this process needs."""
    global _booted
    if _booted:
        return
    shared_cmd_options._parse(arguments or [])
    options = shared_cmd_options.cmd_opts
    if options.data_dir:
        paths_internal.data_path = str(Path(options.data_dir).resolve())
    options.gradio_allowed_path = [paths_internal.data_path, *options.gradio_allowed_path]
    Path(paths_internal.data_path).mkdir(parents=True, exist_ok=True)
    _write_font()

    import transformers
    from modules import extra_networks, scripts, sd_models, shared, upscaler
    from parts import lora

    transformers.logging.set_verbosity_error()
    shared.opts.load(shared.config_filename)
    sd_models.list_models()
    sd_models.reload_model_weights()
    shared.sd_upscalers = upscaler._list()
    loras = Path(paths_internal.data_path) / "models" / "Lora"
    lora.write_examples(loras)
    extra_networks.register_extra_network(lora.LoraNetwork(loras))
    scripts.load_scripts()
    _booted = True


def serve(arguments: list[str]) -> None:
    """Serve page and API on 127.0.0.1 until interrupted; "Reload UI" loads scripts and page anew."""
    boot(arguments)
    if shared_cmd_options.cmd_opts.nowebui:
        _serve_api()
        return
    from modules import script_callbacks, scripts, shared, ui

    while True:
        script_callbacks.before_ui_callback()
        shared.demo = ui.create_ui()
        app = _launch(shared.demo)
        script_callbacks.app_started_callback(shared.demo, app)
        _say_ready()
        command = None
        try:
            while command is None:
                command = shared.state.wait_for_server_command(timeout=5)
        except KeyboardInterrupt:
            _close(shared.demo)
            return
        print("Restarting UI...", flush=True)
        _close(shared.demo)
        script_callbacks.script_unloaded_callback()
        scripts.load_scripts()


def _launch(demo: Any) -> Any:
    from modules import call_queue, progress
    from modules.api.api import Api

    demo.queue(64)
    options = shared_cmd_options.cmd_opts
    told = {"docs_url": "/docs", "redoc_url": "/redoc"}
    app, _, _ = demo.launch(
        server_name="127.0.0.1", server_port=options.port, prevent_thread_lock=True, quiet=True, app_kwargs=told,
        allowed_paths=[str(Path(paths_internal.script_path).parent.parent), *options.gradio_allowed_path],
        show_api=False,
    )  # fmt: skip
    app.user_middleware = [each for each in app.user_middleware if each.cls.__name__ != "CORSMiddleware"]
    progress.setup_progress_api(app)
    Api(app, call_queue.queue_lock)
    return app


def _close(demo: Any) -> None:
    """Ends the server, whatever it waits for.

    Gradio 3 keeps the task of an event whose page was left before it sent the event's values, and uvicorn waits for
    every task: the host's server never ends (A1111 1.10.1 on Gradio 3.41.2 and uvicorn 0.54). Gradio 4 waits 5 seconds.
    """
    if not shared_cmd_options.cmd_opts.gradio4:
        demo.server.config.timeout_graceful_shutdown = _SECONDS_TO_END
    demo.close()


def _serve_api() -> None:
    import uvicorn
    from fastapi import FastAPI
    from modules import call_queue, script_callbacks
    from modules.api.api import Api

    app = FastAPI()
    Api(app, call_queue.queue_lock)
    script_callbacks.before_ui_callback()
    script_callbacks.app_started_callback(None, app)
    config = uvicorn.Config(app, host="127.0.0.1", port=shared_cmd_options.cmd_opts.port, log_level="warning")
    listening = config.bind_socket()
    listening.listen()  # who connects from here on is answered, as soon as the server's loop runs
    _say_ready()
    uvicorn.Server(config).run(sockets=[listening])


def _say_ready() -> None:
    print(f"The workbench runs on http://127.0.0.1:{shared_cmd_options.cmd_opts.port}", flush=True)


if __name__ == "__main__":
    serve(sys.argv[1:])
