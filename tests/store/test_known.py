"""What the writer remembers beyond a commit is what the database holds, whoever else writes and whatever fails."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from contextlib import AsyncExitStack

import msgspec
import pytest
from tests.store.units import create_zone, network
from tests.testing.reads import statements

from netloom.base.errors import Conflict
from netloom.base.ids import Uuid
from netloom.model.changes import Action
from netloom.model.cloud.configuration import Configuration
from netloom.model.cloud.jobs import Audit
from netloom.model.kinds import Kind
from netloom.store.catalog import recall, recall_all, remove
from netloom.store.cloud.records import Records, columns
from netloom.store.store import Store, StoreOptions, open_store
from netloom.store.transaction import Transaction


def records(tx: Transaction) -> Records:
    return Records(tx.connection, tx.known, tx.pending)


def make(tx: Transaction, value: str) -> Configuration:
    made = Configuration(
        id=tx.new_id(), number=tx.new_number(), created_at=tx.at, updated_at=tx.at, name="x", value=value
    )
    records(tx).insert(made)
    return made


def change(tx: Transaction, value: str) -> None:
    found = records(tx).whole(Configuration)[0]
    records(tx).update(msgspec.structs.replace(found, value=value))


def values(tx: Transaction) -> list[str]:
    return [each.value for each in records(tx).whole(Configuration)]


async def test_it_is_asked_once_for_many_commits(url: str) -> None:
    async with open_store(StoreOptions(url)) as store:
        await store.write(lambda tx: make(tx, "1"))
        with statements() as said:
            for _ in range(3):
                assert await store.write(values) == ["1"]
        assert sum("cloud_configurations" in each for each in said) == 1


@pytest.mark.parametrize("quietly", [False, True], ids=["counted", "not-counted"])
async def test_what_another_server_writes_is_seen(url: str, quietly: bool) -> None:
    """Also when it writes without a new revision or number, as a change of a record alone does."""
    async with AsyncExitStack() as stack:
        one, two = [await stack.enter_async_context(open_store(StoreOptions(url))) for _ in range(2)]
        await one.write(lambda tx: make(tx, "1"))
        for value in ("2", "3"):
            for store, other in ((one, two), (two, one)):
                assert await store.write(values) == await other.write(values)
                await store.write(functools.partial(change, value=value))
                if not quietly:
                    await store.write(lambda tx: tx.new_number())
                assert await other.write(values) == [value]


async def test_what_failed_is_not_remembered(url: str) -> None:
    async with open_store(StoreOptions(url)) as store:
        await store.write(lambda tx: make(tx, "1"))

        def fails(tx: Transaction) -> None:
            change(tx, "2")
            assert values(tx) == ["2"]
            raise Conflict("on purpose")

        def tries(tx: Transaction) -> list[str]:
            change(tx, "3")
            return values(tx)

        for together in (False, True):
            units: list[Callable[[Transaction], object]] = [fails, values, fails, values]
            if together:
                done = await asyncio.gather(*(store.write(unit) for unit in units), return_exceptions=True)
            else:
                done = [await _outcome(store, unit) for unit in units]
            assert [type(each) for each in done] == [Conflict, list, Conflict, list]
            assert done[1] == done[3] == ["1"]
            assert await store.write(tries, keep=False) == ["3"]
            assert await store.write(values) == ["1"]


async def _outcome(store: Store, unit: Callable[[Transaction], object]) -> object:
    try:
        return await store.write(unit)
    except Conflict as error:
        return error


async def test_zones_and_wires_are_remembered_until_one_is_written(url: str) -> None:
    async with open_store(StoreOptions(url)) as store:

        def names(tx: Transaction) -> list[str]:
            return [zone.name for zone in recall_all(tx.connection, tx.known, Kind.ZONE)]

        def zone_of_wires(tx: Transaction) -> str:
            return str(recall(tx.connection, tx.known, Kind.PHYSICAL_NETWORK, "default").id)

        before = await store.write(names)
        wires = await store.write(zone_of_wires)
        (made,) = await store.write(create_zone("one"))
        assert await store.write(names) == [*before, "one"]
        await store.write(network)  # a network changes nothing about them
        assert await store.write(zone_of_wires) == wires

        def gone(tx: Transaction) -> None:
            tx.record(Kind.ZONE, made.id, made.name, Action.DELETED, 1)
            remove(tx, Kind.ZONE, made.id)

        await store.write(gone)
        assert await store.write(names) == before


def told(tx: Transaction, text: str) -> None:
    """An entry of the audit, as use cases leave them to the end of the commit."""
    records(tx).insert_later(
        Audit(
            id=tx.new_id(), number=tx.new_number(), created_at=tx.at, updated_at=tx.at, user_id=None, account_id=None,
            via="test", use_case=text, resource_kind="thing", resource_id=Uuid("x"), before=None, after=None,
        )
    )  # fmt: skip


async def test_what_is_left_to_the_end_is_each_units_own(url: str) -> None:
    async with open_store(StoreOptions(url)) as store:

        def tells(text: str) -> Callable[[Transaction], None]:
            return lambda tx: told(tx, text)

        def looks_and_fails(tx: Transaction) -> None:
            told(tx, "bad")
            assert {each.use_case for each in records(tx).select(Audit)} >= {"bad"}
            raise Conflict("on purpose")

        def looks(tx: Transaction) -> list[str]:
            told(tx, "looked")
            return [each.use_case for each in records(tx).select(Audit, columns(Audit).via == "test")]

        done = await asyncio.gather(
            *(
                store.write(unit)
                for unit in (tells("a"), looks_and_fails, tells("b"), looks, looks_and_fails, tells("c"))
            ),
            return_exceptions=True,
        )
        assert [type(each) for each in done] == [type(None), Conflict, type(None), list, Conflict, type(None)]
        kept = await store.read(
            lambda connection: [each.use_case for each in Records(connection).select(Audit)]
        )
        assert sorted(kept) == ["a", "b", "c", "looked"]
        assert set(done[3]) == {"a", "b", "looked"}
