"""A database that says nothing, and closes nothing: who waits for it goes on, and what was lost is found again."""

from __future__ import annotations

import asyncio
import os
import pathlib
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from tests.sandbox.postgres import PostgresServer, shared_server
from tests.sandbox.silent_proxy import SilentProxy, silent_proxy
from tests.store.units import create_nics, network

from netloom.base.errors import Unavailable
from netloom.store.database import PostgresDatabase
from netloom.store.errors import map_error
from netloom.store.patience import Timeouts, WatchedConnection, milliseconds
from netloom.store.store import Store, StoreOptions, open_store

IMPATIENT = Timeouts(answer=1.5, connect=1.5, lock=0.2)
"""What is waited for in full where a server is silent, and more than one takes that is merely slow."""


async def names(store: Store) -> set[str]:
    return {nic.name for nic in (await store.load_all()).nics}


async def lost(work: Callable[[], object]) -> None:
    with pytest.raises(Unavailable) as caught:
        await work()  # type: ignore[misc]
    assert caught.value.stable_code == "store-unavailable"
    assert "may or may not have been kept" in (caught.value.hint or "")


def at(store: Store, statement: str, then: Callable[[], None]) -> None:
    """Do something, once, when a statement is about to be sent that begins so."""
    database = store._database
    assert isinstance(database, PostgresDatabase)
    engine, done = database._engine.sync_engine, list[str]()

    def look(_connection: Connection, _cursor: object, text: str, *_more: object) -> None:
        if text.startswith(statement) and not done:
            done.append(text)
            then()

    event.listen(engine, "before_cursor_execute", look)


@pytest.fixture
async def door() -> AsyncIterator[tuple[SilentProxy, str]]:
    async with silent_proxy(shared_server().new_database()) as made:
        yield made


@pytest.mark.postgres
async def test_a_server_that_goes_silent_in_a_statement_holds_nobody_up(
    door: tuple[SilentProxy, str],
) -> None:
    proxy, url = door
    async with open_store(StoreOptions(url, timeouts=IMPATIENT)) as store:
        await store.write(network)
        at(store, "INSERT INTO nics", proxy.go_silent)
        await lost(lambda: store.write(create_nics("lost", 1)))
        await lost(lambda: store.write(create_nics("still", 1)))
        await lost(store.load_all)
        proxy.speak()
        await store.write(create_nics("after", 1))
        assert await names(store) == {"after0"}


@pytest.mark.postgres
async def test_a_commit_whose_answer_never_comes_may_have_been_kept(door: tuple[SilentProxy, str]) -> None:
    proxy, url = door
    async with open_store(StoreOptions(url, timeouts=IMPATIENT)) as store:
        await store.write(network)
        at(store, "COMMIT", lambda: proxy.go_silent("back"))
        await lost(lambda: store.write(create_nics("kept", 1)))
        proxy.speak()
        await store.write(create_nics("after", 1))
        assert await names(store) == {"kept0", "after0"}
        assert store.revision == (await store.load_all()).revision


@pytest.mark.postgres
async def test_a_commit_that_never_arrived_was_not_kept(door: tuple[SilentProxy, str]) -> None:
    proxy, url = door
    async with open_store(StoreOptions(url, timeouts=IMPATIENT)) as store:
        await store.write(network)
        at(store, "COMMIT", proxy.go_silent)
        await lost(lambda: store.write(create_nics("lost", 1)))
        proxy.speak()
        while (
            True
        ):  # the server holds the writers' lock for the connection that was cut, until it hears of that
            try:
                await store.write(create_nics("after", 1))
            except Unavailable:
                continue
            break
        found = await names(store)
        assert found in (
            {"after0"},
            {"lost0", "after0"},
        )  # what was on the way arrives when the door speaks again


@pytest.mark.postgres
async def test_who_closes_the_store_waits_for_no_silent_server(door: tuple[SilentProxy, str]) -> None:
    proxy, url = door
    async with open_store(StoreOptions(url, timeouts=IMPATIENT)) as store:
        await store.write(network)
        proxy.go_silent()


@pytest.mark.postgres
async def test_who_goes_away_while_the_server_is_silent_leaves_no_connection_behind(
    door: tuple[SilentProxy, str],
) -> None:
    proxy, url = door
    async with open_store(StoreOptions(url, timeouts=IMPATIENT)) as store:
        await store.write(network)
        proxy.go_silent()
        for _ in range(6):  # more than there are connections
            with pytest.raises((TimeoutError, Unavailable)):
                async with asyncio.timeout(0.05):
                    await store.load_all()
        proxy.speak()
        await store.write(create_nics("after", 1))
        assert await names(store) == {"after0"}


@pytest.mark.postgres
async def test_many_statements_may_take_longer_than_one(door: tuple[SilentProxy, str]) -> None:
    _proxy, url = door

    def nap(connection: Connection) -> int:
        for _ in range(8):  # together longer than IMPATIENT.answer
            connection.execute(text("SELECT pg_sleep(0.25)"))
        found: int = connection.execute(text("SELECT 1")).scalar_one()
        return found

    async with open_store(StoreOptions(url, timeouts=IMPATIENT)) as store:
        assert await store.read(nap) == 1
        with pytest.raises(Unavailable, match=r"said nothing for 1\.5 s"):
            await store.read(lambda connection: connection.execute(text("SELECT pg_sleep(60)")))


@pytest.mark.postgres
async def test_a_server_that_is_stopped_and_goes_on(tmp_path: pathlib.Path) -> None:
    server = PostgresServer()
    try:
        async with open_store(StoreOptions(server.new_database(), timeouts=IMPATIENT)) as store:
            await store.write(network)
            await store.write(create_nics("before", 1))
            stopped = processes(server)
            for pid in stopped:
                os.kill(pid, signal.SIGSTOP)
            try:
                await lost(lambda: store.write(create_nics("lost", 1)))
                await lost(store.load_all)
            finally:
                for pid in reversed(stopped):
                    os.kill(pid, signal.SIGCONT)
            while True:
                try:
                    await store.write(create_nics("after", 1))
                except Unavailable:  # what was stopped still holds the lock
                    continue
                break
            assert {"before0", "after0"} <= await names(store)
            revisions = await store.read(
                lambda c: c.execute(text("SELECT revision FROM changes ORDER BY 1")).scalars().all()
            )
            assert revisions == list(range(1, store.revision + 1))
    finally:
        server.remove()


def processes(server: PostgresServer) -> list[int]:
    """The server's own processes, the first one first."""
    first = int((server.directory / "data" / "postmaster.pid").read_text().split()[0])
    children = pathlib.Path(f"/proc/{first}/task/{first}/children").read_text(encoding="ascii").split()
    return [first, *map(int, children)]


async def test_a_disk_that_holds_a_transaction_up_holds_nobody_up(sqlite_url: str) -> None:
    go = threading.Event()

    def stuck(connection: Connection) -> None:
        go.wait(30)

    async with open_store(StoreOptions(sqlite_url, timeouts=Timeouts(answer=1.0, lock=0.1))) as store:
        await store.write(network)
        try:
            await lost(lambda: store.write(lambda tx: stuck(tx.connection)))
            await lost(lambda: store.write(create_nics("behind", 1)))
            assert await names(store) == set(), "reading goes on"
        finally:
            go.set()
        await store.write(create_nics("after", 1))
        assert await names(store) == {"after0"}


@pytest.mark.postgres
async def test_the_system_looks_after_connections_that_wait(door: tuple[SilentProxy, str]) -> None:
    _proxy, url = door

    def options(connection: Connection) -> tuple[int, int, str]:
        driver = connection.connection.driver_connection
        assert isinstance(driver, WatchedConnection)
        found: socket.socket = driver._transport.get_extra_info("socket")
        return (
            found.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
            found.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
            connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one(),
        )

    async with open_store(StoreOptions(url, timeouts=IMPATIENT)) as store:
        keeps_alive, user_timeout, idle = await store.read(options)
        assert (keeps_alive, idle) == (1, "30s")
        assert 1_500 <= user_timeout <= 30_000


def test_a_pool_that_has_no_connection_free_in_time_is_busy() -> None:
    error = map_error(NoConnectionFree("QueuePool limit"))
    assert (type(error), error.stable_code) == (Unavailable, "store-busy")


def test_no_time_is_without_end() -> None:
    assert (milliseconds(0.0), milliseconds(1.5)) == ("1", "1500")
