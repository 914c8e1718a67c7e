"""Specs out as YAML that every reader reads alike: what a YAML 1.1 reader would take for something else is quoted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from netloom.model.specs import Spec, kind_of

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")
_TAKEN: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_json = msgspec.json.Encoder().encode


def document(spec: Spec) -> str:
    """One document with its separator; fields that are absent or empty are left out."""
    return fields_text({"kind": kind_of(spec).value, **builtins_of(spec)})


def fields_text(fields: Mapping[str, object]) -> str:
    """The same of plain fields."""
    return "\n".join(["---", *(f"{name}: {_flow(value)}" for name, value in fields.items()), ""])


def builtins_of(spec: Spec) -> dict[str, object]:
    """The fields that say something, as plain values, in the struct's order."""
    fields: dict[str, object] = msgspec.to_builtins(spec)
    return {name: value for name, value in fields.items() if value is not None and value not in ("", {}, [])}


def _flow(value: object) -> str:
    if isinstance(value, str):
        plain = _PLAIN.match(value) is not None and value.lower() not in _TAKEN
        return value if plain else _json(value).decode()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _json(value).decode()
