"""The extension's entry point: the host loads this file. One line per hook; everything else is in hires_strategies/."""

from __future__ import annotations

from modules import script_callbacks, scripts

from hires_strategies.webui import hooks, refusal, settings, xyz_axes
from hires_strategies.webui.api import routes
from hires_strategies.webui.generation import folder_run
from hires_strategies.webui.host import changed_predictions
from hires_strategies.webui.host.forks import gallery, main_thread
from hires_strategies.webui.output import file_names
from hires_strategies.webui.page import events, pasted, section


class HiresStrategies(scripts.Script):
    def title(self):
        return section.TITLE

    def show(self, is_img2img):
        return False if is_img2img else scripts.AlwaysVisible

    def ui(self, is_img2img):
        return section.build(self)

    def setup(self, p, *args):
        hooks.setup(p)
        folder_run.set_up(p, args)

    def before_process(self, p, *args):
        hooks.before_process(p, args)

    def process(self, p, *args):
        refusal.guarded(hooks.process, p)

    def process_batch(self, p, *args, **kwargs):
        refusal.guarded(hooks.process_batch, p)

    def before_hr(self, p, *args):
        hooks.before_hr(p)

    def postprocess_batch(self, p, *args, images, **kwargs):
        hooks.postprocess_batch(p, images)

    def postprocess_batch_list(self, p, pp, *args, **kwargs):
        hooks.postprocess_batch_list(p, pp)

    def postprocess_image(self, p, pp, *args):
        hooks.finishing(p, pp, "postprocess_image")

    def postprocess_image_after_composite(self, p, pp, *args):
        hooks.finishing(p, pp, "postprocess_image_after_composite")

    def postprocess(self, p, processed, *args):
        hooks.postprocess(p, processed)


script_callbacks.on_ui_settings(settings.add_settings)
script_callbacks.on_before_image_saved(file_names.before_image_saved)
script_callbacks.on_app_started(routes.register)
script_callbacks.on_after_component(events.after_component)
script_callbacks.on_infotext_pasted(pasted.keep_styles)
script_callbacks.on_before_ui(xyz_axes.register)
script_callbacks.on_cfg_denoiser(changed_predictions.begins)
script_callbacks.on_cfg_after_cfg(changed_predictions.ends)
gallery.tell_all_texts()
main_thread.tell_exceptions()
xyz_axes.register()  # without the page (--nowebui), the callback comes too late
