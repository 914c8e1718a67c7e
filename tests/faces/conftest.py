"""The REST face over a real App on a real SQLite file; only the switches behind the runtime port are told what to say."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
import logging
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import structlog
import uvicorn
from tests.testing import passwords, templates
from tests.testing.engines import share_statements

from netloom.aio.tasks import TaskKit
from netloom.app.cloud.backends import Backends
from netloom.app.cloud.catalogue import by_name
from netloom.app.cloud.identity import Identities
from netloom.app.cloud.resources.acting import Resources
from netloom.app.cloud.resources.kinds import CloudKinds, cloud_kinds
from netloom.app.ports import PlannedChange, Preview
from netloom.app.reports import (
    Action,
    DiffReport,
    ErrorReport,
    ExplainFlow,
    ExplainNic,
    FindingReport,
    FlowChange,
    FlowCounts,
    HostChanges,
    HostReport,
    LinkReport,
    LinkState,
    NetworkOnHost,
    NetworkReport,
    NicFlows,
    PendingHost,
    PlacementReport,
    PortChange,
    PortReport,
    QueueReport,
    Reason,
    SwitchReport,
    SystemReport,
    TunnelReport,
)
from netloom.app.service import App
from netloom.base.ids import HostId, Uuid
from netloom.daemon.cloud import seeded_cloud
from netloom.faces.rest.api import create_api
from netloom.faces.rest.auth import trusted
from netloom.faces.rest.cloud.parts import CloudParts
from netloom.faces.rest.server import server_config
from netloom.faces.rest.settings import RestSettings
from netloom.model.kinds import Kind
from netloom.model.objects import Host, Network, Nic, Object
from netloom.model.status import Finding, Phase, Severity, Status
from netloom.store.store import Store, StoreOptions, open_store

share_statements()
passwords.make_cheap()
# httpx asks for it at each request to an application; that it is absent is looked up on the disk each time, a tenth of all.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]
TOKEN = "correct-horse-battery-staple"
THEN = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
H1 = HostId(Uuid("00000000-0000-4000-8000-000000000001"))
ERROR = ErrorReport("peer-unreachable", "no route to host", THEN, "host/h1", "is it up?", 3, THEN)
WHY = (Reason("Nic", "a", None, "unicast to the NIC"),)


@functools.cache
def every_kind() -> CloudKinds:
    """The cloud's kinds, the same for all tests."""
    return cloud_kinds(by_name())


@dataclass
class ToldRuntime:
    """Says what a full house of switches would; `done` decides what every status is."""

    done: bool = True
    pending: tuple[PendingHost, ...] = ()
    settle: asyncio.Event = field(default_factory=asyncio.Event)
    previewed: list[PlannedChange] = field(default_factory=list)
    clean: bool = True

    def status(self, item: Object) -> Status:
        if self.done:
            return Status(phase=Phase.DONE, generation=item.generation, since=THEN)
        return Status(
            phase=Phase.PENDING, reason="being applied", code="applying", behind=("h1",), next_try=THEN
        )

    def findings(self, kind: Kind, item_id: Uuid) -> tuple[Finding, ...]:
        if kind is not Kind.NETWORK:
            return ()
        return (
            Finding(
                code="mtu-too-small", message="h1 carries 1400", severity=Severity.WARNING, hint="raise it"
            ),
        )

    async def settled(self, item: Object) -> None:
        if not self.done:
            await self.settle.wait()

    def pending_hosts(self) -> tuple[PendingHost, ...]:
        return self.pending

    def host_report(self, host: Host) -> HostReport:
        return HostReport(
            host.id,
            host.name,
            in_sync=True,
            wanted_revision=7,
            applied_revision=7,
            links=(
                LinkReport(
                    "ovsdb", LinkState.CONNECTED, "ssl:192.0.2.11:6640", THEN, "8.3.1", received=10, sent=20
                ),
                LinkReport("openflow", LinkState.BACKOFF, attempts=2, next_try=THEN, last_error=ERROR),
            ),
            switch=SwitchReport(
                "sys-1", "3.1.0", "8.3.1", "0000000000000001", "netdev", ("netdev", "system")
            ),
            flows=FlowCounts(120, 120, 3, 2, 2, THEN, 130, 1, 9),
            ports=(PortReport("tap0", 5, identity="vm-a", nic="a", network="blue", mtu=1450, link_up=True),),
            ports_omitted=4,
            tunnels=(TunnelReport("nl-geneve", "geneve", 1, "192.0.2.11", ("192.0.2.12",), 2),),
            queues=(QueueReport("host-steps", 0, 1000),),
            findings=(FindingReport("duplicate-identity", "vm-a on two hosts", "unplug one", WHY),),
            last_error=ERROR,
            last_read=THEN,
            busy="applying 12 steps",
        )

    def network_report(self, network: Network) -> NetworkReport:
        return NetworkReport(
            network.id,
            network.name,
            network.isolation.value,
            network.segment,
            network.guest_mtu,
            overhead=58,
            nics=2,
            nics_placed=1,
            hosts=(NetworkOnHost(H1, "h1", 1, 14, True, ("tap0",)),),
            unplaced=("b",),
        )

    def system_report(self) -> SystemReport:
        return SystemReport("0", THEN, "", 0, queues=(QueueReport("store", 0, 4096),), run_level="serving")

    async def diff(self, hosts: Sequence[Host]) -> DiffReport:
        if self.clean:
            return DiffReport(True, tuple(HostChanges(host.id, host.name, read_at=THEN) for host in hosts))
        return DiffReport(False, tuple(changes(host.id, host.name) for host in hosts))

    async def preview(self, changes_: Sequence[PlannedChange]) -> Preview:
        self.previewed = list(changes_)
        return Preview((changes(H1, "h1"),)) if changes_ else Preview()

    async def explain_flow(self, host: Host, cookie: int) -> ExplainFlow:
        return ExplainFlow(
            host.id, host.name, cookie, True, 1, 1, "nic-unicast", 17, ("table=40,actions=drop",), (), WHY
        )

    async def explain_nic(self, nic: Nic) -> ExplainNic:
        return ExplainNic(
            nic.id,
            nic.name,
            nic.network_id,
            nic.network,
            nic.identity,
            placements=(PlacementReport(H1, "h1", "tap0", 5, THEN),),
            hosts=(NicFlows(H1, "h1", "local", ("table=0,in_port=5 actions=drop",), True),),
            findings=(FindingReport("no-attachment", "nobody attached it", "netloom nic attach"),),
        )


def changes(host_id: Uuid, name: str) -> HostChanges:
    """One of everything."""
    return HostChanges(
        host_id,
        name,
        adds=1,
        changes=1,
        removes=1,
        ports=(PortChange(Action.ADD, "nl-gre", "type=gre", None, WHY),),
        flows=(
            FlowChange(Action.CHANGE, "table=0,actions=drop", 1, "table=0,actions=normal", WHY),
            FlowChange(Action.REMOVE, "table=1,actions=drop", 2),
        ),
        read_at=THEN,
    )


@pytest.fixture
def runtime() -> ToldRuntime:
    return ToldRuntime()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(StoreOptions(templates.migrated(tmp_path / "netloom.db"))) as opened:
        yield opened


@pytest.fixture
def app(store: Store, runtime: ToldRuntime) -> App:
    return App(store, runtime)


MakeHttp = Callable[..., httpx.AsyncClient]


@pytest.fixture
async def make_http(app: App) -> AsyncIterator[MakeHttp]:
    """A client of a face with settings of the test's own."""
    opened: list[httpx.AsyncClient] = []

    def make(settings: RestSettings | None = None, *, trust: bool = True) -> httpx.AsyncClient:
        api = create_api(app, settings or RestSettings(tokens=frozenset({TOKEN})))
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(trusted(api) if trust else api), base_url="http://netloomd"
        )
        opened.append(client)
        return client

    yield make
    for client in opened:
        await client.aclose()


@pytest.fixture
def http(make_http: MakeHttp) -> httpx.AsyncClient:
    return make_http()


@dataclass
class LiveServer:
    """netloomd's face on a Unix socket and on TCP, in a thread of its own."""

    unix: str
    tcp: str
    runtime: ToldRuntime


@pytest.fixture
def quiet() -> Iterator[None]:
    """No log of the server between the answers of the command line under test."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.fixture
def live(quiet: None, tmp_path: Path) -> Iterator[LiveServer]:
    with served(tmp_path, _no_cloud) as server:
        yield server


@pytest.fixture
def live_cloud(quiet: None, tmp_path: Path) -> Iterator[LiveServer]:
    """The same with the cloud's kinds, doing their jobs."""
    with served(tmp_path, _cloud) as server:
        yield server


@asynccontextmanager
async def _no_cloud(_store: Store) -> AsyncIterator[CloudParts | None]:
    yield None


@asynccontextmanager
async def _cloud(store: Store) -> AsyncIterator[CloudParts | None]:
    made = await seeded_cloud(store, Backends())
    resources = Resources(made, every_kind())
    async with TaskKit("cloud") as kit:
        kit.launch(made.run(), "jobs")
        yield CloudParts(resources, Identities(made).signer, lambda: [("store", "system", True)])


@contextmanager
def served(
    tmp_path: Path, parts_of: Callable[[Store], AbstractAsyncContextManager[CloudParts | None]]
) -> Iterator[LiveServer]:
    path = tmp_path / "netloomd.sock"
    unix, tcp = socket.socket(socket.AF_UNIX), socket.socket()
    unix.bind(str(path))
    tcp.bind(("127.0.0.1", 0))
    for listener in (unix, tcp):
        listener.listen(64)
    ready, servers = threading.Event(), list[uvicorn.Server]()
    runtime_ = ToldRuntime()
    failure: list[BaseException] = []

    async def serve() -> None:
        async with (
            open_store(StoreOptions(templates.migrated(tmp_path / "live.db"))) as opened,
            parts_of(opened) as parts,
        ):
            settings = RestSettings(tokens=frozenset({TOKEN}), heartbeat=0.2)
            api = create_api(App(opened, runtime_), settings, cloud=parts)
            servers.append(uvicorn.Server(server_config(trusted(api))))
            servers.append(uvicorn.Server(server_config(api)))
            async with asyncio.TaskGroup() as group:
                group.create_task(_serve(servers[0], unix))
                group.create_task(_serve(servers[1], tcp))
                while not all(server.started for server in servers):  # noqa: ASYNC110 - uvicorn has no event
                    await asyncio.sleep(0.005)
                ready.set()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:  # noqa: BLE001 - told to the test
            failure.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="live-server")
    thread.start()
    assert ready.wait(20)
    assert not failure, failure
    host, port = tcp.getsockname()
    yield LiveServer(f"unix:{path}", f"http://{host}:{port}", runtime_)
    for server in servers:
        server.should_exit = True
        server.force_exit = True
    thread.join(20)
    assert not thread.is_alive()
    unix.close()
    tcp.close()
    assert not failure, failure


async def _serve(server: uvicorn.Server, listener: socket.socket) -> None:
    # Not Server.serve: it takes the process's signals, which belong to the main thread.
    await server._serve([listener])
