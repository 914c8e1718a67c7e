"""One netloomd a store: the second one is refused, and what dies lets go."""

from __future__ import annotations

import asyncio
import pathlib
import subprocess
import sys

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from structlog.testing import capture_logs
from tests.sandbox.postgres import PostgresServer, shared_server
from tests.sandbox.silent_proxy import silent_proxy

from netloom.store import sole as sole_module
from netloom.store.errors import StoreRefused
from netloom.store.patience import Timeouts
from netloom.store.sole import KEY, sole


class Hand:
    """A clock that goes on by what is slept."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    def wall(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds
        await asyncio.sleep(0)


def never() -> None:
    raise AssertionError("it was not lost")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def url(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> str:
    if request.param == "postgresql":
        return await asyncio.to_thread(shared_server().new_database)
    return f"sqlite:///{tmp_path}/netloom.db"


async def test_the_second_one_is_refused_until_the_first_is_gone(url: str) -> None:
    async with sole(url, lost=never):
        with pytest.raises(StoreRefused) as caught:
            async with sole(url, lost=never, clock=Hand()):
                pass
        assert caught.value.stable_code == "store-in-use"
        assert "one netloomd a store" in str(caught.value.hint)
    async with sole(url, lost=never, patience=0.0):
        pass


async def test_a_place_that_is_not_there_is_said(tmp_path: pathlib.Path) -> None:
    with pytest.raises(StoreRefused, match="No such file"):
        async with sole(f"sqlite:///{tmp_path}/none/netloom.db", lost=never):
            pass


def test_one_that_is_killed_lets_go(tmp_path: pathlib.Path) -> None:
    url = f"sqlite:///{tmp_path}/netloom.db"
    program = (
        "import asyncio, sys\n"
        "from netloom.store.sole import sole\n"
        "async def hold():\n"
        "    async with sole(sys.argv[1], lost=sys.exit):\n"
        "        print('held', flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(hold())\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, url], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"

        async def second(patience: float) -> None:
            async with sole(url, lost=never, patience=patience):
                pass

        with pytest.raises(StoreRefused):
            asyncio.run(second(0.0))
        holder.kill()
        holder.wait()
    asyncio.run(second(0.0))


@pytest.mark.postgres
@pytest.mark.parametrize("taken", [False, True])
async def test_a_session_that_is_lost_is_had_again_or_the_process_ends(taken: bool) -> None:
    url = await asyncio.to_thread(shared_server().new_database)
    lost: list[None] = []
    async with sole(url, lost=lambda: lost.append(None), clock=Hand()) as kept:
        assert await kept.step()
        engine = create_async_engine(
            url.replace("postgresql:", "postgresql+asyncpg:"), isolation_level="AUTOCOMMIT"
        )
        async with engine.connect() as other:
            await other.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
                    f" WHERE locktype = 'advisory' AND objid = {KEY} AND d.datname = current_database()"
                )
            )
            await other.execute(text(f"SELECT pg_advisory_lock({KEY})"))  # as soon as the session is gone
            if taken:
                await kept.run()
                assert len(lost) == 1
            else:
                await other.execute(text(f"SELECT pg_advisory_unlock({KEY})"))
                assert await kept.step()
                assert not await other.scalar(text(f"SELECT pg_try_advisory_lock({KEY})")), "it has it again"
        await engine.dispose()


@pytest.mark.postgres
async def test_a_server_that_is_away_is_said_once_and_takes_nothing_from_its_owner() -> None:
    server = PostgresServer()
    try:
        async with sole(server.new_database(), lost=never) as kept:
            server.halt()
            with capture_logs() as said:
                assert await kept.step()
                assert await kept.step()
            assert [line["event"] for line in said] == ["store not locked"]
            server.start()
            assert await kept.step()
            assert await kept.step()
    finally:
        server.remove()


@pytest.mark.postgres
async def test_a_server_that_says_nothing_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    url = await asyncio.to_thread(shared_server().new_database)
    async with silent_proxy(url) as (proxy, through), sole(through, lost=never) as kept:
        # Only now: it is taken from a server that answers, however slow the machine is.
        monkeypatch.setattr(sole_module, "EVERY", 0.2)
        monkeypatch.setattr(sole_module, "TIMEOUTS", Timeouts(connect=0.3))
        proxy.go_silent()
        for _ in range(2):
            assert await kept.step(), "nobody else is known to have it"
        proxy.speak()
        async with asyncio.timeout(30):
            while not await kept._lock.is_held():
                assert await kept.step()
        proxy.go_silent()  # who lets go of it waits for nobody either
