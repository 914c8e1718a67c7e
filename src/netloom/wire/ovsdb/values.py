"""Column values between JSON (RFC 7047 section 5.1) and Python.

A scalar is an atom, an optional an atom or None, a set a `frozenset`, a map a read-only mapping; a uuid is its text, and a
row that the same transaction inserts is a `NamedUuid`.

Rule 1: what the server sends is checked for its type only, since it knows its constraints better; what we send is checked
against the constraints too, so that a mistake has a name before it travels.
Rule 2: a codec is made once for a column type and shared; decoding is a few C calls for a value.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import TypeAlias, cast

import msgspec

from netloom.wire.ovsdb.errors import InvalidValue
from netloom.wire.ovsdb.schema import UNLIMITED, Atomic, Base, ColumnType

ZERO_UUID = "00000000-0000-0000-0000-000000000000"


class NamedUuid(msgspec.Struct, frozen=True):
    """A row that an `insert` of the same transaction makes; only that transaction can use it."""

    name: str


Atom: TypeAlias = str | int | float | bool | NamedUuid
Value: TypeAlias = Atom | Collection[Atom] | Mapping[str, Atom] | Mapping[int, Atom] | None
"""What a caller may give for a column."""

Json: TypeAlias = object

EMPTY_SET: frozenset[Atom] = frozenset()
EMPTY_MAP: Mapping[Atom, Atom] = MappingProxyType({})

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_INT64 = range(-(2**63), 2**63)

# Keys that every host repeats thousands of times are kept once. Bounded because it is written here.
_SHARED = {
    key: key
    for line in (
        "iface-id iface-id-ver iface-status attached-mac vm-id vm-uuid xs-vif-uuid xs-network-uuid xs-vm-uuid bridge-id",
        "system-id hostname rundir remote_ip local_ip key df_default csum tos ttl peer driver_name driver_version",
        "firmware_version tunnel_egress_iface tunnel_egress_iface_carrier rx_packets rx_bytes rx_dropped rx_errors",
        "rx_frame_err rx_over_err rx_crc_err rx_missed_errors tx_packets tx_bytes tx_dropped tx_errors collisions",
        "disable-in-band hwaddr geneve vxlan gre internal flow true false up down",
    )
    for key in line.split()
}


class Codec(msgspec.Struct, frozen=True):
    """How one column type is read and written.

    Args:
        default: the value of a column that nobody set (RFC 7047 5.2.1).
        decode: JSON to value; `ValueError` when it has the wrong shape.
        merge: old value and difference (as JSON) to the new value.
    """

    type: ColumnType
    default: Value
    decode: Callable[[Json], Value]
    merge: Callable[[Value, Json], Value]

    def encode(self, value: Value, where: str) -> Json:
        """Value to JSON.

        Raises:
            InvalidValue: it does not fit the column; `where` becomes the error's subject.
        """
        return _encode(self.type, value, where)


# -- atoms -----------------------------------------------------------------------------------------------------------


def _string(raw: Json) -> str:
    if type(raw) is not str:
        raise ValueError(f"{raw!r} is not a string")
    return _SHARED.get(raw, raw)


def _integer(raw: Json) -> int:
    if type(raw) is not int or raw not in _INT64:
        raise ValueError(f"{str(raw)[:40]} is not a 64-bit integer")
    return raw


def _real(raw: Json) -> float:
    if type(raw) is not int and type(raw) is not float:
        raise ValueError(f"{raw!r} is not a number")
    return float(raw)


def _boolean(raw: Json) -> bool:
    if type(raw) is not bool:
        raise ValueError(f"{raw!r} is not a boolean")
    return raw


def _uuid(raw: Json) -> str:
    if (
        type(raw) is list
        and len(raw) == 2
        and raw[0] == "uuid"
        and type(raw[1]) is str
        and _UUID.fullmatch(raw[1])
    ):
        return raw[1]
    raise ValueError(f"{str(raw)[:80]} is not a uuid")


def is_row_id(text: str) -> bool:
    """Whether it is a uuid as OVSDB writes it."""
    return _UUID.fullmatch(text) is not None


_ATOMS: dict[Atomic, tuple[Callable[[Json], Atom], Atom]] = {
    Atomic.STRING: (_string, ""),
    Atomic.INTEGER: (_integer, 0),
    Atomic.REAL: (_real, 0.0),
    Atomic.BOOLEAN: (_boolean, False),
    Atomic.UUID: (_uuid, ZERO_UUID),
}


# -- decoding --------------------------------------------------------------------------------------------------------


def _elements(raw: Json) -> list[Json]:
    """The members of a set; a set of one is written as the atom alone (RFC 7047 5.1)."""
    if type(raw) is list and len(raw) == 2 and raw[0] == "set":
        if type(raw[1]) is not list:
            raise ValueError(f"{str(raw)[:80]} is not a set")
        return raw[1]
    return [raw]


def _optional_reader(atom: Callable[[Json], Atom]) -> Callable[[Json], Atom | None]:
    def decode(raw: Json) -> Atom | None:
        if type(raw) is not list:
            return atom(raw)
        elements = _elements(raw)
        if not elements:
            return None
        if len(elements) > 1:
            raise ValueError(f"{len(elements)} elements where at most one fits")
        return atom(elements[0])

    return decode


def _set_reader(atom: Callable[[Json], Atom]) -> Callable[[Json], frozenset[Atom]]:
    def decode(raw: Json) -> frozenset[Atom]:
        elements = _elements(raw)
        if not elements:
            return EMPTY_SET
        result = frozenset([atom(element) for element in elements])
        if len(result) != len(elements):
            raise ValueError("a set holds an element twice")
        return result

    return decode


def _map_reader(
    key: Callable[[Json], Atom], value: Callable[[Json], Atom]
) -> Callable[[Json], Mapping[Atom, Atom]]:
    def decode(raw: Json) -> Mapping[Atom, Atom]:
        if type(raw) is not list or len(raw) != 2 or raw[0] != "map" or type(raw[1]) is not list:
            raise ValueError(f"{str(raw)[:80]} is not a map")
        pairs = raw[1]
        if not pairs:
            return EMPTY_MAP
        result: dict[Atom, Atom] = {}
        for pair in pairs:
            if type(pair) is not list or len(pair) != 2:
                raise ValueError(f"{str(pair)[:80]} is not a pair")
            result[key(pair[0])] = value(pair[1])
        if len(result) != len(pairs):
            raise ValueError("a map holds a key twice")
        return result

    return decode


def _read_strings(raw: Json) -> Mapping[Atom, Atom]:
    """A map of strings, the most frequent column by far: as `_map_reader`, without a call for each atom."""
    if type(raw) is not list or len(raw) != 2 or raw[0] != "map" or type(raw[1]) is not list:
        raise ValueError(f"{str(raw)[:80]} is not a map")
    pairs = raw[1]
    if not pairs:
        return EMPTY_MAP
    result: dict[Atom, Atom] = {}
    shared = _SHARED.get
    for pair in pairs:
        if type(pair) is not list or len(pair) != 2:
            raise ValueError(f"{str(pair)[:80]} is not a pair")
        key, value = pair
        if type(key) is not str or type(value) is not str:
            raise ValueError(f"{str(pair)[:80]} is not a pair of strings")
        result[shared(key, key)] = shared(value, value)
    if len(result) != len(pairs):
        raise ValueError("a map holds a key twice")
    return result


def _set_merger(decode: Callable[[Json], frozenset[Atom]]) -> Callable[[Value, Json], Value]:
    def merge(old: Value, difference: Json) -> Value:
        return cast("frozenset[Atom]", old) ^ decode(difference) or EMPTY_SET

    return merge


def _map_merger(decode: Callable[[Json], Mapping[Atom, Atom]]) -> Callable[[Value, Json], Value]:
    def merge(old: Value, difference: Json) -> Value:
        result = dict(cast("Mapping[Atom, Atom]", old))
        for key, value in decode(difference).items():
            if key in result and result[key] == value:
                del result[key]
            else:
                result[key] = value
        return cast("Value", result or EMPTY_MAP)

    return merge


@functools.cache
def codec(column: ColumnType) -> Codec:
    """The codec of a column type."""
    atom, default = _ATOMS[column.key.type]
    if column.value is not None:
        read_map = _map_reader(atom, _ATOMS[column.value.type][0])
        if column.key.type is column.value.type is Atomic.STRING:
            read_map = _read_strings
        if column.is_composite:
            return Codec(
                column,
                cast("Value", EMPTY_MAP),
                cast("Callable[[Json], Value]", read_map),
                _map_merger(read_map),
            )
        return Codec(
            column,
            cast("Value", EMPTY_MAP),
            cast("Callable[[Json], Value]", read_map),
            lambda _, new: cast("Value", read_map(new)),
        )
    if column.is_scalar:
        if column.key.enum and column.key.type is Atomic.STRING and default not in column.key.enum:
            default = ""
        return Codec(column, default, atom, lambda _, new: atom(new))
    if column.is_optional:
        read_optional = _optional_reader(atom)
        return Codec(column, None, read_optional, lambda _, new: read_optional(new))
    read_set = _set_reader(atom)
    return Codec(column, EMPTY_SET, read_set, _set_merger(read_set))


# -- encoding --------------------------------------------------------------------------------------------------------


def _encode_atom(base: Base, value: object, where: str) -> Json:
    if base.type is Atomic.UUID:
        if isinstance(value, NamedUuid):
            return ["named-uuid", value.name]
        if not isinstance(value, str) or not is_row_id(value):
            raise InvalidValue(
                f"{value!r} is not a uuid", subject=where, hint="a row's uuid, or what insert() returned"
            )
        return ["uuid", value]
    try:
        atom = _ATOMS[base.type][0](value)
    except ValueError as error:
        raise InvalidValue(str(error), subject=where) from error
    if base.enum is not None and atom not in base.enum:
        raise InvalidValue(
            f"{atom!r} is not allowed", subject=where, hint=f"one of {', '.join(sorted(map(str, base.enum)))}"
        )
    size = len(atom) if isinstance(atom, str) else cast("int | float", atom)
    if (base.minimum is not None and size < base.minimum) or (
        base.maximum is not None and size > base.maximum
    ):
        raise InvalidValue(
            f"{atom!r} is out of range", subject=where, hint=f"{base.minimum} to {base.maximum}"
        )
    return atom


def _encode_map(column: ColumnType, value: object, where: str) -> Json:
    if not isinstance(value, Mapping):
        raise InvalidValue(f"{value!r} is not a mapping", subject=where)
    _check_count(column, len(value), where)
    base = cast("Base", column.value)
    return [
        "map",
        [
            [_encode_atom(column.key, k, where), _encode_atom(base, v, f"{where}[{k!r}]")]
            for k, v in value.items()
        ],
    ]


def _check_count(column: ColumnType, count: int, where: str) -> None:
    if not column.minimum <= count <= column.maximum:
        raise InvalidValue(
            f"{count} elements",
            subject=where,
            hint=f"{column.minimum} to {'any' if column.maximum >= UNLIMITED else column.maximum}",
        )


def _encode(column: ColumnType, value: object, where: str) -> Json:
    if column.value is not None:
        return _encode_map(column, value, where)
    if column.is_scalar:
        return _encode_atom(column.key, value, where)
    if column.maximum == 1:
        return ["set", []] if value is None else _encode_atom(column.key, value, where)
    if value is None:
        value = ()
    if isinstance(value, (str, NamedUuid, int, float)):
        value = (value,)
    if not isinstance(value, Collection) or isinstance(value, Mapping):
        raise InvalidValue(f"{value!r} is not a set", subject=where)
    # A set has no order; the order in which it is written is fixed so that equal transactions are equal bytes.
    unique = sorted(set(value), key=str)
    _check_count(column, len(unique), where)
    return ["set", [_encode_atom(column.key, element, where) for element in unique]]
