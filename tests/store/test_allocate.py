"""Choosing against the obvious: read everything, take the first free ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, event, insert

from netloom.model.addressing import AddressRange
from netloom.model.isolation import Isolation
from netloom.store import allocate, tables
from netloom.store.allocate import address_pool, choose, segment_pool


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as c:
        tables.metadata.create_all(c)
        yield c
    engine.dispose()


def fill(connection: Connection, used: set[int]) -> None:
    connection.execute(tables.nics.delete())
    rows = [
        {
            "id": str(value),
            "number": value,
            "name": str(value),
            "labels": "{}",
            "generation": 1,
            "revision": 1,
            "created_at": 0,
            "updated_at": 0,
            "network_id": "net",
            "mac": str(value),
            "ipv4_offset": value,
            "identity": str(value),
            "state": "Allocated",
        }
        for value in used
    ]
    if rows:
        connection.execute(insert(tables.nics), rows)


@given(
    used=st.sets(st.integers(0, 120)),
    avoid=st.sets(st.integers(0, 120), max_size=20),
    hint=st.integers(2, 100),
    count=st.integers(1, 40),
    window=st.integers(1, 9),
)
def test_choices_are_the_first_free_ones_from_the_hint_on(
    connection: Connection, used: set[int], avoid: set[int], hint: int, count: int, window: int
) -> None:
    fill(connection, used)
    span = AddressRange(2, 100)
    order = [*range(hint, 101), *range(2, hint)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(allocate, "_WINDOW", window)
        patch.setattr(allocate, "_MAX_WINDOW", window)
        chosen = choose(connection, address_pool("net", 4), span.from_hint(hint), count, avoid)
    assert chosen == [value for value in order if value not in used and value not in avoid][:count]


def test_a_dense_stretch_costs_a_few_queries(connection: Connection) -> None:
    fill(connection, set(range(2, 20_000)))
    pool = address_pool("net", 4)
    asked = 0

    def count(*_args: object) -> None:
        nonlocal asked
        asked += 1

    event.listen(connection, "before_cursor_execute", count)
    assert choose(connection, pool, [AddressRange(2, 65_534)], 1, set()) == [20_000]
    assert asked <= 3


def test_segments_of_the_zone_and_of_the_wires_are_both_in_the_way(connection: Connection) -> None:
    connection.execute(tables.networks.delete())
    common = {
        "labels": "{}",
        "generation": 1,
        "revision": 1,
        "created_at": 0,
        "updated_at": 0,
        "state": "Allocated",
        "state_since": 0,
    }
    for number, (zone, wires, isolation, segment) in enumerate(
        [
            ("z", "p1", "gre", 10),  # same wires, other encapsulation
            ("z", "p2", "vxlan", 11),  # same zone and encapsulation, other wires
            ("z", "p2", "gre", 12),  # not in the way
            ("y", "p3", "vxlan", 13),  # not in the way
        ]
    ):
        connection.execute(
            insert(tables.networks),
            {
                "id": str(number),
                "number": number,
                "name": str(number),
                "zone_id": zone,
                "physical_network_id": wires,
                "isolation": isolation,
                "segment": segment,
                **common,
            },
        )
    pool = segment_pool("z", "p1", Isolation.VXLAN)
    assert choose(connection, pool, [AddressRange(10, 14)], 9, set()) == [12, 13, 14]
