"""JSON out: the model's objects and the app's reports to bytes, without a detour through dicts.

Rule 1: an object's JSON is its struct's fields with `kind` in front, as `contract` documents it.
Rule 2: nothing is validated on the way out; a test validates every kind of answer against the contract.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from netloom.model.changes import Change
from netloom.model.objects import OBJECT_TYPES, Object

_encode = msgspec.json.Encoder().encode
_PREFIX: Final = {
    object_type: b'{"kind":"' + kind.value.encode() + b'",' for kind, object_type in OBJECT_TYPES.items()
}
_CHANGE: Final = b'{"type":"change",'


def encode_object(item: Object) -> bytes:
    """One object."""
    return _PREFIX[type(item)] + _encode(item)[1:]


def encode_page(items: Iterable[Object], next_cursor: str | None, revision: int) -> bytes:
    """One page of a list."""
    body = b",".join([_PREFIX[type(item)] + _encode(item)[1:] for item in items])
    tail = _encode({"next_cursor": next_cursor, "revision": revision})
    return b'{"items":[' + body + b"]," + tail[1:]


def encode_items(items: Iterable[Object]) -> bytes:
    """A whole list that is not paged."""
    return b'{"items":[' + b",".join([encode_object(item) for item in items]) + b"]}"


def encode_value(value: object) -> bytes:
    """A frozen dataclass or struct (reports, results)."""
    return _encode(value)


def encode_change(change: Change) -> bytes:
    """One line of the change stream, with its line end."""
    return _CHANGE + _encode(change)[1:] + b"\n"


def encode_bookmark(revision: int) -> bytes:
    """A bookmark line of the change stream."""
    return b'{"type":"bookmark","revision":%d}\n' % revision
