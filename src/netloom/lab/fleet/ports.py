"""ovs-vswitchd's part in the database: a new interface gets an OpenFlow port number.

Rule 1: the database says what is there; nothing is remembered that it does not say.
Rule 2: numbers of a host only go up, as long as it lives.
"""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import Mapping

import msgspec

from netloom.wire.ovsdb import requests
from netloom.wire.ovsdb.connection import Connection
from netloom.wire.ovsdb.events import Reply, Update

_MONITOR = "fleet"
_UNSET = ["set", []]


class PortNumbers(asyncio.Protocol):
    """A client of one host's database that numbers its interfaces."""

    def __init__(self) -> None:
        self._wire = Connection()
        self._next = 1
        self._transport: asyncio.WriteTransport | None = None
        self.ready = asyncio.Event()

    @classmethod
    async def connect(cls, socket: pathlib.Path) -> PortNumbers:
        """Connect, and number what is there already."""
        _, client = await asyncio.get_running_loop().create_unix_connection(cls, str(socket))
        await client.ready.wait()
        return client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for all interfaces, now and later."""
        if isinstance(transport, asyncio.WriteTransport):
            self._transport = transport
        columns = {"Interface": [{"columns": ["name", "ofport"]}]}
        self._wire.request(requests.monitor("Open_vSwitch", _MONITOR, columns))
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Number what has no number."""
        for event in self._wire.receive_data(data):
            if isinstance(event, Update):
                self._number(event.tables)
            elif isinstance(event, Reply) and event.method == "monitor":
                self._number(event.value(dict[str, dict[str, msgspec.Raw]]))
                self.ready.set()
        self._flush()

    def _number(self, tables: Mapping[str, Mapping[str, msgspec.Raw]]) -> None:
        operations: list[object] = []
        for uuid, raw in tables.get("Interface", {}).items():
            change = msgspec.json.decode(raw, type=dict[str, dict[str, object]])
            number = change.get("new", {}).get("ofport")
            if isinstance(number, int) and number < 0xFF00:
                self._next = max(self._next, number + 1)
            elif number == _UNSET:
                operations.append(
                    {
                        "op": "update",
                        "table": "Interface",
                        "where": [["_uuid", "==", ["uuid", uuid]], ["ofport", "==", _UNSET]],
                        "row": {"ofport": self._next},
                    }
                )
                self._next += 1
        if operations:
            self._wire.request(requests.transact("Open_vSwitch", operations))

    def _flush(self) -> None:
        if self._transport is not None:
            self._transport.write(self._wire.data_to_send())
