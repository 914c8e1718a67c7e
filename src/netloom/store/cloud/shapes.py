"""Rows as records and back, by functions that are written for each type once, from the names of its fields.

A page of instances makes some five hundred records of twenty to fifty fields; a call with the fields in its text takes half
as long as one with a dictionary that was put together for it. What is written holds names of fields and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from netloom.model.cloud.record import Record
from netloom.store.cloud.table import FieldCodec, Value

Make = Callable[[Iterable[Any]], list[Any]]
"""Rows, with their columns in the order of the codecs, as records."""
Tell = Callable[[Any], dict[str, Value]]
"""A record as what its columns hold."""


def maker(record_type: type[Record], codecs: Sequence[FieldCodec]) -> Make:
    """The function that makes records of a type."""
    fields = [
        f"{codec.name}=v{i}" if codec.is_plain else f"{codec.name}=f{i}(v{i})"
        for i, codec in enumerate(codecs)
    ]
    values = ", ".join(f"v{i}" for i in range(len(codecs)))
    converters = {f"f{i}": codec.from_column for i, codec in enumerate(codecs)}
    text = f"lambda rows: [make({', '.join(fields)}) for {values}, in rows]"
    return cast("Make", _written(text, {"make": record_type, **converters}))


def teller(codecs: Sequence[FieldCodec]) -> Tell:
    """The function that tells the columns of a record of a type."""
    fields = [
        f"{codec.name!r}: it.{codec.name}" if codec.is_plain else f"{codec.name!r}: t{i}(it.{codec.name})"
        for i, codec in enumerate(codecs)
    ]
    converters = {f"t{i}": codec.to_column for i, codec in enumerate(codecs)}
    return cast("Tell", _written(f"lambda it: {{{', '.join(fields)}}}", converters))


def _written(text: str, names: Mapping[str, object]) -> object:
    return eval(text, dict(names))  # noqa: S307 - names of fields, which are identifiers of our own code
