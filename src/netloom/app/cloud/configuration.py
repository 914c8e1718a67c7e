"""Reading and changing settings.

Rule 1: a setting holds from the next transaction on; nothing has to be restarted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from netloom.model.cloud.configuration import SETTINGS, Configuration, checked_value, setting_named
from netloom.store.cloud.records import columns

if TYPE_CHECKING:
    from netloom.app.cloud.work import View, Work


def text(view: View, name: str) -> str:
    """A setting's value; the name is one of `SETTINGS`."""
    for found in view.records.whole(Configuration):
        if found.name == name:
            return found.value
    return SETTINGS[name].default


def number(view: View, name: str) -> int:
    """The value of a setting that is a number."""
    return int(text(view, name))


def flag(view: View, name: str) -> bool:
    """The value of a setting that is true or false."""
    return text(view, name) == "true"


def changed(view: View) -> Mapping[str, str]:
    """The settings that differ from their defaults: few, whatever there are."""
    return {each.name: each.value for each in view.records.whole(Configuration)}


def default(name: str) -> str:
    """A setting's default; the name is one of `SETTINGS`."""
    return SETTINGS[name].default


def values(view: View) -> dict[str, str]:
    """All settings with their values."""
    found = {name: setting.default for name, setting in SETTINGS.items()}
    found.update(changed(view))
    return found


class UpdateConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """Set a setting; without a value, back to its default."""

    name: str
    value: str | None = None


def update(work: Work, request: UpdateConfiguration) -> Configuration:
    """The setting as it is now."""
    setting = setting_named(request.name)
    value = setting.default if request.value is None else checked_value(setting, request.value)
    found = work.records.first(Configuration, columns(Configuration).name == setting.name)
    if found is None:
        return work.insert(Configuration(**work.birth(), name=setting.name, value=value))
    return work.update(msgspec.structs.replace(found, value=value))
