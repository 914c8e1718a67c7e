"""JSON in: bytes to the model's specs and patches in one pass, with the field that is wrong.

Rule 1: the model's structs are the parser's schema: there is no second description of the fields that could differ.
Rule 2: an error names the field as a path (`items[3].mac`), what was seen, and what was expected.
"""

from __future__ import annotations

import difflib
import json
import re
from typing import Final, TypeVar

import msgspec

from netloom.base.errors import InvalidInput
from netloom.faces.rest.yaml_door import Malformed

T = TypeVar("T")

_AT: Final = re.compile(r" - at `(?:key in )?\$?([^`]*)`\Z")
_BYTE: Final = re.compile(r"\(byte (\d+)\)")
_UNKNOWN: Final = re.compile(r"unknown field `([^`]*)`")
_GOT: Final = re.compile(r"Expected `([^`]*)`, got `([^`]*)`")
_MISSING: Final = re.compile(r"missing required field `([^`]*)`")
_WORDS: Final = {
    "str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "null": "null",
    "object": "an object", "array": "a list",
}  # fmt: skip


def position(data: bytes, offset: int) -> tuple[int, int]:
    """Line and column (characters), both from 1, of a byte in a UTF-8 text."""
    before = data[:offset]
    start = before.rfind(b"\n") + 1
    return before.count(b"\n") + 1, len(before[start:].decode("utf-8", "replace")) + 1


def decode(decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    """The value that a JSON body stands for.

    Raises:
        Malformed: it is not JSON (400, with line and column).
        InvalidInput: a field is wrong (422, with its path).
    """
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise explain(error, known_fields(decoder.type)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _syntax(str(error), data) from error
    except RecursionError as error:
        raise Malformed("nested too deep", hint="objects here are flat") from error


def explain(error: msgspec.ValidationError, known: tuple[str, ...] = ()) -> InvalidInput:
    """A validation error in netloom's words; `known` are the fields for a suggestion."""
    text = str(error)
    at = _AT.search(text)
    path = at[1].removeprefix(".") if at else ""
    text = text[: at.start()] if at else text
    if unknown := _UNKNOWN.search(text):
        return _unknown_field(path, unknown[1], known)
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


def _unknown_field(path: str, field: str, known: tuple[str, ...]) -> InvalidInput:
    near = difflib.get_close_matches(field, known, 1)
    hint = f"did you mean {near[0]}?" if near else (f"one of {', '.join(known)}" if known else None)
    return InvalidInput(
        f"there is no field {field[:64]!r}", subject=_join(path, field[:64]), hint=hint, code="unknown-field"
    )


def _syntax(text: str, data: bytes) -> Malformed:
    if not data.strip():
        return Malformed("the body is empty", hint="send a JSON object")
    try:
        json.loads(data)  # says where the wrong token begins; msgspec how far it had read
    except json.JSONDecodeError as error:
        return Malformed(f"not JSON: {error.msg}", line=error.lineno, column=error.colno)
    except (ValueError, RecursionError):
        pass
    found = _BYTE.search(text)
    line, column = position(data, int(found[1]) if found else len(data))
    what = _BYTE.sub("", text).removeprefix("JSON is malformed: ").strip()
    return Malformed(f"not JSON: {what}", line=line, column=column)
