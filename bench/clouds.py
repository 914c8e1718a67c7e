"""netloom and its peer behind one face, so that both are measured by the same lines.

Rule 1: `create` is what an operator's client does (our API; their command line); `plug` is the same code for both.
Rule 2: nothing is cached between measurements on behalf of one side only.
"""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import httpx

from bench import processes
from bench.peers import ovn
from netloom.lab.lab import Lab

NETWORK = "bench"
CIDR = "10.0.0.0/16"


@dataclass(frozen=True, slots=True)
class Port:
    """A NIC to make."""

    identity: str
    mac: str
    ip: str


class Cloud(Protocol):
    """What is measured."""

    name: str

    def create_network(self) -> None:
        """One layer-2 network for all ports."""

    def create(self, ports: Sequence[Port]) -> None:
        """Create NICs in one request or transaction."""

    def delete(self, port: Port) -> None:
        """Delete one NIC."""

    def settle(self) -> None:
        """Wait until everything created is in force everywhere."""

    def pids(self) -> list[int]:
        """All controller processes."""


class OvnCloud:
    """OVN through ovn-nbctl."""

    name = "ovn"

    def __init__(self, running: ovn.Ovn) -> None:
        self._ovn = running

    def create_network(self) -> None:
        """A logical switch."""
        self._ovn.nbctl("ls-add", NETWORK)

    def create(self, ports: Sequence[Port]) -> None:
        """Logical switch ports with port security, as netloom's anti-spoofing is on, in one transaction."""
        words: list[str] = []
        for port in ports:
            address = f"{port.mac} {port.ip}"
            words += ["--", "lsp-add", NETWORK, port.identity]
            words += ["--", "lsp-set-addresses", port.identity, address]
            words += ["--", "lsp-set-port-security", port.identity, address]
        self._ovn.nbctl(*words[1:])

    def delete(self, port: Port) -> None:
        """Remove a port."""
        self._ovn.nbctl("lsp-del", port.identity)

    def settle(self) -> None:
        """OVN's own barrier."""
        self._ovn.nbctl("--wait=hv", "sync")

    def pids(self) -> list[int]:
        """Databases, northd, one controller per host."""
        return self._ovn.pids()


class NetloomCloud:
    """netloom through its REST API over the daemon's Unix socket."""

    name = "netloom"

    def __init__(self, lab: Lab, directory: pathlib.Path) -> None:
        self._lab = lab
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
[store]
url = "sqlite:///{directory}/netloom.db"
[switches]
pki = "{directory}/pki"
[log]
level = "warning"
"""
        )
        self._process: subprocess.Popen[bytes] | None = None
        self.http = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(self.socket)), base_url="http://netloom", timeout=120
        )

    def start(self) -> None:
        """Start netloomd and wait until it is ready."""
        log = (self.directory / "netloomd.log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "netloom.daemon.main", "--config", str(self.config)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        processes.wait_for(self._ready, 30, "netloomd ready")

    def _ready(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise RuntimeError((self.directory / "netloomd.log").read_text()[-4000:])
        try:
            return self.http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()

    def post(self, path: str, body: object) -> httpx.Response:
        """POST, refusing refusals."""
        answer = self.http.post(path, json=body)
        if answer.is_error:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text}")
        return answer

    def add_hosts(self) -> None:
        """Declare the lab's hosts and wait until they are connected."""
        for host in self._lab.hosts.values():
            self.post(
                "/v1/hosts",
                {
                    "name": host.name,
                    "ovsdb": host.ovsdb,
                    "openflow": host.openflow,
                    "tunnel_ip": str(host.tunnel_ip),
                },
            )
        for host in self._lab.hosts.values():
            processes.wait_for(lambda name=host.name: self._done("hosts", name), 30, f"host {host.name} done")

    def _done(self, kind: str, name: str) -> bool:
        answer = self.http.get(f"/v1/{kind}/{name}")
        return bool(answer.json()["status"]["phase"] == "Done")

    def create_network(self) -> None:
        """A Geneve network, as OVN's."""
        self.post("/v1/networks", {"name": NETWORK, "isolation": "geneve", "cidr": CIDR})

    def create(self, ports: Sequence[Port]) -> None:
        """One NIC: a POST; several: one batch."""
        items = [
            {"name": p.identity, "network": NETWORK, "mac": p.mac, "ipv4": p.ip, "identity": p.identity}
            for p in ports
        ]
        if len(items) == 1:
            self.post("/v1/nics", items[0])
        else:
            self.post("/v1/nics/batch", {"items": items})

    def delete(self, port: Port) -> None:
        """Delete a NIC."""
        self.http.delete(f"/v1/nics/{port.identity}").raise_for_status()

    def settle(self) -> None:
        """Wait for the network."""
        processes.wait_for(lambda: self._done("networks", NETWORK), 60, "the network done")

    def pids(self) -> list[int]:
        """netloomd."""
        assert self._process is not None
        return [self._process.pid]


@contextlib.contextmanager
def netloom(lab: Lab) -> Iterator[NetloomCloud]:
    """netloomd on a lab for the length of a block."""
    cloud = NetloomCloud(lab, pathlib.Path(tempfile.mkdtemp(prefix="netloom-bench-")))
    try:
        cloud.start()
        cloud.add_hosts()
        yield cloud
    finally:
        cloud.stop()
        cloud.http.close()
        shutil.rmtree(cloud.directory, ignore_errors=True)


@contextlib.contextmanager
def ovn_cloud(lab: Lab) -> Iterator[OvnCloud]:
    """OVN on a lab for the length of a block."""
    with ovn.running(lab) as running:
        yield OvnCloud(running)
