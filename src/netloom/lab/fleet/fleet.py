"""The fleet as seen by a benchmark: brought up, plugged, counted, taken down like a lab.

Rule 1: it is a lab to `netloom lab down`: same state file, same token, same clean-up.
Rule 2: addresses are made up, but distinct: nothing is ever sent to them.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import pathlib
import secrets
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Self

import msgspec

from netloom.base.net import IPAddress
from netloom.lab import daemons, ovsdb, process, wait
from netloom.lab.errors import LabError, check_machine
from netloom.lab.jsonrpc import Json, JsonRpc
from netloom.lab.lab import down, each, sweep
from netloom.lab.state import LabState, ProcessId, StateFile

TUNNELS = ipaddress.IPv4Network("198.18.0.0/16")
WORKERS = 4
"""Processes that play switches."""


@dataclasses.dataclass(frozen=True)
class FleetPort:
    """An interface that a hypervisor plugs: its name and `iface-id`."""

    name: str
    identity: str


@dataclasses.dataclass(frozen=True)
class FleetHost:
    """How netloom reaches a simulated host: as `Host` of a lab, by Unix sockets."""

    number: int
    directory: pathlib.Path

    @property
    def name(self) -> str:
        """h1, h2, …"""
        return f"h{self.number}"

    @property
    def tunnel_ip(self) -> IPAddress:
        """Its tunnel endpoint."""
        return TUNNELS[self.number]

    @property
    def ovsdb_socket(self) -> pathlib.Path:
        """Its database's Unix socket."""
        return self.directory / "db.sock"

    @property
    def ovsdb(self) -> str:
        """`unix:PATH` of its database."""
        return f"unix:{self.ovsdb_socket}"

    @property
    def openflow(self) -> str:
        """`unix:PATH` of its br-int."""
        return f"unix:{self.directory}/br-int.mgmt"

    def plug(self, ports: Sequence[FleetPort]) -> None:
        """Put ports on br-int, in one transaction."""
        operations: list[dict[str, Json]] = []
        for index, port in enumerate(ports):
            operations += ovsdb.add_port("br-int", port.name, {"iface-id": port.identity}, index)
        ovsdb.transact(self.ovsdb_socket, operations)


class Fleet:
    """Many simulated hosts; a context manager.

    Args:
        name: of the lab that it is.
        count: hosts.
    """

    def __init__(self, name: str, count: int) -> None:
        self._file = StateFile(name)
        self.name = name
        self.hosts = [FleetHost(n, self._file.directory / f"h{n}") for n in range(1, count + 1)]
        self._workers: dict[int, ProcessId] = {}

    @classmethod
    def up(cls, count: int, *, name: str | None = None, workers: int = WORKERS) -> Self:
        """Start a fleet; everything answers when this returns.

        Raises:
            LabError: a process did not come up.
        """
        check_machine()
        sweep()
        fleet = cls(name or f"fleet-{secrets.token_hex(4)}", count)
        state = LabState(fleet.name, secrets.token_hex(16), {}, owner=process.this_process())
        fleet._file.create(state)
        try:
            fleet._start_databases(state.token)
            fleet._start_workers(state.token, workers)
        except BaseException:
            fleet.down()
            raise
        return fleet

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def down(self) -> None:
        """End it and forget it."""
        down(self.name)

    def reports(self) -> Mapping[str, Mapping[str, int]]:
        """By host: `flows` now, `changes` (flow_mods) so far, `sessions` of controllers."""
        found: dict[str, dict[str, int]] = {}
        for first, worker in self._workers.items():
            report = self._file.directory / f"worker-{first}.json"
            report.unlink(missing_ok=True)
            process.send(worker, signal.SIGUSR1)
            wait.until(report.exists, f"a report of {report.stem}", seconds=60)
            found |= msgspec.json.decode(report.read_bytes(), type=dict[str, dict[str, int]])
        return found

    @property
    def processes(self) -> Sequence[ProcessId]:
        """The processes that play switches, to tell their CPU time from the controller's."""
        return tuple(self._workers.values())

    def _start_databases(self, token: str) -> None:
        template = daemons.make_template(self._file.directory)
        version = json.loads(ovsdb.SCHEMA.read_bytes())["version"]

        def start(host: FleetHost) -> None:
            host.directory.mkdir()
            shutil.copyfile(template, host.directory / "conf.db")
            process.spawn(
                [
                    *("ovsdb-server", "-vconsole:off", "-vsyslog:off", "--no-chdir"),
                    f"--remote=punix:{host.ovsdb_socket}",
                    f"--unixctl={host.directory}/ovsdb-server.ctl",
                    f"{host.directory}/conf.db",
                ],
                token=token,
                output=self._file.directory / "ovsdb-server.out",
            )
            wait.until(lambda: _serves(host.ovsdb_socket), f"{host.name}: ovsdb-server serves", seconds=60)
            ovsdb.transact(host.ovsdb_socket, _content(host, version))

        each(start, self.hosts)

    def _start_workers(self, token: str, workers: int) -> None:
        size = -(-len(self.hosts) // workers)
        for first in range(1, len(self.hosts) + 1, size):
            count = min(size, len(self.hosts) - first + 1)
            self._workers[first] = process.spawn(
                [
                    sys.executable,
                    "-m",
                    "netloom.lab.fleet.worker",
                    str(self._file.directory),
                    str(first),
                    str(count),
                ],
                token=token,
                output=self._file.directory / f"worker-{first}.out",
            )
        for first, worker in self._workers.items():
            output = self._file.directory / f"worker-{first}.out"

            def ready(worker: ProcessId = worker, output: pathlib.Path = output) -> bool:
                if not process.alive(worker):
                    raise LabError(f"a worker ended: {output.read_text()[-2000:]}")
                return output.read_text().startswith("ready")

            wait.until(ready, f"worker {first} is ready", seconds=60)


def _serves(socket: pathlib.Path) -> bool:
    try:
        JsonRpc(socket).close()
    except LabError:
        return False
    return True


def _content(host: FleetHost, schema_version: str) -> list[dict[str, Json]]:
    """What ovs-vswitchd would have written about itself."""
    bridge: dict[str, Json] = {
        "name": "br-int",
        "datapath_type": "netdev",
        "datapath_id": f"02f1ee70{host.number:08x}",
        "fail_mode": "secure",
        "ports": ["named-uuid", "p"],
    }
    root: dict[str, Json] = {
        "bridges": ["named-uuid", "b"],
        "external_ids": ovsdb.mapping({"system-id": f"fleet-{host.name}", "hostname": host.name}),
        "ovs_version": "3.1.0",
        "db_version": schema_version,
        "datapath_types": ["set", ["netdev", "system"]],
        "iface_types": ["set", ["geneve", "gre", "internal", "patch", "system", "tap", "vxlan"]],
    }
    interface: dict[str, Json] = {"name": "br-int", "type": "internal", "ofport": 65534}
    port: dict[str, Json] = {"name": "br-int", "interfaces": ["named-uuid", "i"]}
    return [
        {"op": "insert", "table": "Interface", "uuid-name": "i", "row": interface},
        {"op": "insert", "table": "Port", "uuid-name": "p", "row": port},
        {"op": "insert", "table": "Bridge", "uuid-name": "b", "row": bridge},
        {"op": "insert", "table": "Open_vSwitch", "row": root},
    ]
