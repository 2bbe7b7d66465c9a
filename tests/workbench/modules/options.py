"""Settings: what there is (OptionInfo) and what is set (Options)."""

from __future__ import annotations

import json
from typing import Any

from modules import errors


class OptionInfo:
    """One setting: its default, its label and control on the Settings page, its infotext key."""

    def __init__(
        self, default=None, label="", component=None, component_args=None, onchange=None, section=None, refresh=None,
        comment_before="", comment_after="", infotext=None, restrict_api=False, category_id=None,
    ):  # fmt: skip
        self.default = default
        self.label = label
        self.component = component
        self.component_args = component_args
        self.onchange = onchange
        self.section = section
        self.refresh = refresh
        self.comment_before = comment_before
        self.comment_after = comment_after
        self.infotext = infotext
        self.restrict_api = restrict_api
        self.category_id = category_id

    def info(self, info):
        """Add an explanation after the label."""
        self.comment_after += f"<span class='info'>({info})</span>"
        return self


def options_section(section_identifier, options_dict):
    """Put all options of a dict into one section (identifier, title)."""
    for option in options_dict.values():
        option.section = section_identifier[:2]
    return options_dict


class Options:
    """The settings. Their values are the instance's attributes, so an unknown name is an ordinary AttributeError."""

    __slots__ = ("__dict__", "data_labels", "restricted_opts")

    def __init__(self, data_labels: dict[str, OptionInfo], restricted_opts):
        self.data_labels = data_labels
        self.restricted_opts = restricted_opts
        self.data.update({key: option.default for key, option in data_labels.items()})

    @property
    def data(self) -> dict[str, Any]:
        """Name -> value of every setting; the very dict that the attributes are looked up in."""
        return self.__dict__

    def add_option(self, key, info):
        """Register a setting; a value that is already there (from the settings file) stays."""
        self.data_labels[key] = info
        self.data.setdefault(key, info.default)

    def set(self, key, value, is_api=False, run_callbacks=True):
        """Set a value and call the setting's onchange; False if nothing changed. KeyError for an unknown name."""
        before = self.data.get(key)
        if before == value:
            return False
        option = self.data_labels[key]
        if is_api and option.restrict_api:
            return False
        self.data[key] = value
        if run_callbacks and option.onchange is not None:
            try:
                option.onchange()
            except Exception as e:
                errors.display(e, f"changing setting {key} to {value}")
                self.data[key] = before
                return False
        return True

    def cast_value(self, key, value):
        """A value, mostly a text from infotext, in the setting's own type."""
        kind = type(self.data_labels[key].default)
        if value is None or kind is type(None):
            return None
        return value != "False" if kind is bool and isinstance(value, str) else kind(value)

    def save(self, filename):
        """Write all values as JSON."""
        with open(filename, "w", encoding="utf8") as file:
            json.dump(self.data, file, indent=4, ensure_ascii=False)

    def load(self, filename):
        """Take the values of a file that save() wrote, if there is one."""
        try:
            with open(filename, encoding="utf8") as file:
                self.data.update(json.load(file))
        except FileNotFoundError:
            return
