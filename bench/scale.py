"""500 simulated hosts and 50,000 NICs: start to in-sync, one change to everywhere, CPU, memory, and how they grow.

The hosts are real ovsdb-servers and played switches in other processes (`netloom.lab.fleet`); netloomd speaks to them as
to any host. NICs are in networks of 20, each NIC on another host; one wide network has a NIC on every host.

Cold: all is declared and plugged, switches are empty, netloomd starts: until every host carries what it should.
Warm: netloomd is killed and started again: until it knows that every host does; no flow may change.
Change: one NIC of the wide network is created and plugged: until every host has its flows, told by the NIC's status.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from bench import processes
from bench.api import Http
from bench.result import RESULTS, Result, runs
from netloom.lab.fleet import Fleet, FleetHost, FleetPort

NETWORK_SIZE = 20
COMMAND = "python -m bench.scale"
BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Point:
    """What one size costs; seconds, CPU seconds and MB of netloomd."""

    hosts: int
    nics: int
    flows: int
    cold: float
    cold_cpu: float
    warm: float
    warm_cpu: float
    change: float
    change_cpu: float
    memory: float


class Daemon:
    """netloomd beside a fleet."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        self.socket = directory / "netloomd.sock"
        self.config = directory / "netloomd.toml"
        self.config.write_text(
            f"""
[api]
socket = "{self.socket}"
listen = ""
token_file = "{directory}/token"
requests_per_second = 1000000.0
burst = 1000000
max_body_bytes = 33554432
[store]
url = "sqlite:///{directory}/netloom.db"
[switches]
pki = "{directory}/pki"
[log]
level = "warning"
"""
        )
        self.process: subprocess.Popen[bytes] | None = None
        self.http: Http | None = None

    def start(self) -> None:
        """Start it and wait for its API."""
        with (self.directory / "netloomd.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "netloom.daemon.main", "--config", str(self.config)],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.socket.unlink(missing_ok=True)
        processes.wait_for(self._answers, 60, "netloomd")

    def _answers(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise RuntimeError((self.directory / "netloomd.log").read_text()[-3000:])
        try:
            self.http = Http(str(self.socket))
        except OSError:
            return False
        return self.http.ask("GET", "/healthz")[0] == 200

    def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, object]:
        """One request, answered well."""
        assert self.http is not None
        data = json.dumps(body).encode() if body is not None else b""
        status, answer = self.http.ask(method, path, data, "prefer: return=minimal\r\n")
        if status >= 400:
            raise RuntimeError(f"{method} {path}: {status} {answer[:1000]!r}")
        found: dict[str, object] = json.loads(answer) if answer else {}
        return found

    def in_sync(self, hosts: int) -> bool:
        """Whether all hosts carry what they should, by all that is known."""
        report = self.ask("GET", "/v1/system")
        return report["planned_revision"] >= report["revision"] and report["hosts_in_sync"] >= hosts  # type: ignore[operator]

    def cpu(self) -> float:
        """CPU seconds since it started."""
        assert self.process is not None
        return processes.cpu_seconds([self.process.pid])

    def memory(self) -> float:
        """PSS in MB."""
        assert self.process is not None
        return processes.pss_bytes([self.process.pid]) / 1e6

    def end(self, *, kill: bool = False) -> None:
        """End it."""
        if self.http is not None:
            self.http.close()
            self.http = None
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@contextlib.contextmanager
def cloud(hosts: int) -> Iterator[tuple[Fleet, Daemon]]:
    """A fleet, and a netloomd that is not started."""
    with Fleet.up(hosts) as fleet:
        directory = fleet.hosts[0].directory.parent / "netloomd"
        directory.mkdir()
        daemon = Daemon(directory)
        try:
            yield fleet, daemon
        finally:
            daemon.end(kill=True)


def declare_hosts(daemon: Daemon, fleet: Fleet) -> None:
    """All hosts in one file."""
    documents: list[dict[str, object]] = [
        {
            "kind": "Host",
            "name": host.name,
            "ovsdb": host.ovsdb,
            "openflow": host.openflow,
            "tunnel_ip": str(host.tunnel_ip),
        }
        for host in fleet.hosts
    ]
    _apply(daemon, documents)


def _apply(daemon: Daemon, documents: list[dict[str, object]]) -> None:
    assert daemon.http is not None
    for start in range(0, len(documents), 5_000):
        body = json.dumps(documents[start : start + 5_000]).encode()
        status, answer = daemon.http.ask("POST", "/v1/apply", body)
        if status >= 400:
            raise RuntimeError(f"{status} {answer[:1000]!r}")


def grow(daemon: Daemon, fleet: Fleet, before: int, after: int) -> None:
    """NICs number `before` to `after`, declared and plugged; the first ones are the wide network's, one a host."""
    hosts = len(fleet.hosts)
    if before == 0:
        _apply(daemon, [{"kind": "Network", "name": "wide", "isolation": "geneve", "cidr": "10.0.0.0/16"}])
    last = -(-(after - hosts) // NETWORK_SIZE)
    known = -(-max(0, before - hosts) // NETWORK_SIZE)
    _apply(
        daemon,
        [
            {"kind": "Network", "name": f"n{n}", "isolation": "geneve", "cidr": "10.0.0.0/24"}
            for n in range(known, last)
        ],
    )
    plugs: dict[int, list[FleetPort]] = {}
    items: list[dict[str, object]] = []
    for number in range(before, after):
        network = "wide" if number < hosts else f"n{(number - hosts) // NETWORK_SIZE}"
        items.append({"name": f"nic{number}", "network": network, "identity": f"nic{number}"})
        plugs.setdefault(number % hosts, []).append(FleetPort(f"tap{number}", f"nic{number}"))
    for start in range(0, len(items), BATCH):
        daemon.ask("POST", "/v1/nics/batch", {"items": items[start : start + BATCH]})
    daemon.end()
    for index, ports in plugs.items():
        fleet.hosts[index].plug(ports)


def changes(fleet: Fleet) -> int:
    """flow_mods that all switches have seen."""
    return sum(report["changes"] for report in fleet.reports().values())


def flows(fleet: Fleet) -> int:
    """Flows that all switches have."""
    return sum(report["flows"] for report in fleet.reports().values())


def until_in_sync(daemon: Daemon, hosts: int) -> tuple[float, float]:
    """Start netloomd; wall and CPU seconds until every host is right."""
    began = time.perf_counter()
    daemon.start()
    processes.wait_for(lambda: daemon.in_sync(hosts), 600, "everything in sync", interval=0.1)
    return time.perf_counter() - began, daemon.cpu()


def one_change(daemon: Daemon, host: FleetHost, tag: str) -> tuple[float, float]:
    """A NIC in the wide network; wall and CPU seconds until every host has what it needs."""
    cpu = daemon.cpu()
    began = time.perf_counter()
    daemon.ask("POST", "/v1/nics", {"name": tag, "network": "wide", "identity": tag})
    host.plug([FleetPort(tag, tag)])

    def everywhere() -> bool:
        report = daemon.ask("GET", f"/v1/explain/nic/{tag}")
        if not report.get("placements"):
            return False
        status = daemon.ask("GET", f"/v1/nics/{tag}")["status"]
        return bool(status["phase"] == "Done")  # type: ignore[index]

    processes.wait_for(everywhere, 60, "the change is everywhere", interval=0.005)
    wall = time.perf_counter() - began
    time.sleep(1.0)
    return wall, daemon.cpu() - cpu


def measure(fleet: Fleet, daemon: Daemon, nics: int, added: int) -> Point:
    """One size. Switches that carry less of it already make the start partly warm; `cold` of the first size is whole."""
    hosts = len(fleet.hosts)
    cold, cold_cpu = until_in_sync(daemon, hosts)
    before = changes(fleet)
    daemon.end(kill=True)
    warm, warm_cpu = until_in_sync(daemon, hosts)
    time.sleep(2.0)
    # (What the switch can do is tried in bundles that are discarded: they change nothing.)
    if changes(fleet) != before:
        raise RuntimeError(f"a restart changed {changes(fleet) - before} flows that were right")
    spent = []
    for turn in range(3):
        count = changes(fleet)
        spent.append(one_change(daemon, fleet.hosts[turn], f"change{added}-{turn}"))
        # Everywhere is everywhere: each other host has got an entry for the new NIC.
        if changes(fleet) - count < hosts:
            raise RuntimeError(f"the change reached {changes(fleet) - count} of {hosts} hosts")
    wall, cpu = sorted(spent)[1]
    return Point(
        hosts,
        nics,
        flows(fleet),
        round(cold, 2),
        round(cold_cpu, 2),
        round(warm, 2),
        round(warm_cpu, 2),
        round(wall, 4),
        round(cpu, 3),
        round(daemon.memory(), 1),
    )


def sizes(hosts: int, nics: int) -> list[tuple[int, int]]:
    """Fewer hosts with as many NICs each, and fewer NICs on all hosts; the whole last."""
    return [(hosts // 10, nics // 20), (hosts // 5, nics // 10), (hosts // 5, nics // 5), (hosts, nics)]


def main() -> None:
    """Measure all sizes; the biggest is the result, all of them are its growth."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--hosts", type=int, default=500)
    arguments.add_argument("--nics", type=int, default=50_000)
    arguments.add_argument("--only-last", action="store_true", help="no growth")
    chosen = arguments.parse_args()
    points = []
    for hosts, nics in sizes(chosen.hosts, chosen.nics)[-1 if chosen.only_last else 0 :]:
        with cloud(hosts) as (fleet, daemon):
            daemon.start()
            declare_hosts(daemon, fleet)
            grow(daemon, fleet, 0, nics)
            points.append(measure(fleet, daemon, nics, 0))
            print(points[-1], flush=True)
        remember(points[-1])
    last = points[-1]
    shape = f"{last.hosts} simulated hosts, {last.nics:,} NICs"
    for name, what, value, unit, target in (
        (
            "scale-cold",
            f"{shape}: netloomd starts, {last.flows:,} flows to write: to in-sync",
            last.cold,
            "s",
            "<= 60",
        ),
        ("scale-cold-cpu", f"{shape}: CPU of the same", last.cold_cpu, "CPU s", None),
        (
            "scale-warm",
            f"{shape}: netloomd starts again, all flows are right: to in-sync, no flow_mod",
            last.warm,
            "s",
            "<= 60",
        ),
        ("scale-warm-cpu", f"{shape}: CPU of the same", last.warm_cpu, "CPU s", None),
        (
            "scale-change",
            f"{shape}: a NIC is created and plugged in a network that is on every host: to everywhere",
            last.change,
            "s",
            "<= 1",
        ),
        ("scale-change-cpu", f"{shape}: CPU of the same", last.change_cpu, "CPU s", None),
        ("scale-memory", f"{shape}: PSS of netloomd", last.memory, "MB", "<= 1500"),
    ):
        Result(name=name, what=what, ours=runs([value]), unit=unit, target=target, command=COMMAND).write()


def remember(point: Point) -> None:
    """Put a size among those that growth is shown of."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / "growth.json"
    points = {(p["hosts"], p["nics"]): p for p in json.loads(path.read_text())} if path.exists() else {}
    points[point.hosts, point.nics] = asdict(point)
    path.write_text(json.dumps([points[size] for size in sorted(points)], indent=2) + "\n")


if __name__ == "__main__":
    main()
