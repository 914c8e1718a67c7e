"""The three update formats as one: per row, what it was changed to.

`update` (RFC 7047 4.1.6) carries whole rows; `update2` and `update3` (ovsdb-server(7) 4.1.14) carry rows without default
columns, and differences. Rows are decoded one at a time from a message that was only cut so far: nothing piles up for the
garbage collector.

Rule 1: this module knows formats, not which rows exist; `Replica` says whether a change makes sense.
Rule 2: the hot loop: no per-column work that could be done once per table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

import msgspec

from netloom.base.ids import Uuid
from netloom.wire.ovsdb.errors import RemoteProtocolError
from netloom.wire.ovsdb.rows import Row, field_name
from netloom.wire.ovsdb.values import Codec, Value, codec, is_row_id

R = TypeVar("R", bound=Row)

_RawRow = dict[str, object]


class _RowUpdate(msgspec.Struct, gc=False):
    """`<row-update>`: new only = inserted, old only = deleted, both = modified."""

    old: _RawRow | None = None
    new: _RawRow | None = None


class _RowUpdate2(msgspec.Struct, gc=False):
    """`<row-update2>`: exactly one member."""

    initial: _RawRow | None = None
    insert: _RawRow | None = None
    modify: _RawRow | None = None
    # Always null; `unset` tells that it is not there.
    delete: msgspec.UnsetType | None = msgspec.UNSET


_row_update = msgspec.json.Decoder(_RowUpdate)
_row_update2 = msgspec.json.Decoder(_RowUpdate2)
_DECODE_ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class TableReader(Generic[R]):
    """Reads row updates of one table into rows of one class.

    Args:
        row: class of the rows.
        columns: names of the columns that were asked for.
    """

    __slots__ = ("_codecs", "_row")

    def __init__(self, row: type[R], columns: tuple[str, ...]) -> None:
        self._row = row
        self._codecs: Mapping[str, tuple[str, Codec]] = {
            name: (field_name(name), codec(row.TABLE.columns[name].type)) for name in columns
        }

    def read(self, version: int, uuid: str, raw: msgspec.Raw, old: R | None) -> R | None:
        """The row as it is after an update, None when it is gone.

        Raises:
            RemoteProtocolError: the update has the wrong form or does not fit `old`.
        """
        try:
            if version == 1:
                return self._read1(uuid, _row_update.decode(raw), old)
            return self._read2(uuid, _row_update2.decode(raw), old)
        except _DECODE_ERRORS as error:
            raise self._error(uuid, str(error)) from error
        except (ValueError, TypeError) as error:
            # TypeError: an unhashable member of a set.
            raise self._error(uuid, str(error)) from error

    def _read1(self, uuid: str, update: _RowUpdate, old: R | None) -> R | None:
        if update.new is None:
            if update.old is None:
                raise self._error(uuid, "neither old nor new")
            return None
        if old is None:
            return self._make(uuid, update.new)
        new: R = msgspec.structs.replace(old, **dict(self._values(update.new)))
        return old if new == old else new

    def _read2(self, uuid: str, update: _RowUpdate2, old: R | None) -> R | None:
        row = update.initial if update.initial is not None else update.insert
        if row is not None:
            return self._make(uuid, row)
        if update.modify is not None:
            if old is None:
                raise self._error(uuid, "a modification of a row that is not there")
            return self._merge(uuid, old, update.modify)
        if update.delete is None:
            if old is None:
                raise self._error(uuid, "a deletion of a row that is not there")
            return None
        raise self._error(uuid, "none of initial, insert, modify, delete")

    def _values(self, raw: _RawRow) -> list[tuple[str, Value]]:
        codecs = self._codecs
        result: list[tuple[str, Value]] = []
        for name, value in raw.items():
            known = codecs.get(name)
            if known is None:
                raise ValueError(f"column {name[:60]!r} was not asked for")
            result.append((known[0], known[1].decode(value)))
        return result

    def _make(self, uuid: str, raw: _RawRow) -> R:
        if not is_row_id(uuid):
            raise ValueError("the row's uuid is not one")
        return self._row(uuid=Uuid(uuid), **dict(self._values(raw)))

    def _merge(self, uuid: str, old: R, raw: _RawRow) -> R:
        changes: dict[str, Value] = {}
        for name, value in raw.items():
            known = self._codecs.get(name)
            if known is None:
                raise self._error(uuid, f"column {name[:60]!r} was not asked for")
            field, column = known
            before = getattr(old, field)
            after = column.merge(before, value)
            if after != before:
                changes[field] = after
        if not changes:
            return old
        new: R = msgspec.structs.replace(old, **changes)
        return new

    def _error(self, uuid: str, message: str) -> RemoteProtocolError:
        return RemoteProtocolError(message, subject=f"{self._row.TABLE.name}/{uuid[:40]}")
