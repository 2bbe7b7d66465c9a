"""The axes are in the host's X/Y/Z plot once: without the page, with it, and after scripts were loaded anew."""

from __future__ import annotations

from hires_strategies.webui.xyz_axes import LABELS


def counts():
    from modules import scripts

    plots = [data.module for data in scripts.scripts_data if hasattr(data.module, "axis_options")]
    labels = [option.label for option in plots[-1].axis_options]
    return [labels.count(label) for label in LABELS.values()]


def test_each_axis_is_there_once(api):
    from modules import script_callbacks, scripts

    once = [int(field != "distilled_cfg") for field in LABELS]  # as on A1111, which has none
    assert counts() == once, "with --nowebui there is no callback before the page"
    script_callbacks.before_ui_callback()
    assert counts() == once
    script_callbacks.script_unloaded_callback()
    scripts.load_scripts()
    script_callbacks.before_ui_callback()
    assert counts() == once
