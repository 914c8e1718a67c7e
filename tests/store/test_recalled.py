"""What readers remember beyond a snapshot is what their snapshot holds, whoever writes and however."""

from __future__ import annotations

import asyncio
import functools
from contextlib import AsyncExitStack

import msgspec
import pytest
from sqlalchemy import Connection
from tests.store.test_known import make, records
from tests.store.units import create_zone
from tests.testing.reads import statements

from netloom.base.ids import Uuid
from netloom.model.changes import Action
from netloom.model.cloud.configuration import Configuration
from netloom.model.kinds import Kind
from netloom.store.catalog import recall_all, remove
from netloom.store.cloud.recalled import MAX_HELD, Recalled
from netloom.store.cloud.records import Records
from netloom.store.cloud.schema import LASTING
from netloom.store.store import Store, StoreOptions, open_store
from netloom.store.transaction import Transaction


async def read(store: Store, record_id: Uuid) -> str | None:
    found = await store.read(
        lambda connection: Records(connection, store.known()).get(Configuration, record_id)
    )
    return None if found is None else found.value


def change(tx: Transaction, record_id: Uuid, value: str) -> None:
    found = records(tx).get(Configuration, record_id)
    assert found is not None
    records(tx).update(msgspec.structs.replace(found, value=value))


async def test_what_lasts_is_asked_once_by_readers_and_holds_on_beyond_commits(url: str) -> None:
    async with open_store(StoreOptions(url)) as store:
        made = await store.write(lambda tx: make(tx, "1"))
        with statements() as said:
            for _ in range(3):
                assert await read(store, made.id) == "1"
                await store.write(lambda tx: tx.new_number())
        assert sum("cloud_configurations" in each for each in said) == 1


async def test_many_are_taken_from_what_is_known_and_the_rest_is_asked_for(url: str) -> None:
    async with open_store(StoreOptions(url)) as store:
        made = await store.write(lambda tx: make(tx, "1"))
        none = Uuid("00000000-0000-4000-8000-00000000abcd")
        for _ in range(2):
            found = await store.read(
                lambda connection: Records(connection, store.known()).many(Configuration, [none, made.id])
            )
            assert found == {made.id: made}
        with statements() as said:
            await read(store, none)
        assert not any("cloud_configurations" in each for each in said)


@pytest.mark.parametrize("quietly", [False, True], ids=["counted", "not-counted"])
async def test_what_anybody_writes_is_read(url: str, quietly: bool) -> None:
    async with AsyncExitStack() as stack:
        one, two = [await stack.enter_async_context(open_store(StoreOptions(url))) for _ in range(2)]
        made = await one.write(lambda tx: make(tx, "1"))
        for value in ("2", "3"):
            for store in (one, two):
                assert await read(one, made.id) == await read(two, made.id)
                await store.write(functools.partial(change, record_id=made.id, value=value))
                if not quietly:
                    await store.write(lambda tx: tx.new_number())
                assert [await read(one, made.id), await read(two, made.id)] == [value, value]
        await two.write(lambda tx: records(tx).delete(records(tx).get(Configuration, made.id) or made))
        assert [await read(one, made.id), await read(two, made.id)] == [None, None]


async def test_zones_are_remembered_until_one_is_written(url: str) -> None:
    async with open_store(StoreOptions(url)) as store:

        def zones(connection: Connection) -> set[str]:
            return {zone.name for zone in recall_all(connection, store.known(), Kind.ZONE)}

        before = await store.read(zones)
        with statements() as said:
            assert await store.read(zones) == before
        assert not any("FROM zones" in each for each in said)
        (zone,) = await store.write(create_zone("another"))
        assert await store.read(zones) == {*before, "another"}

        def end(tx: Transaction) -> None:
            tx.record(Kind.ZONE, zone.id, zone.name, Action.DELETED, 2)
            remove(tx, Kind.ZONE, zone.id)

        await store.write(end)
        assert await store.read(zones) == before


async def test_readers_never_see_other_than_their_snapshot_while_it_is_written(url: str) -> None:
    """Two records that are always written together are always read alike, however reads and commits fall."""
    async with open_store(StoreOptions(url)) as store:
        made = await store.write(lambda tx: make(tx, "0"))
        ended = False

        def both(connection: Connection) -> tuple[str, str]:
            fresh, known = Records(connection), Records(connection, store.known())
            pair = [each.get(Configuration, made.id) for each in (known, fresh)]
            assert pair[0] is not None
            assert pair[1] is not None
            return pair[0].value, pair[1].value

        async def look() -> int:
            looks = 0
            while not ended:
                remembered, there = await store.read(both)
                assert remembered == there
                looks += 1
            return looks

        readers = [asyncio.ensure_future(look()) for _ in range(3)]
        for value in range(20):
            await store.write(functools.partial(change, record_id=made.id, value=str(value)))
            await store.write(lambda tx: tx.new_number())
        ended = True
        assert min(await asyncio.gather(*readers)) > 0


def test_an_older_snapshot_gets_nothing_of_a_newer_one_and_takes_nothing_from_it() -> None:
    recalled = Recalled()
    newer = recalled.at((2, 0, 2))
    older = recalled.at((1, 0, 1))
    assert older is not newer
    assert recalled.at((1, 0, 1)) is not older, "kept for nobody"
    assert recalled.at((2, 0, 2)) is newer
    recalled.moved((2, 0, 2), (2, 0, 3))
    assert recalled.at((2, 0, 3)) is newer
    recalled.moved((7, 0, 7), (8, 0, 8))
    assert recalled.at((8, 0, 8)) is not newer, "nobody knows what was written between"


def test_what_threads_share_has_all_of_its_kinds_from_the_first() -> None:
    """One looks how full it is while another adds: a dictionary that grew meanwhile would fail the first."""
    assert set(Recalled().at((1, 0, 1)).by_id) == set(LASTING)


def test_it_is_bounded() -> None:
    recalled = Recalled()
    known = recalled.at((0, 0, 0))
    for number in range(MAX_HELD):
        recalled.moved((0, 0, number), (0, 0, number + 1))
    assert recalled.at((0, 0, MAX_HELD)) is known
    assert recalled.at((0, 0, 0)) is not known
    recalled.forget()
    assert recalled.at((0, 0, MAX_HELD)) is not known
