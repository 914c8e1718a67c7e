from __future__ import annotations

import asyncio

import pytest
from tests.store.units import create_nics, create_zone, network

from netloom.base.errors import Conflict, Unavailable
from netloom.model.errors import InvalidDocuments
from netloom.model.kinds import Kind
from netloom.store.store import StoreOptions, open_store
from netloom.store.transaction import Transaction


def bug(tx: Transaction) -> int:
    create_zone("half-done")(tx)
    return 1 // 0


async def test_units_that_come_together_share_a_commit_and_fail_alone(url: str) -> None:
    async with open_store(StoreOptions(url)) as store:
        before = store.counters()
        async with asyncio.TaskGroup() as group:
            good = [group.create_task(store.write(create_zone(f"z{i}"))) for i in range(50)]
            twice = group.create_task(refused(store.write(create_zone("z0"))))
            broken = group.create_task(refused(store.write(bug)))
            dry = group.create_task(store.write(create_zone("dry"), keep=False))
        after = store.counters()
        assert after.units - before.units == 53
        assert after.commits - before.commits < 10
        numbers = [task.result()[0].number for task in good]
        assert len(set(numbers)) == 50
        assert isinstance(twice.result(), InvalidDocuments)
        assert isinstance(broken.result(), ZeroDivisionError)
        assert dry.result()[0].name == "dry"
        snapshot = await store.load_all()
        assert {zone.name for zone in snapshot.zones} == {"default", *(f"z{i}" for i in range(50))}
        # Neither the failures nor the dry run used up a revision.
        assert [c.revision for c in await store.changes(0)] == list(range(1, snapshot.revision + 1))


async def refused(work: object) -> BaseException:
    try:
        await work  # type: ignore[misc]
    except Exception as error:  # noqa: BLE001 - the test looks at it
        return error
    raise AssertionError("it was not refused")


async def test_a_caller_that_goes_away_harms_nobody(url: str) -> None:
    async with open_store(StoreOptions(url)) as store:
        async with asyncio.TaskGroup() as group:
            gone = group.create_task(store.write(create_zone("gone")))
            stays = group.create_task(store.write(create_zone("stays")))
            await asyncio.sleep(0)
            gone.cancel()
        assert stays.result()[0].name == "stays"


async def test_after_the_end_nothing_is_accepted(url: str) -> None:
    async with open_store(StoreOptions(url)) as store:
        pass
    with pytest.raises(Unavailable):
        await store.write(create_zone("late"))


async def test_racing_servers_on_one_database_have_one_winner_each(url: str) -> None:
    async with open_store(StoreOptions(url)) as one, open_store(StoreOptions(url)) as two:
        await one.write(network)
        async with asyncio.TaskGroup() as group:
            same = [group.create_task(outcome(store.write(create_zone("z")))) for store in (one, two)]
            nics = [
                group.create_task(store.write(create_nics(f"{name}-{i}-", 5)))
                for name, store in (("one", one), ("two", two))
                for i in range(10)
            ]
        assert sorted(task.result() for task in same) == ["name-taken", "won"]
        made = [nic for task in nics for nic in task.result()]
        snapshot = await one.load_all()
        assert len(snapshot.nics) == len(made) == 100
        assert len({nic.ipv4 for nic in snapshot.nics}) == 100
        assert len({nic.number for nic in snapshot.nics}) == 100
        assert len({nic.revision for nic in snapshot.nics}) == 100


async def outcome(work: object) -> str:
    try:
        await work  # type: ignore[misc]
    except InvalidDocuments as error:
        return error.mistakes[0].error.stable_code
    return "won"


async def test_constraints_hold_even_when_nobody_looked_first(url: str) -> None:
    """The use cases look before they write; should a look be wrong, the schema still refuses, in words."""

    def clone(tx: Transaction) -> None:
        c = tx.connection
        c.exec_driver_sql(
            "INSERT INTO nics SELECT 'x', 99999, 'other', labels, generation, revision, created_at, updated_at, network_id,"
            " '02:00:00:00:00:01', ipv4, ipv4_offset, ipv6, ipv6_offset, 'y', host_id, device, state FROM nics"
        )

    async with open_store(StoreOptions(url)) as store:
        await store.write(network)
        await store.write(create_nics("n", 1))
        with pytest.raises(Conflict) as caught:
            await store.write(clone)
        assert (caught.value.stable_code, caught.value.subject) == ("address-taken", "ipv4")
        with pytest.raises(Conflict) as used:
            await store.write(lambda tx: tx.connection.exec_driver_sql("DELETE FROM networks"))
        assert used.value.stable_code == "in-use"
        assert len((await store.page(Kind.NIC, {}, 10, None)).items) == 1
