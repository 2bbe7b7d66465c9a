"""Components that the host adds to Gradio's."""

from __future__ import annotations

from functools import wraps

import gradio as gr

from modules import gradio_extensons

__all__ = ["gradio_extensons"]  # which changes Gradio before the first class below


class FormComponent:
    """Stands in a form: without a frame of its own."""

    def get_expected_parent(self):
        """Gradio puts neighbours into one Form."""
        return gr.components.Form


def _with_arguments_of(kind):
    """Gradio 4 tells the page those values of a component that its constructor names."""
    return wraps(kind.__init__)


class ToolButton(FormComponent, gr.Button):
    """A small button with a single sign."""

    @_with_arguments_of(gr.Button)
    def __init__(self, *args, **kwargs):
        classes = kwargs.pop("elem_classes", [])
        super().__init__(*args, elem_classes=["tool", *classes], **kwargs)

    def get_block_name(self):
        """For Gradio a button."""
        return "button"


class FormRow(FormComponent, gr.Row):
    """A row within a form."""

    def get_block_name(self):
        """For Gradio a row."""
        return "row"


class FormGroup(FormComponent, gr.Group):
    """A group within a form."""

    def get_block_name(self):
        """For Gradio a group."""
        return "group"


def _or_copy(original):
    """Gradio 4 makes a copy, without a value, of a component that changes: that needs no accordion."""

    @_with_arguments_of(gr.Checkbox)
    def __init__(self, *args, **kwargs):
        made = original if kwargs.get("render", True) else gr.Checkbox.__init__
        made(self, *args, **kwargs)

    return __init__


class InputAccordion(gr.Checkbox):
    """An accordion that is an input: true when open. Used as `with InputAccordion(False, label=...) as enabled:`."""

    global_index = 0

    @_or_copy
    def __init__(self, value, **kwargs):
        self.accordion_id = kwargs.pop("elem_id", None)
        if self.accordion_id is None:
            self.accordion_id = f"input-accordion-{InputAccordion.global_index}"
            InputAccordion.global_index += 1
        hidden = {"elem_id": f"{self.accordion_id}-checkbox", "visible": False}
        super().__init__(value, **{**kwargs, **hidden})
        checked = f'function(checked){{ inputAccordionChecked("{self.accordion_id}", checked); }}'
        self.change(fn=None, _js=checked, inputs=[self])
        shown = {"elem_id": self.accordion_id, "label": kwargs.get("label", "Accordion"), "open": value}
        self.accordion = gr.Accordion(**{**kwargs, **shown, "elem_classes": ["input-accordion"]})

    def extra(self):
        """A place in the accordion's label: `with enabled.extra(): ...`."""
        return gr.Column(elem_id=f"{self.accordion_id}-extra", elem_classes="input-accordion-extra", min_width=0)

    def __enter__(self):
        self.accordion.__enter__()
        return self

    def __exit__(self, exc_type, exc_val, exc_tb):
        self.accordion.__exit__(exc_type, exc_val, exc_tb)

    def get_block_name(self):
        """For Gradio a checkbox."""
        return "checkbox"
