"""JSON in: bytes to the model's specs and patches in one pass, with the field that is wrong.

Rule 1: the model's structs are the parser's schema: there is no second description of the fields that could differ.
Rule 2: an error names the field as a path (`items[3].mac`), what was seen, and what was expected.
"""

from __future__ import annotations

import json
import re
from typing import Final, TypeVar

import msgspec

from netloom.contract.explain import explain, known_fields
from netloom.faces.rest.yaml_door import Malformed

T = TypeVar("T")

_BYTE: Final = re.compile(r"\(byte (\d+)\)")


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
