"""The table of settings and the packaged example say what the program does."""

from __future__ import annotations

import re
import tomllib

import msgspec
from tests.docs.markdown import ROOT, document

from netloom.daemon.settings import Settings

_ROW = re.compile(r"^\| `([a-z]+\.[a-z_]+)` \| `([^`]*)` \| (.+) \|$", re.M)


def defaults() -> dict[str, object]:
    """Every setting by its name, with its default."""
    sections = msgspec.to_builtins(Settings())
    return {f"{name}.{key}": value for name, section in sections.items() for key, value in section.items()}


def test_every_setting_is_in_the_table_with_its_default() -> None:
    rows = _ROW.findall(document("docs/operations.md").text)
    assert {name: tomllib.loads(f"value = {default}")["value"] for name, default, _ in rows} == defaults()
    assert [name for name, _, _ in rows] == list(defaults())


def test_every_setting_is_in_the_packaged_example() -> None:
    tree = tomllib.loads((ROOT / "packaging" / "netloomd.toml").read_text())
    assert {
        f"{name}.{key}": value for name, section in tree.items() for key, value in section.items()
    } == defaults()
