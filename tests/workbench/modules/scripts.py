"""Scripts: loaded from their files, and their hooks called."""

from __future__ import annotations

import inspect
import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

from modules import errors, extensions, paths, script_callbacks, script_loading, shared
from modules._script import (
    AlwaysVisible,
    OnComponent,
    PostprocessBatchListArgs,
    PostprocessImageArgs,
    PostProcessMaskOverlayArgs,
    PostSampleArgs,
    Script,
    ScriptBuiltinUI,
)
from modules._script_page import _ScriptPage

__all__ = [
    "AlwaysVisible",
    "OnComponent",
    "PostProcessMaskOverlayArgs",
    "PostSampleArgs",
    "PostprocessBatchListArgs",
    "PostprocessImageArgs",
    "ScriptBuiltinUI",
]

current_basedir = paths.script_path


ScriptFile = namedtuple("ScriptFile", ["basedir", "filename", "path"])
ScriptClassData = namedtuple("ScriptClassData", ["script_class", "path", "basedir", "module"])
scripts_data: list[ScriptClassData] = []


def basedir():
    """The folder of the extension whose script is being loaded."""
    return current_basedir


def list_scripts(scriptdirname, extension, *, include_extensions=True):
    """The WebUI's own files of a kind, by name, then each extension's."""
    own = extensions.Extension("", paths.script_path).list_files(scriptdirname, extension)
    active = extensions.active() if include_extensions else []
    return own + [file for each in active for file in each.list_files(scriptdirname, extension)]


def list_files_with_name(filename):
    """The WebUI's own and the extensions' files of a name."""
    folders = [paths.script_path, *(extension.path for extension in extensions.active())]
    return [str(Path(folder) / filename) for folder in folders if (Path(folder) / filename).is_file()]


def load_scripts():
    """Execute every script's file anew, with its extension's folder first on the path, and make new runners."""
    global current_basedir, scripts_txt2img, scripts_img2img
    scripts_data.clear()
    script_callbacks.clear_callbacks()
    own = list_scripts("modules/processing_scripts", ".py", include_extensions=False)
    syspath = sys.path
    for file in list_scripts("scripts", ".py") + own:
        try:
            if file.basedir != paths.script_path:
                sys.path = [file.basedir, *sys.path]
            current_basedir = file.basedir
            module = script_loading.load_module(file.path)
            classes = [value for value in vars(module).values() if inspect.isclass(value) and issubclass(value, Script)]
            scripts_data.extend(ScriptClassData(each, file.path, file.basedir, module) for each in classes)
        except Exception:
            errors.report(f"Error loading script: {file.filename}", exc_info=True)
        finally:
            sys.path = syspath
            current_basedir = paths.script_path
    scripts_txt2img, scripts_img2img = ScriptRunner(), ScriptRunner()


class ScriptRunner(_ScriptPage):
    """Calls a hook of every always-on script; an exception in one is printed, and the job goes on."""

    def run(self, p, *args):
        """Run the script that args[0] chooses from the list; None where it is 0."""
        if not args[0]:
            return None
        script = self.selectable_scripts[args[0] - 1]
        processed = script.run(p, *args[script.args_from : script.args_to])
        shared.total_tqdm.clear()
        return processed

    def script(self, title):
        """The script of a title, whatever its case."""
        return self.title_map.get(title.lower())

    def setup_scrips(self, p, *, is_ui=True):
        """`setup` of each script; those that are parts of the page only for a job of the page."""
        scripts = [script for script in self.alwayson_scripts if is_ui or not script.setup_for_ui_only]
        self._call(scripts, "setup", p, ())

    def before_process(self, p):
        """See Script."""
        self._call(self.alwayson_scripts, "before_process", p, ())

    def process(self, p):
        """See Script."""
        self._call(self.alwayson_scripts, "process", p, ())

    def before_process_batch(self, p, **kwargs):
        """See Script."""
        self._call(self.alwayson_scripts, "before_process_batch", p, (), kwargs)

    def after_extra_networks_activate(self, p, **kwargs):
        """See Script."""
        self._call(self.alwayson_scripts, "after_extra_networks_activate", p, (), kwargs)

    def process_batch(self, p, **kwargs):
        """See Script."""
        self._call(self.alwayson_scripts, "process_batch", p, (), kwargs)

    def process_before_every_sampling(self, p, **kwargs):
        """See Script."""
        self._call(self.alwayson_scripts, "process_before_every_sampling", p, (), kwargs)

    def before_hr(self, p):
        """See Script."""
        self._call(self.alwayson_scripts, "before_hr", p, ())

    def post_sample(self, p, ps):
        """See Script."""
        self._call(self.alwayson_scripts, "post_sample", p, (ps,))

    def postprocess_batch(self, p, images, **kwargs):
        """See Script."""
        self._call(self.alwayson_scripts, "postprocess_batch", p, (), {"images": images, **kwargs})

    def postprocess_batch_list(self, p, pp, **kwargs):
        """See Script."""
        self._call(self.alwayson_scripts, "postprocess_batch_list", p, (pp,), kwargs)

    def postprocess_image(self, p, pp):
        """See Script."""
        self._call(self.alwayson_scripts, "postprocess_image", p, (pp,))

    def postprocess_maskoverlay(self, p, ppmo):
        """See Script."""
        self._call(self.alwayson_scripts, "postprocess_maskoverlay", p, (ppmo,))

    def postprocess_image_after_composite(self, p, pp):
        """See Script."""
        self._call(self.alwayson_scripts, "postprocess_image_after_composite", p, (pp,))

    def postprocess(self, p, processed):
        """See Script."""
        self._call(self.alwayson_scripts, "postprocess", p, (processed,))

    def _call(self, scripts: list[Script], hook: str, p: Any, first: tuple, kwargs: Any = None) -> None:
        """hook(p, *first, *the script's arguments, **kwargs) of each script that has one of its own."""
        for script in scripts:
            if getattr(type(script), hook) is getattr(Script, hook):
                continue
            try:
                arguments = p.script_args[script.args_from : script.args_to]
                getattr(script, hook)(p, *first, *arguments, **(kwargs or {}))
            except Exception:
                errors.report(f"Error running {hook}: {script.filename}", exc_info=True)


scripts_txt2img: ScriptRunner = ScriptRunner()
scripts_img2img: ScriptRunner = ScriptRunner()
scripts_current: ScriptRunner | None = None
