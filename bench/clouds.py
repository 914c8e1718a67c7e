"""netloom and its peer behind one face, so that both are measured by the same lines.

Rule 1: `create` is what an operator's client does (our API; their command line); `plug` is the same code for both.
Rule 2: nothing is cached between measurements on behalf of one side only.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import httpx

from bench import processes
from bench.api import Http
from bench.peers import ovn
from netloom.lab.lab import Lab
from netloom.lab.netloomd import Netloomd

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

    def delete_all(self, ports: Sequence[Port]) -> None:
        """Delete NICs, untimed."""

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

    def delete_all(self, ports: Sequence[Port]) -> None:
        """In one transaction."""
        words = [word for port in ports for word in ("--", "lsp-del", port.identity)]
        self._ovn.nbctl(*words[1:])

    def settle(self) -> None:
        """OVN's own barrier."""
        self._ovn.nbctl("--wait=hv", "sync")

    def pids(self) -> list[int]:
        """Databases, northd, one controller per host."""
        return self._ovn.pids()


class NetloomCloud:
    """netloom through its REST API over the daemon's Unix socket."""

    name = "netloom"

    def __init__(self, daemon: Netloomd) -> None:
        self.daemon = daemon
        self._bare = Http(str(daemon.socket))
        self.http = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(daemon.socket)), base_url="http://netloom", timeout=120
        )

    def close(self) -> None:
        """Hang up."""
        self.http.close()
        self._bare.close()

    def post(self, path: str, body: object) -> httpx.Response:
        """POST, refusing refusals."""
        answer = self.http.post(path, json=body)
        if answer.is_error:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text}")
        return answer

    def done(self, kind: str, name: str) -> bool:
        """Whether an object is in force everywhere."""
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
            # A bare client, as ovn-nbctl is one written in C: what Python's clients cost is not the API's to answer for.
            status, answer = self._bare.ask("POST", "/v1/nics", json.dumps(items[0]).encode())
            if status != 201:
                raise RuntimeError(f"{status} {answer[:500]!r}")
        else:
            self.post("/v1/nics/batch", {"items": items})

    def delete(self, port: Port) -> None:
        """Delete a NIC."""
        self.http.delete(f"/v1/nics/{port.identity}").raise_for_status()

    def delete_all(self, ports: Sequence[Port]) -> None:
        """One by one."""
        for port in ports:
            self._bare.ask("DELETE", f"/v1/nics/{port.identity}")

    def settle(self) -> None:
        """Wait for the network."""
        processes.wait_for(lambda: self.done("networks", NETWORK), 60, "the network done")

    def pids(self) -> list[int]:
        """netloomd."""
        return [self.daemon.pid]


UNLIMITED = {"requests_per_second": 1_000_000.0, "burst": 1_000_000}
"""A benchmark's client is not to be slowed down for being one client."""


@contextlib.contextmanager
def netloom(lab: Lab) -> Iterator[NetloomCloud]:
    """netloomd on a lab for the length of a block."""
    with Netloomd(lab, {"api": UNLIMITED, "log": {"level": "warning"}}) as daemon:
        cloud = NetloomCloud(daemon)
        try:
            daemon.add_hosts()
            daemon.await_in_sync()
            yield cloud
        finally:
            cloud.close()


@contextlib.contextmanager
def ovn_cloud(lab: Lab) -> Iterator[OvnCloud]:
    """OVN on a lab for the length of a block."""
    with ovn.running(lab) as running:
        yield OvnCloud(running)


@contextlib.contextmanager
def cloud_on(name: str, lab: Lab) -> Iterator[Cloud]:
    """`netloom` or `ovn` on a lab, with the network that everything is in."""
    with contextlib.ExitStack() as stack:
        cloud: Cloud
        cloud = (
            stack.enter_context(netloom(lab)) if name == "netloom" else stack.enter_context(ovn_cloud(lab))
        )
        cloud.create_network()
        yield cloud
