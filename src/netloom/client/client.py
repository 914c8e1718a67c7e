"""The asynchronous client.

Rule 1: one client, many tasks: connections are pooled and bounded; close it, or use it as a context.
Rule 2: what is created carries an idempotency key of its own, so a lost answer is asked for again, not done again.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Generic, Self, TypeVar

import httpx
from pydantic import TypeAdapter

from netloom.base.errors import NetloomError
from netloom.client import calls
from netloom.client.address import DEFAULT_SOCKET, parse_address
from netloom.client.calls import Call
from netloom.client.errors import NoAnswer, error_of, error_of_problem
from netloom.client.transport import Options, headers_of, lost, pause_before, read, request_of
from netloom.contract import kinds, reports
from netloom.contract.changes import Bookmark, Change, StreamError
from netloom.contract.documents import YAML_MEDIA_TYPE, Applied
from netloom.contract.hosts import Host, HostPatch, HostSpec
from netloom.contract.kinds import A, KindSchema, P, S
from netloom.contract.networks import Network, NetworkPatch, NetworkSpec
from netloom.contract.nics import BatchCreated, Nic, NicPatch, NicSpec
from netloom.contract.pages import MAX_LIMIT, Page
from netloom.contract.physical_networks import PhysicalNetwork, PhysicalNetworkPatch, PhysicalNetworkSpec
from netloom.contract.zones import Zone, ZonePatch, ZoneSpec

T = TypeVar("T")

MAX_WAIT = 300.0
"""Seconds that one request may wait; longer waits are made of several."""

STREAM_SILENCE = 60.0
"""Seconds without even a bookmark after which a watch counts as broken."""

_line: TypeAdapter[Change | Bookmark | StreamError] = TypeAdapter(Change | Bookmark | StreamError)


class NetloomClient:
    """The API of one netloomd.

    Args:
        server: `unix:PATH` or `http(s)://HOST:PORT`.
        token: bearer token; a Unix socket needs none.
        options: timeouts and retries.
        transport: httpx's, for tests and special routes.
    """

    def __init__(
        self,
        server: str = DEFAULT_SOCKET,
        *,
        token: str | None = None,
        options: Options | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._address = parse_address(server, token)
        self._options = options or Options()
        self._http = httpx.AsyncClient(
            headers=headers_of(self._address),
            transport=transport or httpx.AsyncHTTPTransport(uds=self._address.socket),
            trust_env=False,
        )
        self.zones: Collection[ZoneSpec, ZonePatch, Zone] = Collection(self, kinds.ZONE)
        self.physical_networks: Collection[PhysicalNetworkSpec, PhysicalNetworkPatch, PhysicalNetwork] = (
            Collection(self, kinds.PHYSICAL_NETWORK)
        )
        self.hosts: Collection[HostSpec, HostPatch, Host] = Collection(self, kinds.HOST)
        self.networks: Collection[NetworkSpec, NetworkPatch, Network] = Collection(self, kinds.NETWORK)
        self.nics: Collection[NicSpec, NicPatch, Nic] = Collection(self, kinds.NIC)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def send(self, call: Call[T]) -> T:
        """Do one call, again where that is safe.

        Raises:
            NetloomError: as the server says, or `NoAnswer`.
        """
        attempt = 0
        while True:
            attempt += 1
            status: int | None = None
            try:
                request = self._http.build_request(**request_of(call, self._address, self._options))  # type: ignore[arg-type]
                response = await self._http.send(request)
                status = response.status_code
                return read(call, response)
            except httpx.TransportError as error:
                failure: NetloomError = lost(error, self._address)
            except NetloomError as error:
                failure = error
            pause = pause_before(call, failure, status, attempt, self._options.tries)
            if pause is None:
                raise failure
            await asyncio.sleep(pause)

    async def create_nics(self, specs: Sequence[NicSpec], *, key: str | None = None) -> BatchCreated:
        """Many NICs in one transaction: all or none."""
        return await self.send(calls.create_nics(specs, key=key or str(uuid.uuid4())))

    async def attach(self, nic: str, host: str, device: str, *, wait: float = 0.0) -> Nic:
        """Plug a NIC into a device of a host."""
        return await self.send(calls.attach(nic, host, device, wait=wait))

    async def detach(self, nic: str, *, wait: float = 0.0) -> Nic:
        """Unplug a NIC."""
        return await self.send(calls.detach(nic, wait=wait))

    async def drain(self, host: str, *, on: bool = True, wait: float = 0.0) -> Host:
        """Let a host take no more NICs, or take them again."""
        return await self.send(calls.drain(host, on=on, wait=wait))

    async def pending_hosts(self) -> tuple[reports.PendingHost, ...]:
        """Hosts that dialled in and wait to be admitted."""
        return (await self.send(calls.pending_hosts())).items

    async def admit(self, ref: str, spec: HostSpec | None = None, *, wait: float = 0.0) -> Host:
        """Admit a pending host by its system-id or fingerprint."""
        return await self.send(calls.admit(ref, spec, wait=wait))

    async def apply(
        self, content: bytes, content_type: str = YAML_MEDIA_TYPE, *, wait: float = 0.0
    ) -> Applied:
        """Make everything in a file so.

        Raises:
            FileError: the file has mistakes; nothing was changed.
        """
        return await self.send(calls.apply(content, content_type, wait=wait))

    async def plan(self, content: bytes, content_type: str = YAML_MEDIA_TYPE) -> reports.PlanReport:
        """What applying a file would change; touches nothing."""
        return await self.send(calls.plan(content, content_type))

    async def export(self, content_type: str = YAML_MEDIA_TYPE, *, everything: bool = False) -> bytes:
        """What files declared, as a file that `apply` takes; `everything`: also what was made by calls."""
        return await self.send(calls.export(content_type, everything=everything))

    async def diff(self, host: str | None = None) -> reports.DiffReport:
        """Drift between desired and actual, read now."""
        return await self.send(calls.diff(host))

    async def host_report(self, ref: str) -> reports.HostReport:
        """What is going on on a host."""
        return await self.send(calls.host_report(ref))

    async def network_report(self, ref: str) -> reports.NetworkReport:
        """Where a network is and how it does."""
        return await self.send(calls.network_report(ref))

    async def explain_flow(self, host: str, cookie: int) -> reports.ExplainFlow:
        """Which objects caused the flows with a cookie."""
        return await self.send(calls.explain_flow(host, cookie))

    async def explain_nic(self, ref: str) -> reports.ExplainNic:
        """Where a NIC is, what it causes, what keeps it from working."""
        return await self.send(calls.explain_nic(ref))

    async def system(self) -> reports.SystemReport:
        """The daemon itself."""
        return await self.send(calls.system())

    async def watch(
        self, since: int | None = None, *, resume: bool = True
    ) -> AsyncIterator[Change | Bookmark]:
        """Changes as they become durable, with bookmarks between them; for ever.

        Args:
            since: revision after which to start (a page's `revision` misses nothing after the list); None: from now.
            resume: connect again after a break, from the last revision told.

        Raises:
            NetloomError: `revision-compacted` when `since` is too old; `NoAnswer` when not resuming.
        """
        failures = 0
        while True:
            try:
                async for item in self._stream(since):
                    failures = 0
                    since = item.revision
                    yield item
                failure = NoAnswer("the change stream ended", maybe_done=True)
            except httpx.TransportError as error:
                failure = lost(error, self._address)
            if not resume:
                raise failure
            failures += 1
            await asyncio.sleep(min(10.0, 0.2 * 2 ** min(failures, 6)))

    async def _stream(self, since: int | None) -> AsyncIterator[Change | Bookmark]:
        params = {} if since is None else {"since": str(since)}
        timeout = httpx.Timeout(self._options.timeout, read=STREAM_SILENCE)
        url = f"{self._address.base}/v1/watch"
        async with self._http.stream("GET", url, params=params, timeout=timeout) as response:
            if not response.is_success:
                raise error_of(response.status_code, await response.aread())
            async for line in response.aiter_lines():
                if not line:
                    continue
                item = _line.validate_json(line)
                if isinstance(item, StreamError):
                    raise error_of_problem(item.problem)
                yield item


class Collection(Generic[S, P, A]):
    """The objects of one kind."""

    def __init__(self, client: NetloomClient, schema: KindSchema[S, P, A]) -> None:
        self._client = client
        self._schema = schema

    async def create(self, spec: S, *, wait: float = 0.0, key: str | None = None) -> A:
        """Create one; `key` names this creation for ever, one is made up when not given."""
        return await self._client.send(
            calls.create(self._schema, spec, key=key or str(uuid.uuid4()), wait=wait)
        )

    async def get(self, ref: str) -> A:
        """Read one by name or id."""
        return await self._client.send(calls.get(self._schema, ref))

    async def page(
        self,
        *,
        filters: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Page[A]:
        """One page."""
        return await self._client.send(
            calls.page(self._schema, filters=filters, labels=labels, limit=limit, cursor=cursor)
        )

    async def list(self, labels: Mapping[str, str] | None = None, **filters: str) -> AsyncIterator[A]:
        """All that match, page by page."""
        cursor: str | None = None
        while True:
            found = await self.page(filters=filters, labels=labels, limit=MAX_LIMIT, cursor=cursor)
            for item in found.items:
                yield item
            cursor = found.next_cursor
            if cursor is None:
                return

    async def update(self, ref: str, patch: P, *, if_generation: int | None = None, wait: float = 0.0) -> A:
        """Change fields; with a generation only if nobody changed it since (`StaleVersion`)."""
        return await self._client.send(
            calls.update(self._schema, ref, patch, if_generation=if_generation, wait=wait)
        )

    async def delete(self, ref: str, *, if_generation: int | None = None) -> A:
        """Delete; gives the object as it was."""
        return await self._client.send(calls.delete(self._schema, ref, if_generation=if_generation))

    async def wait(self, ref: str, timeout: float) -> A:  # noqa: ASYNC109 - several requests share it
        """The object when its status is Done, or as it is after `timeout` seconds."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while True:
            left = max(0.001, deadline - loop.time())
            item = await self._client.send(calls.get(self._schema, ref, wait=min(left, MAX_WAIT)))
            if item.status.phase == "Done" or loop.time() >= deadline:
                return item
