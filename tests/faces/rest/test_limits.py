"""What one client, and all together, may send: refused at once, with a status that says what was too much."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from netloom.base.errors import TooMany
from netloom.contract.problems import Problem
from netloom.faces.rest import problems
from netloom.faces.rest.limits import Places, TokenBucket
from netloom.faces.rest.settings import RestSettings

MakeHttp = Callable[..., httpx.AsyncClient]


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, Problem.model_validate_json(answer.content).code


async def test_announced_body_too_large(make_http: MakeHttp) -> None:
    http = make_http(RestSettings(max_body=1_000))
    answer = await http.post("/v1/zones", content=b"x" * 1_001)
    assert code_of(answer) == (413, "too-large")
    assert answer.headers["connection"] == "close"


async def test_streamed_body_too_large_is_not_kept_nor_read_to_its_end(
    make_http: MakeHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(problems, "LINGER_BYTES", 100_000)
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 10_000_000:
            sent += 10_000
            yield b" " * 10_000

    http = make_http(RestSettings(max_body=50_000))
    assert code_of(await http.post("/v1/zones", content=endless())) == (413, "too-large")
    assert sent < 200_000


async def test_slow_body(make_http: MakeHttp) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b'{"name":'
        await asyncio.Event().wait()

    http = make_http(RestSettings(body_seconds=0.05))
    assert code_of(await http.post("/v1/zones", content=slow())) == (408, "too-slow")


async def test_long_paths_and_headers(make_http: MakeHttp) -> None:
    http = make_http(RestSettings(max_url=1_000, max_headers=2_000))
    assert code_of(await http.get("/v1/zones/" + "x" * 1_000)) == (414, "uri-too-long")
    assert code_of(await http.get("/v1/zones?cursor=" + "x" * 1_000)) == (414, "uri-too-long")
    assert code_of(await http.get("/v1/zones", headers={"x-much": "y" * 2_000})) == (431, "headers-too-large")


async def test_rate(make_http: MakeHttp) -> None:
    http = make_http(RestSettings(rate=0.01, burst=3))
    codes = [(await http.get("/v1/zones")).status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    refused = await http.get("/v1/zones")
    assert code_of(refused) == (429, "rate-limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 101
    assert (await http.get("/healthz")).status_code == 200


async def test_places(make_http: MakeHttp, app: object) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def hold() -> AsyncIterator[bytes]:
        entered.set()
        await leave.wait()
        yield b'{"name": "late"}'

    http = make_http(RestSettings(max_requests=1))
    async with asyncio.TaskGroup() as group:
        first = group.create_task(http.post("/v1/zones", content=hold()))
        await entered.wait()
        refused = await http.get("/v1/zones")
        assert code_of(refused) == (429, "too-many-at-once")
        assert refused.headers["retry-after"] == "1"
        leave.set()
    assert first.result().status_code == 201
    assert (await http.get("/v1/zones")).status_code == 200


async def test_tokens(make_http: MakeHttp) -> None:
    settings = RestSettings(tokens=frozenset({"one", "two"}))
    http = make_http(settings, trust=False)
    refused = await http.get("/v1/zones")
    assert code_of(refused) == (401, "unauthenticated")
    assert refused.headers["www-authenticate"].startswith("Bearer")
    for header in ("Bearer three", "Bearer ", "Basic one", "one", "Bearer one two"):
        assert code_of(await http.get("/v1/zones", headers={"authorization": header})) == (
            401,
            "unauthenticated",
        )
    for token in ("one", "two"):
        assert (await http.get("/v1/zones", headers={"authorization": f"Bearer {token}"})).status_code == 200
    assert (await http.get("/healthz")).status_code == 200
    assert (await http.get("/readyz")).status_code == 200
    assert code_of(await http.get("/metrics")) == (401, "unauthenticated")
    assert "one" not in repr(settings)


async def test_no_tokens_let_nobody_in(make_http: MakeHttp) -> None:
    http = make_http(RestSettings(), trust=False)
    assert (await http.get("/v1/zones", headers={"authorization": "Bearer "})).status_code == 401


def test_bucket_refills_and_forgets() -> None:
    now = 0.0
    bucket = TokenBucket(2.0, 4, 3, lambda: now)
    assert [bucket.take("a") for _ in range(4)] == [0.0] * 4
    assert bucket.take("a") == pytest.approx(0.5)
    assert bucket.take("b") == 0.0
    now = 0.5
    assert bucket.take("a") == 0.0
    assert bucket.take("a") > 0.0
    for client in "cdefgh":
        bucket.take(client)
    assert len(bucket) == 3


def test_places_are_given_back() -> None:
    places = Places("things", 1)

    def fail() -> None:
        with places.held():
            raise KeyError("x")

    for _ in range(3):
        with pytest.raises(KeyError):
            fail()
    with places.held(), pytest.raises(TooMany):
        places.held().__enter__()
    assert places.taken == 0


async def test_who_waits_takes_no_place_of_a_request_however_it_is_written(make_http: MakeHttp) -> None:
    http = make_http(RestSettings(max_requests=1, max_waits=0))
    for query in ("wait=5", "%77ait=5", "limit=1&%77%61it=0"):
        refused = await http.get(f"/v1/networks/nothing?{query}")
        assert code_of(refused) == (429, "too-many-at-once")
        assert "waiting requests" in refused.text
    for query in ("", "?awaiting=1", "?limit=5&cursor=wait%3D"):
        assert "waiting" not in (await http.get(f"/v1/networks/nothing{query}")).text
