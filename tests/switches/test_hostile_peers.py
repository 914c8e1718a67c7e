"""A peer that sends garbage, stalls, floods or is half gone costs its own session; others never notice."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from tests.sandbox.ovs import OvsSandbox
from tests.switches.stack import (
    Stack,
    config_of,
    eventually,
    host_id,
    host_view,
    network_view,
    nic_id,
    nic_view,
)

from netloom.aio.tasks import TaskKit
from netloom.model.endpoints import Endpoint, Scheme
from netloom.model.status import Phase
from netloom.switches.host_session import HostConfig
from netloom.switches.link import LinkPhase
from netloom.switches.listener import DialIn, ListenSettings
from netloom.switches.stream import Dialling

Behave = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(scope="module")
def switch() -> Iterator[OvsSandbox]:
    with OvsSandbox.started() as sandbox:
        sandbox.bridge("br-int")
        yield sandbox


@contextlib.asynccontextmanager
async def peer(path: Path, behave: Behave) -> AsyncIterator[None]:
    """Somebody who listens on a socket and behaves so."""
    kit = TaskKit("peer")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, ExceptionGroup):
                await behave(reader, writer)
        finally:
            writer.transport.abort()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kit.launch(serve(reader, writer), "serve")

    server = await asyncio.start_unix_server(accept, str(path))
    try:
        yield
    finally:
        server.close()
        await kit.close()


async def garbage(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(os.urandom(4096))
    await writer.drain()
    await asyncio.sleep(60)


async def deep_json(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"[" * 1_000_000)
    await asyncio.sleep(60)


async def endless_json(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b'{"id":0,"result":"')
    while True:
        writer.write(b"x" * 1_000_000)
        await writer.drain()


async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    while await reader.read(65536):
        pass


async def stalled(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def flood_of_echoes(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b'{"id":"echo","method":"echo","params":[]}' * 1000)
        await writer.drain()


async def closing(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    return


async def wrong_answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(65536)
    writer.write(b'{"id":0,"result":{"name":"Open_vSwitch","version":"1","tables":7},"error":null}')
    await asyncio.sleep(60)


@pytest.mark.parametrize(
    "behave",
    [garbage, deep_json, endless_json, silence, stalled, flood_of_echoes, closing, wrong_answers],
)
async def test_a_hostile_database_costs_its_own_session(
    switch: OvsSandbox, tmp_path: Path, behave: Behave
) -> None:
    # The peer lives in this process: to send 64 MB again every 0.2 s is work that a loaded machine does not get done beside.
    async with peer(tmp_path / "db.sock", behave), Stack(probe=0.3, slowest=4.0) as stack:
        stack.feed.put(host_view(1), host_view(2), network_view(1), nic_view(1))
        bad = stack.add_sandbox(2, tmp_path)
        stack.add_sandbox(1, switch.directory)
        await stack.in_sync(1)
        if behave is not flood_of_echoes:  # a flood of what is allowed is served, slowly
            await eventually(lambda: bad.links()[0].last_error is not None, lambda: str(bad.links()))
            assert stack.book.host_status(host_id(2)).phase is Phase.ERROR
        name = f"vif{behave.__name__}"[:14]
        switch.vsctl(
            *("add-port", "br-int", name, "--", "set", "interface", name, "type=internal"),
            "external_ids:iface-id=vif-1",
        )
        try:
            await eventually(lambda: stack.planner.view.placement(nic_id(1), host_id(1)) is not None)
            await stack.in_sync(1)
        finally:
            switch.vsctl("del-port", name)


HELLO = bytes.fromhex("0500000800000001")


async def openflow_garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HELLO + os.urandom(4096))
    await asyncio.sleep(60)


async def openflow_old(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(bytes.fromhex("0100000800000001"))
    await reader.read(65536)
    await asyncio.sleep(60)


async def openflow_packet_ins(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HELLO)
    packet_in = bytes.fromhex("050a0022000000000000000000000000000000000000000000010004000000000000")
    while True:
        writer.write(packet_in * 1000)
        await writer.drain()


@pytest.mark.parametrize(
    "behave", [openflow_garbage, openflow_old, openflow_packet_ins, silence, stalled, closing]
)
async def test_a_hostile_switch_costs_its_own_session(
    switch: OvsSandbox, tmp_path: Path, behave: Behave
) -> None:
    async with peer(tmp_path / "of.sock", behave), Stack(probe=0.3) as stack:
        stack.feed.put(host_view(2))
        config = HostConfig(
            host_id(2),
            "h2",
            "br-int",
            Endpoint(Scheme.UNIX, path=str(switch.db)),
            Endpoint(Scheme.UNIX, path=str(tmp_path / "of.sock")),
        )
        bad = stack.add_host(2, config)
        await eventually(lambda: bad.links()[0].phase is LinkPhase.CONNECTED)
        if behave is openflow_packet_ins:
            await eventually(lambda: bad.links()[1].throttled_seconds > 0)
        else:
            await eventually(lambda: bad.links()[1].last_error is not None, lambda: str(bad.links()))
        assert bad.links()[0].phase is LinkPhase.CONNECTED


class Proxy:
    """Stands between and can stop forwarding without closing: a half-open connection."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.frozen = asyncio.Event()
        self.connections = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        frozen = self.frozen
        there_reader, there_writer = await asyncio.open_unix_connection(str(self.target))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._copy(reader, there_writer, frozen))
                group.create_task(self._copy(there_reader, writer, frozen))
        finally:
            there_writer.transport.abort()

    @staticmethod
    async def _copy(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, frozen: asyncio.Event
    ) -> None:
        while data := await reader.read(65536):
            if frozen.is_set():
                await asyncio.sleep(60)
            writer.write(data)
            await writer.drain()
        writer.close()


@pytest.mark.parametrize("which", ["db.sock", "br-int.mgmt"])
async def test_half_open_connections_are_noticed_and_made_anew(
    switch: OvsSandbox, tmp_path: Path, which: str
) -> None:
    proxies = {name: Proxy(switch.directory / name) for name in ("db.sock", "br-int.mgmt")}
    async with (
        peer(tmp_path / "db.sock", proxies["db.sock"]),
        peer(tmp_path / "br-int.mgmt", proxies["br-int.mgmt"]),
        Stack(probe=0.3) as stack,
    ):
        stack.feed.put(host_view(1), network_view(1), nic_view(1))
        stack.add_host(1, config_of(1, tmp_path))
        await stack.in_sync(1)
        proxy = proxies[which]
        proxy.frozen.set()
        await eventually(lambda: not stack.book.in_sync(host_id(1)))
        failure = stack.book.host_failure(host_id(1))
        assert failure is not None
        assert failure.code == "peer-silent"
        proxy.frozen = asyncio.Event()
        await stack.in_sync(1)
        assert proxy.connections >= 2


async def test_strangers_at_the_door_are_few_and_short() -> None:
    class Nobody:
        def by_system_id(self, system_id: str) -> None:
            return None

        def by_datapath_id(self, datapath_id: str) -> None:
            return None

    settings = ListenSettings(Dialling(allow_tcp=True), unidentified=3, identify_seconds=1.0)
    door = DialIn(settings, Nobody())
    try:
        port = await door.listen_ovsdb(Endpoint(Scheme.TCP, "127.0.0.1", 0))
        # All knock at once: the last two come before the first three are out of time.
        streams = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in range(5)))
        await eventually(lambda: door.refused_connections == 2)
        # The three that were let in say nothing: they are closed in time.
        async with asyncio.timeout(20):
            for reader, _ in streams:
                with contextlib.suppress(ConnectionError):
                    while await reader.read(65536):
                        pass
        again, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await again.read(1) == b"{"
        writer.close()
        for _, old in streams:
            old.close()
    finally:
        await door.close()
