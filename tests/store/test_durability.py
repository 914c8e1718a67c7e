"""What was acknowledged survives: kill -9 at any instant, a disk that is full, a database that is not ours."""

from __future__ import annotations

import asyncio
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys

import pytest
from sqlalchemy import Connection, select, text
from tests.sandbox.postgres import PostgresServer, shared_server
from tests.store.units import create_nics, network

from netloom.base.errors import NetloomError, Unavailable
from netloom.model.kinds import Kind
from netloom.store import migrate, tables
from netloom.store.errors import StoreRefused
from netloom.store.patience import Timeouts
from netloom.store.store import Store, StoreOptions, open_store

CHILD = pathlib.Path(__file__).with_name("acknowledge.py")


async def contents(store: Store) -> set[str]:
    """The names of all NICs, after checking that nothing contradicts itself."""
    snapshot = await store.load_all()
    rows = await store.read(lambda c: c.execute(select(tables.changes.c.revision)).scalars().all())
    assert sorted(rows) == list(range(1, snapshot.revision + 1)), "each revision has its change, none is lost"
    assert len({nic.ipv4 for nic in snapshot.nics}) == len(snapshot.nics)
    assert max((nic.revision for nic in snapshot.nics), default=0) <= snapshot.revision
    return {nic.name for nic in snapshot.nics}


@pytest.mark.timeout(300)  # four programs are started one after the other
async def test_kill_9_loses_nothing_that_was_acknowledged(url: str) -> None:
    acknowledged: set[str] = set()
    chance = random.Random(5)
    for attempt in range(4):
        wanted = chance.randrange(1, 60)
        with subprocess.Popen(
            [sys.executable, str(CHILD), url, f"run{attempt}"], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            for line in child.stdout:
                word, name = line.split()
                assert word == "kept", line
                acknowledged.add(name)
                wanted -= 1
                if wanted == 0:
                    child.send_signal(signal.SIGKILL)
        assert child.returncode == -signal.SIGKILL
        async with open_store(StoreOptions(url)) as store:
            assert acknowledged <= await contents(store)


async def test_a_full_database_says_so_and_goes_on_when_there_is_room(sqlite_url: str) -> None:
    async with open_store(StoreOptions(sqlite_url)) as store:
        await store.write(network)
        pages = await store.write(lambda tx: tx.connection.exec_driver_sql("PRAGMA page_count").scalar_one())
        await store.write(
            lambda tx: tx.connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 20}").scalar_one()
        )
        kept = 0
        error: NetloomError | None = None
        while error is None:
            try:
                await store.write(create_nics(f"n{kept}-", 20))
                kept += 1
            except NetloomError as full:
                error = full
        assert error.stable_code == "store-full"
        assert len(await contents(store)) == 20 * kept, "the last batch left nothing behind"
        await store.write(
            lambda tx: tx.connection.exec_driver_sql("PRAGMA max_page_count=100000").scalar_one()
        )
        await store.write(create_nics("more-", 20))
        assert len(await contents(store)) == 20 * (kept + 1)


@pytest.mark.lab
async def test_a_full_file_system_loses_nothing_and_stays_readable(tmp_path: pathlib.Path) -> None:
    script = f"mount -t tmpfs -o size=3m tmpfs {tmp_path} && exec {sys.executable} {CHILD} $0 n stop && true"
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", f"{script}", f"sqlite:///{tmp_path}/netloom.db"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    words = [line.split() for line in done.stdout.splitlines()]
    assert {tuple(w) for w in words if w[0] == "error"} == {("error", "store-full")}
    kept = sum(1 for w in words if w[0] == "kept")
    assert kept > 10
    assert words[-1] == ["read", str(kept)]


async def test_another_process_that_holds_the_lock_is_an_error_that_passes(
    sqlite_url: str, tmp_path: pathlib.Path
) -> None:
    async with open_store(StoreOptions(sqlite_url, timeouts=Timeouts(lock=0.05))) as store:
        other = sqlite3.connect(tmp_path / "netloom.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable) as caught:
            await store.write(network)
        assert caught.value.stable_code == "store-busy"
        assert (await store.page(Kind.ZONE, {}, 10, None)).items, "reading goes on"
        other.execute("ROLLBACK")
        other.close()
        await store.write(network)


@pytest.mark.parametrize("damage", [b"this is no database, " * 500, None])
async def test_a_damaged_file_is_refused_with_what_to_do(
    sqlite_url: str, tmp_path: pathlib.Path, damage: bytes | None
) -> None:
    path = tmp_path / "netloom.db"
    async with open_store(StoreOptions(sqlite_url)) as store:
        await store.write(network)
        await store.write(create_nics("n", 200))
    content = path.read_bytes()
    path.write_bytes(damage if damage is not None else content[:4096] + b"\xff" * (len(content) - 4096))
    with pytest.raises(StoreRefused) as caught:
        async with open_store(StoreOptions(sqlite_url)):
            pass
    assert caught.value.stable_code == "store-corrupt"
    assert "restore a backup" in (caught.value.hint or "")


async def test_a_directory_that_is_not_there_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(Unavailable) as caught:
        async with open_store(StoreOptions(f"sqlite:///{tmp_path}/no/where/netloom.db")):
            pass
    assert caught.value.stable_code == "store-unavailable"
    assert "directory" in (caught.value.hint or "")


@pytest.mark.postgres
async def test_a_server_that_is_not_there_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(Unavailable) as caught:
        async with open_store(StoreOptions(f"postgresql://netloom@/x?host={tmp_path}")):
            pass
    assert caught.value.stable_code == "store-unavailable"


@pytest.mark.postgres
async def test_a_server_that_goes_and_comes_back_is_used_again(tmp_path: pathlib.Path) -> None:
    server = PostgresServer()
    try:
        async with open_store(StoreOptions(server.new_database())) as store:
            await store.write(network)
            await store.write(create_nics("before", 3))
            server.halt()
            for work in (store.write(create_nics("lost", 1)), store.load_all()):
                with pytest.raises(Unavailable) as caught:
                    await work
                assert caught.value.stable_code == "store-unavailable"
            server.start()
            await store.write(create_nics("after", 3))
            assert len(await contents(store)) == 6
    finally:
        server.remove()


@pytest.mark.postgres
async def test_a_server_that_restarted_while_nobody_asked_is_noticed_by_nobody(
    tmp_path: pathlib.Path,
) -> None:
    server = PostgresServer()
    try:
        async with open_store(StoreOptions(server.new_database())) as store:
            await store.write(network)
            await asyncio.gather(
                *(store.load_all() for _ in range(8))
            )  # every connection of the pool is there
            server.halt()
            server.start()
            readers = (store.load_all() for _ in range(8))
            await asyncio.gather(*readers, store.write(create_nics("n", 2)))
            assert len(await contents(store)) == 2
    finally:
        server.remove()


@pytest.mark.postgres
async def test_a_reader_that_is_stopped_in_a_statement_leaves_no_connection_behind() -> None:
    async with open_store(StoreOptions(shared_server().new_database())) as store:
        await store.write(network)

        def sleep(connection: Connection) -> None:
            connection.execute(text("SELECT pg_sleep(60)"))

        for _ in range(8):  # more than there are connections
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await store.read(sleep)
        await store.write(create_nics("n", 1))
        assert len(await contents(store)) == 1


@pytest.mark.parametrize("bad", ["mysql://x/y", "sqlite://", "nonsense", "sqlite:///:memory:"])
async def test_other_places_are_refused(bad: str) -> None:
    with pytest.raises(NetloomError) as caught:
        async with open_store(StoreOptions(bad)):
            pass
    assert caught.value.subject == "store.url"


async def test_a_backup_is_whole_while_work_goes_on(sqlite_url: str, tmp_path: pathlib.Path) -> None:
    async with open_store(StoreOptions(sqlite_url)) as store:
        await store.write(network)
        await store.write(create_nics("n", 50))
        await store.backup(str(tmp_path / "copy.db"))
        await store.write(create_nics("later", 1))
        store_id = store.store_id
        with pytest.raises(Unavailable) as caught:
            await store.backup(str(tmp_path / "no" / "copy.db"))
        assert caught.value.stable_code == "backup-failed"
    async with open_store(StoreOptions(f"sqlite:///{tmp_path}/copy.db")) as copy:
        assert len(await contents(copy)) == 50
        assert copy.store_id == store_id


HEAD = migrate.head()
MIGRATION = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None
def upgrade():
    op.create_table("more", sa.Column("id", sa.Integer))
    {more}
"""


def with_next_migration(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, more: str = "") -> None:
    scripts = tmp_path / "migrations"
    shutil.copytree(migrate._SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "9999_more.py").write_text(MIGRATION.format(more=more, head=HEAD))
    monkeypatch.setattr(migrate, "_SCRIPTS", scripts)


async def test_an_older_database_is_migrated_and_a_newer_one_refused(
    url: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(StoreOptions(url)) as store:
        assert store.migration == migrate.Migration(None, HEAD)
        await store.write(network)
    with monkeypatch.context() as newer_program:
        with_next_migration(tmp_path, newer_program)
        async with open_store(StoreOptions(url)) as store:
            assert store.migration == migrate.Migration(HEAD, "9999")
            assert (await store.page(Kind.NETWORK, {}, 10, None)).items
    with pytest.raises(StoreRefused, match=rf"9999.*{HEAD}") as caught:
        async with open_store(StoreOptions(url)):
            pass
    assert caught.value.stable_code == "store-newer"


async def test_a_migration_that_fails_leaves_the_old_schema(
    url: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(StoreOptions(url)) as store:
        await store.write(network)
    with monkeypatch.context() as newer_program:
        with_next_migration(tmp_path, newer_program, "raise RuntimeError('power cut')")
        with pytest.raises(RuntimeError):
            async with open_store(StoreOptions(url)):
                pass
    async with open_store(StoreOptions(url)) as store:
        assert store.migration == migrate.Migration(HEAD, HEAD)
        assert (await store.page(Kind.NETWORK, {}, 10, None)).items


async def test_a_database_with_other_tables_is_refused(sqlite_url: str, tmp_path: pathlib.Path) -> None:
    other = sqlite3.connect(tmp_path / "netloom.db")
    other.execute("CREATE TABLE customers (id)")
    other.close()
    with pytest.raises(StoreRefused, match="customers") as caught:
        async with open_store(StoreOptions(sqlite_url)):
            pass
    assert caught.value.stable_code == "store-foreign"
