"""Column values: both ways, at their bounds, and what does not fit."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netloom.wire.ovsdb.errors import InvalidValue
from netloom.wire.ovsdb.schema import UNLIMITED, Atomic, Base, ColumnType
from netloom.wire.ovsdb.values import NamedUuid, codec

U1, U2 = "3f2b8c1e-5d0a-4c7e-9b1f-0123456789ab", "00000000-0000-0000-0000-000000000001"

STRING, INTEGER, REAL = Base(Atomic.STRING), Base(Atomic.INTEGER), Base(Atomic.REAL)
BOOLEAN, UUID = Base(Atomic.BOOLEAN), Base(Atomic.UUID)


def some(key: Base, value: Base | None = None, most: int = UNLIMITED) -> ColumnType:
    return ColumnType(key, value, 0, most)


BOTH_WAYS = [
    (ColumnType(STRING), "", ""),
    (ColumnType(STRING), "ünï🦀", "ünï🦀"),
    (ColumnType(INTEGER), -(2**63), -(2**63)),
    (ColumnType(INTEGER), 2**63 - 1, 2**63 - 1),
    (ColumnType(REAL), 0.5, 0.5),
    (ColumnType(BOOLEAN), True, True),
    (ColumnType(UUID), U1, ["uuid", U1]),
    (some(INTEGER, most=1), None, ["set", []]),
    (some(INTEGER, most=1), 7, 7),
    (some(UUID, most=1), U1, ["uuid", U1]),
    (some(STRING), frozenset(), ["set", []]),
    (some(STRING), frozenset({"a"}), ["set", ["a"]]),
    (some(STRING), frozenset({"a", "b"}), ["set", ["a", "b"]]),
    (some(UUID), frozenset({U1, U2}), ["set", [["uuid", U2], ["uuid", U1]]]),
    (some(STRING, STRING), {}, ["map", []]),
    (some(STRING, STRING), {"k": "v"}, ["map", [["k", "v"]]]),
    (some(INTEGER, UUID), {5: U1}, ["map", [[5, ["uuid", U1]]]]),
]


@pytest.mark.parametrize(("kind", "value", "wire"), BOTH_WAYS)
def test_both_ways(kind: ColumnType, value: object, wire: object) -> None:
    known = codec(kind)
    assert known.encode(value, "T.c") == wire
    assert known.decode(wire) == value


def test_a_set_of_one_may_come_as_its_atom() -> None:
    assert codec(some(STRING)).decode("a") == frozenset({"a"})
    assert codec(some(UUID)).decode(["uuid", U1]) == frozenset({U1})
    assert codec(some(INTEGER, most=1)).decode(["set", [3]]) == 3


def test_named_uuids_only_go_out() -> None:
    assert codec(some(UUID)).encode({NamedUuid("row1")}, "T.c") == ["set", [["named-uuid", "row1"]]]
    assert codec(some(UUID)).encode(NamedUuid("row1"), "T.c") == ["set", [["named-uuid", "row1"]]]
    with pytest.raises(ValueError, match="not a uuid"):
        codec(ColumnType(UUID)).decode(["named-uuid", "row1"])


WRONG = [
    (ColumnType(STRING), 5),
    (ColumnType(STRING), ["set", []]),
    (ColumnType(INTEGER), 2**63),
    (ColumnType(INTEGER), -(2**63) - 1),
    (ColumnType(INTEGER), 10**400),
    (ColumnType(INTEGER), True),
    (ColumnType(INTEGER), 1.0),
    (ColumnType(REAL), "1"),
    (ColumnType(BOOLEAN), 1),
    (ColumnType(UUID), U1),
    (ColumnType(UUID), ["uuid", U1.upper()]),
    (ColumnType(UUID), ["uuid", U1 + "\n"]),
    (ColumnType(UUID), ["uuid", None]),
    (some(STRING, most=1), ["set", ["a", "b"]]),
    (some(STRING, most=1), ["set", "a"]),
    (some(STRING), ["set", ["a", "a"]]),
    (some(STRING), ["set", [["set", []]]]),
    (some(STRING), ["set"]),
    (some(STRING), {"a": 1}),
    (some(STRING, STRING), ["map", [["a", "b"], ["a", "c"]]]),
    (some(STRING, STRING), ["map", [["a", "b", "c"]]]),
    (some(STRING, STRING), ["map", ["ab"]]),
    (some(STRING, STRING), ["map", {"a": "b"}]),
    (some(STRING, STRING), {"a": "b"}),
    (some(STRING, STRING), ["map", [["a", 1]]]),
    (some(STRING, STRING), None),
]


@pytest.mark.parametrize(("kind", "wire"), WRONG)
def test_what_has_the_wrong_shape(kind: ColumnType, wire: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the text differs
        codec(kind).decode(wire)


REFUSED = [
    (
        ColumnType(Base(Atomic.STRING, enum=frozenset({"secure", "standalone"}))),
        "none",
        "one of secure, standalone",
    ),
    (ColumnType(Base(Atomic.INTEGER, minimum=0, maximum=4095)), 4096, "0 to 4095"),
    (ColumnType(Base(Atomic.INTEGER, minimum=0, maximum=4095)), -1, "0 to 4095"),
    (ColumnType(Base(Atomic.STRING, minimum=1, maximum=3)), "", "1 to 3"),
    (ColumnType(Base(Atomic.STRING, minimum=1, maximum=3)), "long", "1 to 3"),
    (ColumnType(INTEGER), 2**63, "not a 64-bit"),
    (ColumnType(INTEGER), "1", "not a 64-bit"),
    (ColumnType(STRING), None, "not a string"),
    (ColumnType(UUID), "x", "not a uuid"),
    (ColumnType(STRING, minimum=1, maximum=UNLIMITED), [], "1 to any"),
    (some(INTEGER, most=2), [1, 2, 3], "0 to 2"),
    (some(STRING, STRING), ["a"], "not a mapping"),
    (some(STRING), {"a": "b"}, "not a set"),
    (some(STRING), 1.5, "not a string"),
    (some(STRING, STRING), {"a": 1}, "not a string"),
]


@pytest.mark.parametrize(("kind", "value", "message"), REFUSED)
def test_what_we_may_not_send(kind: ColumnType, value: object, message: str) -> None:
    with pytest.raises(InvalidValue, match=message) as caught:
        codec(kind).encode(value, "T.c")
    assert caught.value.subject is not None
    assert caught.value.subject.startswith("T.c")


ATOMS = {
    Atomic.STRING: st.text(max_size=8),
    Atomic.INTEGER: st.integers(-(2**63), 2**63 - 1),
    Atomic.REAL: st.floats(allow_nan=False, allow_infinity=False),
    Atomic.BOOLEAN: st.booleans(),
    Atomic.UUID: st.uuids().map(str),
}


@st.composite
def typed_values(draw: st.DrawFn, count: int = 1) -> tuple[ColumnType, list[object]]:
    key = draw(st.sampled_from(list(Atomic)))
    shape = draw(st.sampled_from(["scalar", "optional", "set", "map"]))
    if shape == "scalar":
        return ColumnType(Base(key)), [draw(ATOMS[key]) for _ in range(count)]
    if shape == "optional":
        return ColumnType(Base(key), None, 0, 1), [draw(st.none() | ATOMS[key]) for _ in range(count)]
    if shape == "set":
        return ColumnType(Base(key), None, 0, UNLIMITED), [
            draw(st.frozensets(ATOMS[key], max_size=5)) for _ in range(count)
        ]
    value = draw(st.sampled_from(list(Atomic)))
    maps = st.dictionaries(ATOMS[key], ATOMS[value], max_size=5)
    return ColumnType(Base(key), Base(value), 0, UNLIMITED), [draw(maps) for _ in range(count)]


@given(typed_values())
def test_round_trip_through_text(case: tuple[ColumnType, list[object]]) -> None:
    kind, (value,) = case
    known = codec(kind)
    assert known.decode(json.loads(json.dumps(known.encode(value, "T.c")))) == value


@given(typed_values(2))
def test_merging_the_difference_gives_the_new_value(case: tuple[ColumnType, list[object]]) -> None:
    kind, (old, new) = case
    known = codec(kind)
    difference: object
    if isinstance(old, frozenset) and isinstance(new, frozenset):
        difference = old ^ new
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        # As ovsdb-server(7) 4.1.14 defines it.
        difference = {key: value for key, value in new.items() if key not in old or old[key] != value}
        difference |= {key: value for key, value in old.items() if key not in new}
    else:
        difference = new
    assert known.merge(old, known.encode(difference, "T.c")) == new
