"""Settings: what they take, and that each of them changes something."""

from __future__ import annotations

import pathlib
import re

import pytest

import netloom
from netloom.base.errors import InvalidInput, NotFound
from netloom.model.cloud import configuration
from netloom.model.cloud.configuration import SETTINGS, SettingType, checked_value, setting_named

COMPOSED = re.compile(r"max\.(account|project|domain)\.")


def test_no_setting_is_there_that_nothing_reads() -> None:
    own = pathlib.Path(str(configuration.__file__))
    folder = pathlib.Path(str(netloom.__file__)).parent
    text = "".join(path.read_text() for path in folder.rglob("*.py") if path != own)
    unread = [name for name in SETTINGS if not COMPOSED.match(name) and f'"{name}"' not in text]
    assert unread == []


def test_each_default_is_a_value() -> None:
    for setting in SETTINGS.values():
        if setting.default:
            assert checked_value(setting, setting.default) == setting.default


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (SettingType.NUMBER, "many"),
        (SettingType.NUMBER, "-9"),
        (SettingType.NUMBER, str(2**70)),
        (SettingType.FLAG, "perhaps"),
        (SettingType.TEXT, "two\nlines"),
        (SettingType.TEXT, "x" * 5000),
    ],
)
def test_what_is_no_value_is_refused(kind: SettingType, value: str) -> None:
    setting = next(each for each in SETTINGS.values() if each.type is kind)
    with pytest.raises(InvalidInput, match=setting.name):
        checked_value(setting, value)


def test_a_setting_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        setting_named("no.such.setting")
