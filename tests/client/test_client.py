"""The SDK against a live server, over the Unix socket and over TCP with a token."""

from __future__ import annotations

import httpx
import pytest

from netloom.base.errors import (
    Conflict,
    InvalidInput,
    NetloomError,
    NotFound,
    PeerError,
    StaleVersion,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from netloom.client import FileError, NetloomClient, SyncClient, calls
from netloom.client.address import parse_address, read_token
from netloom.client.errors import NoAnswer, error_of
from netloom.client.transport import Options, pause_before
from netloom.contract.hosts import HostSpec
from netloom.contract.kinds import ZONE
from netloom.contract.networks import NetworkPatch, NetworkSpec
from netloom.contract.nics import NicSpec
from netloom.contract.zones import ZoneSpec

TOKEN = "correct-horse-battery-staple"


async def test_everything_over_both_transports(live: object) -> None:
    async with NetloomClient(live.unix) as unix, NetloomClient(live.tcp, token=TOKEN) as tcp:  # type: ignore[attr-defined]
        network = await unix.networks.create(NetworkSpec(name="蓝", cidr="10.0.0.0/24"), wait=5)
        assert (await tcp.networks.get("蓝")) == network
        made = await tcp.create_nics([NicSpec(name=f"n{i}", network="蓝") for i in range(20)])
        assert made.count == 20
        assert [nic.name async for nic in unix.nics.list(network="蓝")] == [f"n{i}" for i in range(20)]
        host = await unix.hosts.create(HostSpec(name="h1", tunnel_ip="192.0.2.1"))
        nic = await tcp.attach("n0", host.id, "tap0", wait=1)
        assert nic.attachment is not None
        assert (await tcp.detach("n0")).attachment is None
        assert (await unix.drain("h1")).drain
        assert (await unix.host_report("h1")).in_sync
        assert (await unix.network_report("蓝")).nics == 2
        assert (await unix.explain_nic("n0")).name == "n0"
        assert (await unix.explain_flow("h1", 2**63)).cookie == 2**63
        assert (await unix.diff()).clean
        assert (await unix.system()).counts["Nic"] == 20
        assert await unix.pending_hosts() == ()
        exported = await unix.export()
        assert (await tcp.apply(exported, wait=1)).unchanged == 24
        assert (await tcp.plan(exported)).objects == ()
        assert (await unix.nics.wait("n1", 1)).status.phase == "Done"
        assert (await unix.nics.delete("n1")).name == "n1"


async def test_errors_come_back_as_they_were(live: object) -> None:
    async with NetloomClient(live.unix) as client:  # type: ignore[attr-defined]
        with pytest.raises(NotFound) as missing:
            await client.nics.get("none")
        assert missing.value.stable_code == "nic-not-found"
        with pytest.raises(InvalidInput) as wrong:
            await client.networks.create(NetworkSpec(name="x", cidr="10.0.0.1/24"))
        assert (wrong.value.subject, wrong.value.hint) == ("cidr", "did you mean 10.0.0.0/24?")
        network = await client.networks.create(NetworkSpec(name="x", cidr="10.0.0.0/24"))
        with pytest.raises(Conflict) as taken:
            await client.networks.create(NetworkSpec(name="x", cidr="10.0.0.0/24"))
        assert taken.value.stable_code == "name-taken"
        await client.networks.update("x", NetworkPatch(labels={"a": "b"}))
        with pytest.raises(StaleVersion) as stale:
            await client.networks.update("x", NetworkPatch(labels={}), if_generation=network.generation)
        assert stale.value.current == 2
        with pytest.raises(FileError) as mistakes:
            await client.apply(b"kind: Zone\nname: 1\n---\nkind: Zone\nname: 2\n")
        assert [(mistake.document, mistake.line) for mistake in mistakes.value.mistakes] == [(0, 2), (1, 5)]
    async with NetloomClient(live.tcp, token="wrong") as stranger:  # type: ignore[attr-defined]
        with pytest.raises(Unauthenticated):
            await stranger.system()


async def test_nobody_there(tmp_path: object) -> None:
    async with NetloomClient(f"unix:{tmp_path}/none.sock", options=Options(tries=1)) as client:
        with pytest.raises(NoAnswer) as nobody:
            await client.system()
        assert not nobody.value.maybe_done
        assert "netloomd" in (nobody.value.hint or "")


def flaky(answers: list[httpx.Response | Exception], seen: list[httpx.Request]) -> httpx.AsyncBaseTransport:
    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return httpx.MockTransport(handle)


ZONE_BODY = {
    "id": "x", "number": 1, "name": "z", "generation": 1, "revision": 1, "status": {"phase": "Done"},
    "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "from_a_newer_server": 1,
}  # fmt: skip


async def test_creation_is_retried_with_the_same_key() -> None:
    seen: list[httpx.Request] = []
    answers: list[httpx.Response | Exception] = [
        httpx.ReadError("reset"),
        httpx.Response(503, json={}),
        httpx.Response(201, json=ZONE_BODY),
    ]
    async with NetloomClient("http://x", transport=flaky(answers, seen)) as client:
        assert (await client.zones.create(ZoneSpec(name="z"))).name == "z"
    assert len({request.headers["idempotency-key"] for request in seen}) == 1
    assert len(seen) == 3


async def test_deletion_is_not_retried_when_the_answer_was_lost() -> None:
    seen: list[httpx.Request] = []
    async with NetloomClient("http://x", transport=flaky([httpx.ReadError("reset")], seen)) as client:
        with pytest.raises(NoAnswer) as lost:
            await client.zones.delete("z")
    assert lost.value.maybe_done
    assert len(seen) == 1


async def test_answers_that_are_not_the_api() -> None:
    answers: list[httpx.Response | Exception] = [httpx.Response(200, text="<html>")]
    async with NetloomClient("http://x", transport=flaky(answers, [])) as client:
        with pytest.raises(PeerError, match="not what the API says"):
            await client.system()


def test_pauses() -> None:
    create = calls.create(ZONE, ZoneSpec(name="z"), key="k")
    delete = calls.delete(ZONE, "z")
    busy, gone = TooMany("x", retry_after=3.0), Unavailable("x")
    assert 3.0 <= (pause_before(create, busy, 429, 1, 4) or 0) <= 10.0
    assert pause_before(delete, busy, 429, 1, 4) is not None
    assert pause_before(delete, gone, 503, 1, 4) is None
    assert pause_before(create, gone, 503, 4, 4) is None
    assert pause_before(create, NotFound("x"), 404, 1, 4) is None
    assert pause_before(delete, NoAnswer("x", maybe_done=False), None, 1, 4) is not None


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, b"not json", NotFound),
        (500, b"", NetloomError),
        (503, b"<html>", Unavailable),
        (418, b"{}", NetloomError),
        (
            409,
            b'{"type":"t","title":"T","status":409,"detail":"full","code":"exhausted"}',
            Conflict.__mro__[1],
        ),
    ],
)
def test_any_error_answer_becomes_an_exception(status: int, body: bytes, kind: type[NetloomError]) -> None:
    assert isinstance(error_of(status, body), kind)


@pytest.mark.parametrize("text", ["unix:relative", "ftp://x", "", "http://", "/run/x"])
def test_wrong_addresses(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_address(text)


def test_token_file(tmp_path: object) -> None:
    path = f"{tmp_path}/token"
    with open(path, "w") as file:
        file.write("secret\n")
    assert read_token(path) == "secret"
    assert "secret" not in repr(parse_address("http://x:1", "secret"))
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_token(f"{tmp_path}/none")


def test_sync_client(live: object) -> None:
    seen: list[str] = []

    def trace(request: httpx.Request, _response: httpx.Response | None, _seconds: float) -> None:
        seen.append(request.method)

    with SyncClient(live.unix, trace=trace) as client:  # type: ignore[attr-defined]
        zone = client.send(calls.create(ZONE, ZoneSpec(name="s"), key="k1"))
        assert client.send(calls.get(ZONE, "s")) == zone
        for item in client.watch(0):
            if item.revision >= zone.revision:
                break
    assert seen == ["POST", "GET", "GET"]
