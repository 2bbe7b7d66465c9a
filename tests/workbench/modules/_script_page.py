"""The part of the runner that makes the scripts and their components."""

from __future__ import annotations

import os
from typing import Any

import gradio as gr

from modules import errors
from modules._script import AlwaysVisible, OnComponent, Script


class _ScriptPage:
    """The scripts of a tab; `inputs` are the components of all, the "Script" list first."""

    def __init__(self) -> None:
        self.scripts: list[Script] = []
        self.selectable_scripts: list[Script] = []
        self.alwayson_scripts: list[Script] = []
        self.titles: list[str] = []
        self.title_map: dict[str, Script] = {}
        self.infotext_fields: list[Any] = []
        self.paste_field_names: list[str] = []
        self.inputs: list[Any] = [None]
        self.on_after_component_elem_id: dict[str, list[Any]] = {}

    def initialize_scripts(self, is_img2img):
        """Make an object of each script's class."""
        from modules.scripts import scripts_data

        self.scripts.clear()
        self.alwayson_scripts.clear()
        self.selectable_scripts.clear()
        for data in scripts_data:
            if data.script_class in (Script,) or data.script_class.__module__.startswith("modules."):
                continue  # the base classes that a script's file imports
            try:
                script = data.script_class()
            except Exception:
                errors.report(f"Error # failed to initialize Script {data.module}: ", exc_info=True)
                continue
            script.filename = data.path
            script.is_txt2img, script.is_img2img = not is_img2img, is_img2img
            script.tabname = "img2img" if is_img2img else "txt2img"
            visibility = script.show(is_img2img)
            if visibility == AlwaysVisible:
                script.alwayson = True
                self.alwayson_scripts.append(script)
            elif visibility:
                self.selectable_scripts.append(script)
            if visibility:
                self.scripts.append(script)
        self.apply_on_before_component_callbacks()

    def apply_on_before_component_callbacks(self):
        """Collect what scripts registered for single components."""
        for script in self.scripts:
            for elem_id, callback in script.on_after_component_elem_id or []:
                self.on_after_component_elem_id.setdefault(elem_id, []).append(callback)
            script.on_after_component_elem_id = None

    def prepare_ui(self):
        """Before the page is made."""
        self.inputs = [None]

    def create_script_ui(self, script):
        """Make a script's components; one that fails has none."""
        script.args_from = script.args_to = len(self.inputs)
        try:
            self.create_script_ui_inner(script)
        except Exception:
            errors.report(f"Error creating UI for {script.name}: ", exc_info=True)

    def create_script_ui_inner(self, script):
        """Make a script's components, and what the API tells of them."""
        controls = script.ui(script.is_img2img)
        script.controls = controls
        if controls is None:
            return
        script.name = (script.title() or script.filename).lower()
        for control in controls:
            control.custom_script_source = os.path.basename(script.filename)
        script.api_info = _api_info(script, controls)
        self.infotext_fields += script.infotext_fields or []
        self.paste_field_names += script.paste_field_names or []
        self.inputs += controls
        script.args_to = len(self.inputs)

    def setup_ui_for_section(self, section, scriptlist=None):
        """Make the components of the scripts of a section."""
        for script in self.alwayson_scripts if scriptlist is None else scriptlist:
            if script.alwayson and script.section != section:
                continue
            if not script.create_group:
                self.create_script_ui(script)
                continue
            with gr.Group(visible=script.alwayson) as group:
                self.create_script_ui(script)
            script.group = group

    def setup_ui(self):
        """Make the always-on scripts' components, the "Script" list and the scripts in it; returns all inputs."""
        self.title_map = {script.title().lower(): script for script in self.scripts}
        self.titles = [script.title() for script in self.selectable_scripts]
        self.setup_ui_for_section(None)
        choices = ["None", *self.titles]
        dropdown = gr.Dropdown(label="Script", elem_id="script_list", choices=choices, value="None", type="index")
        self.inputs[0] = dropdown
        self.setup_ui_for_section(None, self.selectable_scripts)

        def select(index):
            return [gr.update(visible=number == index) for number in range(1, len(choices))]

        groups = [script.group for script in self.selectable_scripts]
        dropdown.change(fn=select, inputs=[dropdown], outputs=groups)
        self.infotext_fields.append((dropdown, lambda params: gr.update(value=params.get("Script", "None"))))
        self.apply_on_before_component_callbacks()
        return self.inputs

    def before_component(self, component, **kwargs):
        """Tell the scripts that a component is about to be made."""
        self._tell("before_component", component, kwargs)

    def after_component(self, component, **kwargs):
        """Tell the scripts that a component was made."""
        for callback in self.on_after_component_elem_id.get(component.elem_id, []):
            self._guarded(callback, OnComponent(component))
        self._tell("after_component", component, kwargs)

    def _tell(self, hook: str, component: Any, kwargs: dict[str, Any]) -> None:
        for script in self.scripts:
            if getattr(type(script), hook) is not getattr(Script, hook):
                self._guarded(getattr(script, hook), component, **kwargs)

    def _guarded(self, callback: Any, *args: Any, **kwargs: Any) -> None:
        try:
            callback(*args, **kwargs)
        except Exception:
            errors.report(f"Error running {callback.__qualname__}", exc_info=True)


def _api_info(script: Script, controls: list[Any]) -> Any:
    """What /sdapi/v1/script-info tells: each argument's label, default, range and choices."""
    from modules.api import models

    args = []
    for control in controls:
        fields = {name: getattr(control, name, None) for name in ("value", "minimum", "maximum", "step")}
        choices = getattr(control, "choices", None)
        if choices is not None:
            fields["choices"] = [choice[0] if isinstance(choice, tuple) else choice for choice in choices]
        args.append(models.ScriptArg(label=control.label or "", **fields))
    about = {"is_alwayson": script.alwayson, "is_img2img": script.is_img2img}
    return models.ScriptInfo(name=script.name, args=args, **about)
