"""Logging in by password, the two halves of a session, its end, and how guessing is slowed."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import msgspec
import pytest
from tests.faces.cloudstack.replay.server import http_to, running_cloud

from netloom.app.cloud.backends import Backends
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.identity import Identities
from netloom.app.cloud.identity_passwords import make_hash
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import Work
from netloom.base.ids import Uuid
from netloom.faces.cloudstack.app import CloudStackFace
from netloom.faces.cloudstack.sessions import LoginThrottle, SessionBook
from netloom.faces.cloudstack.settings import FaceSettings
from netloom.model.cloud.identity import ADMIN_USER_ID, AccountState, User

PASSWORD = "right & proper+"


@dataclass
class ManualClock:
    """Goes on only by sleeping, which takes no time."""

    at: float = 1_000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    def wall(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


@pytest.fixture
async def cloud_with_password(tmp_path: pathlib.Path) -> AsyncIterator[Cloud]:
    backends = Backends(first_password=make_hash(PASSWORD, b"salt" * 4))
    async with running_cloud(tmp_path / "netloom.db", backends) as cloud:
        yield cloud


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def http(cloud_with_password: Cloud, clock: ManualClock) -> AsyncIterator[httpx.AsyncClient]:
    face = CloudStackFace(cloud_with_password, Identities(cloud_with_password), clock=clock)
    async with http_to(face) as http:
        yield http


async def login(http: httpx.AsyncClient, password: str = PASSWORD, username: str = "admin") -> httpx.Response:
    query = {
        "command": "login",
        "username": username,
        "password": password,
        "domain": "/",
        "response": "json",
    }
    return await http.post("/client/api", params=query)


async def ask(http: httpx.AsyncClient, key: str) -> int:
    query = {"command": "listCapabilities", "sessionkey": key, "response": "json"}
    return (await http.get("/client/api", params=query)).status_code


async def test_a_session_needs_cookie_and_key(http: httpx.AsyncClient) -> None:
    answer = await login(http)
    assert answer.status_code == 200
    told = answer.json()["loginresponse"]
    assert (told["username"], told["account"], told["type"]) == ("admin", "admin", "1")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert await ask(http, told["sessionkey"]) == 200
    assert await ask(http, "another") == 401
    http.cookies.clear()
    assert await ask(http, told["sessionkey"]) == 401


async def test_a_wrong_password_is_531_and_the_same_as_no_such_user(http: httpx.AsyncClient) -> None:
    wrong, nobody = await login(http, "wrong"), await login(http, "wrong", "nobody")
    assert wrong.status_code == nobody.status_code == 531
    assert wrong.json() == nobody.json()
    assert wrong.headers["x-description"]
    assert "set-cookie" not in wrong.headers


@pytest.mark.parametrize("missing", ["username", "password"])
async def test_login_needs_both(http: httpx.AsyncClient, missing: str) -> None:
    query = {"command": "login", "username": "admin", "password": PASSWORD, "response": "json"}
    answer = await http.post("/client/api", params={k: v for k, v in query.items() if k != missing})
    assert (answer.status_code, answer.json()["loginresponse"]["errorcode"]) == (431, 431)


async def test_logout_ends_the_session(http: httpx.AsyncClient) -> None:
    key = (await login(http)).json()["loginresponse"]["sessionkey"]
    out = await http.get("/client/api?command=logout&response=json")
    assert out.json() == {"logoutresponse": {"description": "success"}}
    assert await ask(http, key) == 401


async def test_a_wrong_key_ends_no_session(http: httpx.AsyncClient) -> None:
    key = (await login(http)).json()["loginresponse"]["sessionkey"]
    await http.get("/client/api?command=logout&sessionkey=another&response=json")
    assert await ask(http, key) == 200


async def test_no_page_of_somebody_else_can_send_the_cookie(http: httpx.AsyncClient) -> None:
    assert "SameSite=Strict" in (await login(http)).headers["set-cookie"]


@pytest.mark.parametrize(
    "change", [{"password": make_hash("other", b"salt" * 4)}, {"state": AccountState.DISABLED}]
)
async def test_a_session_ends_for_good_when_password_or_state_change(
    cloud_with_password: Cloud, http: httpx.AsyncClient, change: dict[str, Any]
) -> None:
    key = (await login(http)).json()["loginresponse"]["sessionkey"]

    def put(work: Work, change: dict[str, Any]) -> User:
        before = work.records.get(User, ADMIN_USER_ID)
        assert before is not None
        work.update(msgspec.structs.replace(before, **change))
        return before

    before = await cloud_with_password.write_as(system_caller(), "test", lambda work: put(work, change))
    assert await ask(http, key) == 401
    back = {name: getattr(before, name) for name in change}
    await cloud_with_password.write_as(system_caller(), "test", lambda work: put(work, back))
    assert await ask(http, key) == 401
    assert (await login(http)).status_code == 200


async def test_a_session_ends_after_half_an_hour_of_silence(
    http: httpx.AsyncClient, clock: ManualClock
) -> None:
    key = (await login(http)).json()["loginresponse"]["sessionkey"]
    for _ in range(3):
        clock.at += 1_700
        assert await ask(http, key) == 200
    clock.at += 1_801
    assert await ask(http, key) == 401


async def test_guessing_gets_slower_and_the_right_password_still_works(
    http: httpx.AsyncClient, clock: ManualClock
) -> None:
    for _ in range(8):
        assert (await login(http, "guess")).status_code == 531
    waits = list(clock.slept)
    assert waits[:5] == [0.0] * 5
    assert waits[5:] == sorted(waits[5:]) != [0.0] * 3
    assert (await login(http)).status_code == 200
    assert clock.slept[-1] >= waits[-1]


@pytest.mark.parametrize("bound", ["max_logins", "max_logins_of_address", "max_logins_of_user"])
async def test_only_so_many_log_in_at_a_time(cloud_with_password: Cloud, bound: str) -> None:
    settings = replace(FaceSettings(), **{bound: 0})
    face = CloudStackFace(cloud_with_password, Identities(cloud_with_password), settings)
    async with http_to(face) as http:
        assert (await login(http)).status_code == 429


async def test_guessing_one_users_password_keeps_nobody_else_from_logging_in(
    cloud_with_password: Cloud,
) -> None:
    waiting, go_on = asyncio.Event(), asyncio.Event()

    class HeldClock(ManualClock):
        async def sleep(self, seconds: float) -> None:
            if seconds:
                waiting.set()
                await go_on.wait()

    settings = FaceSettings(login_free=1, max_logins_of_user=1)
    face = CloudStackFace(cloud_with_password, Identities(cloud_with_password), settings, clock=HeldClock())
    there = httpx.ASGITransport(app=face, client=("192.0.2.1", 1))
    async with (
        httpx.AsyncClient(transport=there, base_url="http://netloom") as guesser,
        http_to(face) as http,
    ):
        assert (await login(guesser, "guess", "somebody")).status_code == 531
        held = asyncio.create_task(login(guesser, "guess", "somebody"))
        await waiting.wait()
        assert (await login(guesser, "guess", "somebody")).status_code == 429
        assert (await login(http)).status_code == 200
        go_on.set()
        assert (await held).status_code == 531


def test_the_book_forgets_whoever_was_silent_longest() -> None:
    clock = ManualClock()
    book = SessionBook(idle=100.0, limit=2, clock=clock.now)
    first, second = book.open(Uuid("a"), "m"), book.open(Uuid("b"), "m")
    assert book.find(first.cookie, first.key) == first
    third = book.open(Uuid("c"), "m")
    assert len(book) == 2
    assert book.find(second.cookie, second.key) is None
    assert book.find(third.cookie, third.key) == third


def test_the_throttle_is_bounded_and_forgets() -> None:
    clock = ManualClock()
    throttle = LoginThrottle(free=1, window=60.0, longest=2.0, limit=3, clock=clock.now)
    for name in "abcdefgh":
        throttle.failed(name)
    assert len(throttle._failures) == 3
    for _ in range(200):
        throttle.failed("z")
    assert throttle.wait("z", "y") == 2.0
    clock.at += 61
    assert throttle.wait("z") == 0.0
