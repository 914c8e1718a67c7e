"""What was wrong with a value, in netloom's words: which field, what was seen, what was expected.

Rule 1: an error names the field as a path (`items[3].mac`), and a field that is nearly right is suggested.
"""

from __future__ import annotations

import difflib
import re
from typing import Final

import msgspec

from netloom.base.errors import InvalidInput

_AT: Final = re.compile(r" - at `(?:key in )?\$?([^`]*)`\Z")
_UNKNOWN: Final = re.compile(r"unknown field `([^`]*)`")
_GOT: Final = re.compile(r"Expected `([^`]*)`, got `([^`]*)`")
_MISSING: Final = re.compile(r"missing required field `([^`]*)`")
_WORDS: Final = {
    "str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "null": "null",
    "object": "an object", "array": "a list",
}  # fmt: skip


def explain(error: msgspec.ValidationError, known: tuple[str, ...] = ()) -> InvalidInput:
    """A validation error in netloom's words; `known` are the fields for a suggestion."""
    text = str(error)
    at = _AT.search(text)
    path = at[1].removeprefix(".") if at else ""
    text = text[: at.start()] if at else text
    if unknown := _UNKNOWN.search(text):
        return unknown_field(path, unknown[1], known)
    if missing := _MISSING.search(text):
        return InvalidInput(
            f"{missing[1]} is missing",
            subject=_join(path, missing[1]),
            hint=f"add {missing[1]}",
            code="missing-field",
        )
    if got := _GOT.search(text):
        wanted = _words(got[1])
        hint = "put it in quotes" if "str" in got[1] and got[2] in {"int", "float", "bool"} else None
        return InvalidInput(
            f"expected {wanted}, got {_words(got[2])}", subject=path or None, hint=hint, code="wrong-type"
        )
    return InvalidInput(text[:1].lower() + text[1:], subject=path or None)


def known_fields(schema: object) -> tuple[str, ...]:
    """The field names of a struct type; empty for anything else."""
    return getattr(schema, "__struct_fields__", ())


def _words(types: str) -> str:
    return " or ".join(_WORDS.get(word, word) for word in types.split(" | "))


def _join(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field


def unknown_field(path: str, field: str, known: tuple[str, ...]) -> InvalidInput:
    """The error for a field that is not known; `path` is where it stands."""
    near = difflib.get_close_matches(field, known, 1)
    hint = f"did you mean {near[0]}?" if near else (f"one of {', '.join(known)}" if known else None)
    return InvalidInput(
        f"there is no field {field[:64]!r}", subject=_join(path, field[:64]), hint=hint, code="unknown-field"
    )
