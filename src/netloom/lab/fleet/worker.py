"""One process of simulated switches: `python -m netloom.lab.fleet.worker DIRECTORY FIRST COUNT`.

Says `ready` on standard output when all of its switches take connections, and ends on SIGTERM.
On SIGUSR1 it writes `worker-FIRST.json` into the directory: flows, flow_mods and sessions of every switch.
"""

from __future__ import annotations

import asyncio
import json
import pathlib
import signal
import sys

from netloom.lab.fleet.openflow import Session, Switch
from netloom.lab.fleet.ports import PortNumbers


class _Server(asyncio.Protocol):
    def __init__(self, host: SimulatedHost) -> None:
        self._host = host
        self._session = Session(host.switch)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            transport.write(Session.greeting())
            self._host.sessions += 1

    def data_received(self, data: bytes) -> None:
        if self._transport is None:
            return
        try:
            self._transport.writelines(self._session.receive(data))
        except ValueError:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._host.sessions -= 1


class SimulatedHost:
    """One host's switch, its sockets open."""

    def __init__(self, number: int, directory: pathlib.Path) -> None:
        self.name = f"h{number}"
        self.switch = Switch(number)
        self.sessions = 0
        self._directory = directory / self.name
        self._ports: PortNumbers | None = None

    async def start(self) -> None:
        """Number the ports and listen for OpenFlow."""
        self._ports = await PortNumbers.connect(self._directory / "db.sock")
        loop = asyncio.get_running_loop()
        await loop.create_unix_server(lambda: _Server(self), str(self._directory / "br-int.mgmt"))

    def report(self) -> dict[str, int]:
        """What it has, for `Fleet.reports`."""
        tables = self.switch.tables
        return {"flows": len(tables.flows), "changes": tables.changes, "sessions": self.sessions}


async def run(directory: pathlib.Path, first: int, count: int) -> None:
    """Play `count` switches, numbers `first` and up, until SIGTERM."""
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, done.set)
    hosts = [SimulatedHost(number, directory) for number in range(first, first + count)]

    def report() -> None:
        target = directory / f"worker-{first}.json"
        fresh = target.with_suffix(".new")
        fresh.write_text(json.dumps({host.name: host.report() for host in hosts}))
        fresh.replace(target)

    loop.add_signal_handler(signal.SIGUSR1, report)
    for host in hosts:
        await host.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await done.wait()


if __name__ == "__main__":
    asyncio.run(run(pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
