"""The fence: who has opened a store before its present owner writes nothing any more, and hears of it."""

from __future__ import annotations

import asyncio
import itertools

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import Connection
from structlog.testing import capture_logs
from tests.store.units import create_zone
from tests.testing.sole_owner import never, owner

from netloom.aio.tasks import TaskKit
from netloom.base.errors import Unavailable
from netloom.store import tables
from netloom.store.database import open_database
from netloom.store.migrate import config
from netloom.store.store import Store, StoreOptions, open_store
from netloom.store.term import StoreTaken


async def test_who_was_there_before_writes_nothing_any_more(url: str) -> None:
    lost: list[None] = []
    options = StoreOptions(url)
    async with open_store(options, alone=owner(lambda: lost.append(None))) as older:
        await older.write(create_zone("early"))
        async with open_store(options, alone=owner(never)) as newer:
            before = await newer.read(counters)
            for keep in (True, False):
                with pytest.raises(StoreTaken) as caught:
                    await older.write(create_zone("late"), keep=keep)
                assert (caught.value.stable_code, caught.value.status) == ("store-taken", 503)
                assert "store-taken" in (older.health.trouble or "")
            with pytest.raises(StoreTaken):
                await older.look()
            assert await newer.read(counters) == before
            assert await zones(newer) == {"default", "early"}
            assert len(lost) == 1, "it ends once"
            await newer.write(create_zone("new"))
            assert newer.health.trouble is None
        assert await zones(older) == {"default", "early", "new"}, "it may still read"


async def test_what_was_acknowledged_is_what_the_next_owner_finds(url: str) -> None:
    """Writing goes on while the next one opens the store: each unit is there for its first look, or refused."""
    acknowledged, seen = {"default"}, asyncio.Event()

    async def go_on(store: Store) -> None:
        for at in itertools.count():
            known = seen.is_set()
            try:
                await store.write(create_zone(f"z{at}"))
            except StoreTaken:
                return
            acknowledged.add(f"z{at}")
            if known:
                return  # it was kept though the next owner has looked already
            await store.load_all()  # the lock is free meanwhile, for whoever opens the store

    async with open_store(StoreOptions(url), alone=owner(lambda: None)) as older, TaskKit("older") as kit:
        going = kit.start(go_on(older), "writes")
        await older.wait_beyond(older.revision)
        async with open_store(StoreOptions(url), alone=owner(never)) as newer:
            found = await zones(newer)
            seen.set()
            await going
            assert found == await zones(newer) == acknowledged
            assert len(found) > 1


async def test_each_owner_begins_a_term_and_nobody_else_does(url: str) -> None:
    seen = []
    for alone in (owner(never), None, owner(never)):
        async with open_store(StoreOptions(url), alone=alone) as store:
            seen.append(await store.read(term))
            await store.write(create_zone(f"z{len(seen)}"))
            assert await store.read(term) == seen[-1], "writing leaves it"
    assert 0 < seen[0] == seen[1] < seen[2]


async def test_two_that_begin_behind_the_same_term_are_told_apart(url: str) -> None:
    """The first one's start was lost, with a failover or by a backup put back; it runs on all the same."""
    lost: list[None] = []
    async with open_store(StoreOptions(url), alone=owner(lambda: lost.append(None))) as older:
        database = open_database(url)
        await database.write(forget_the_term)
        await database.close()
        async with open_store(StoreOptions(url), alone=owner(never)):
            with pytest.raises(Unavailable):
                await older.write(create_zone("late"))
    assert len(lost) == 1


@pytest.mark.parametrize("free", [True, False])
async def test_who_lost_its_lock_ends_at_once_when_somebody_had_the_store_meanwhile(
    url: str, free: bool
) -> None:
    lost: list[None] = []
    alone = owner(lambda: lost.append(None), free=free)
    async with open_store(StoreOptions(url), alone=alone):
        assert await alone.step(), "it may be its own lost session that has it"
        async with open_store(StoreOptions(url), alone=owner(never)):
            pass
        with capture_logs() as said:
            assert not await alone.step()
            await alone.run()
    assert len(lost) == 1
    assert [line["event"] for line in said if line["log_level"] == "critical"] == [
        "another netloomd has the store: this one ends"
    ]


async def test_a_store_from_before_terms_goes_on_in_its_first_one(url: str) -> None:
    database = open_database(url)
    await database.write(fill)
    await database.close()
    async with open_store(StoreOptions(url), alone=owner(never)) as store:
        assert (store.migration.before, store.store_id) == ("0006", "s")
        assert await store.read(term) > 0
        await store.write(create_zone("new"))
        assert (await store.read(counters))[0] == 8


def fill(connection: Connection) -> None:
    """The schema before, with counters."""
    alembic = config()
    alembic.attributes["connection"] = connection
    command.upgrade(alembic, "0006")
    connection.execute(
        sa.text("INSERT INTO counters (id, store_id, revision, compacted, number) VALUES (1, 's', 7, 2, 300)")
    )


def forget_the_term(connection: Connection) -> None:
    connection.execute(sa.update(tables.counters).values(term=0))


def term(connection: Connection) -> int:
    found: int = connection.execute(sa.select(tables.counters.c.term)).scalar_one()
    return found


def counters(connection: Connection) -> tuple[int, int, int]:
    c = tables.counters.c
    row = connection.execute(sa.select(c.revision, c.compacted, c.number)).one()
    return row[0], row[1], row[2]


async def zones(store: Store) -> set[str]:
    return {zone.name for zone in (await store.load_all()).zones}
