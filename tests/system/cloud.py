"""A whole netloom for tests: a lab of real switches, netloomd in a process of its own, the public client.

Rule 1: tests act as users do: through the API, or as the hypervisor or the failing machine through the lab.
Rule 2: every wait has a reason and a deadline; nothing sleeps to let things happen.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping

from netloom.client import calls
from netloom.contract.kinds import HOST, NETWORK, NIC, AnyKind
from netloom.contract.networks import Network, NetworkSpec
from netloom.contract.nics import Nic, NicSpec
from netloom.contract.reports import HostReport
from netloom.contract.resources import Finding
from netloom.lab import Guest, GuestPlan, Host, Lab, wait
from netloom.lab.frames import Filter
from netloom.lab.netloomd import Netloomd, Section


class Cloud:
    """A running netloom over a lab."""

    def __init__(self, lab: Lab, netloomd: Netloomd) -> None:
        self.lab = lab
        self.netloomd = netloomd
        self.client = netloomd.client

    # What users ask for

    def network(
        self, name: str, isolation: str = "geneve", cidr: str | None = "10.0.0.0/24", **more: object
    ) -> Network:
        """Create a network."""
        spec = NetworkSpec.model_validate({"name": name, "isolation": isolation, "cidr": cidr, **more})
        return self.client.send(calls.create(NETWORK, spec, key=str(uuid.uuid4())))

    def nic(self, name: str, network: str, **more: object) -> Nic:
        """Create a NIC; its identity is its name."""
        spec = NicSpec.model_validate({"name": name, "network": network, "identity": name, **more})
        return self.client.send(calls.create(NIC, spec, key=str(uuid.uuid4())))

    def guest(self, nic: Nic, host: str, *, plugged: bool = True, prefix: int = 24, mtu: int = 1400) -> Guest:
        """A guest that has a NIC's addresses, plugged on a host as a hypervisor does."""
        return self.lab.add_guest(
            GuestPlan(
                name=nic.name,
                host=host,
                mac=nic.mac,
                ipv4=f"{nic.ipv4}/{prefix}" if nic.ipv4 else None,
                ipv6=f"{nic.ipv6}/64" if nic.ipv6 else None,
                mtu=mtu,
                identity=nic.identity if plugged else None,
            )
        )

    def pair(
        self, network: str, hosts: tuple[str, str] = ("h1", "h2"), *, mtu: int = 1400
    ) -> tuple[Guest, Guest]:
        """Two guests of a network on two hosts that reach each other."""
        left, right = (
            self.guest(self.nic(f"{network}-{side}", network), host, mtu=mtu)
            for side, host in zip("ab", hosts, strict=True)
        )
        self.reaches(left, right)
        return left, right

    # What is so

    def host_status(self, name: str) -> str:
        """A host's phase."""
        return str(self.client.send(calls.get(HOST, name)).status.phase)

    def report(self, name: str) -> HostReport:
        """What `netloom host show` tells."""
        return self.client.send(calls.host_report(name))

    def reaches(self, left: Guest, right: Guest, seconds: float = 30.0) -> None:
        """Wait until one guest reaches another."""
        wait.until(
            lambda: left.ping(right, count=1, patience=0.3).all_answered,
            f"{left.name} reaches {right.name}",
            seconds=seconds,
        )

    def in_sync(self, seconds: float = 30.0) -> None:
        """Wait until every host carries what it should."""
        self.netloomd.await_in_sync(seconds=seconds)

    def becomes(self, phase: str, host: str, seconds: float = 30.0) -> None:
        """Wait for a host's phase."""
        wait.until(lambda: self.host_status(host) == phase, f"{host} is {phase}", seconds=seconds, step=0.02)

    def awaits_finding(self, schema: AnyKind, ref: str, code: str, seconds: float = 30.0) -> Finding:
        """Wait until an object has a finding."""
        found: list[Finding] = []

        def look() -> bool:
            item = self.client.send(calls.get_any(schema, ref))
            found[:] = [finding for finding in item.findings if finding.code == code]
            return bool(found)

        wait.until(look, f"{ref} has the finding {code}", seconds=seconds, step=0.02)
        return found[0]

    def awaits_no_finding(self, schema: AnyKind, ref: str, seconds: float = 30.0) -> None:
        """Wait until there is nothing to say about an object; the error tells what there is."""
        left: list[str] = []

        def look() -> bool:
            left[:] = [str(finding) for finding in self.client.send(calls.get_any(schema, ref)).findings]
            return not left

        try:
            wait.until(look, f"{ref} has no finding", seconds=seconds, step=0.02)
        except BaseException as error:
            error.add_note("; ".join(left))
            raise

    def network_becomes(self, state: str, name: str, seconds: float = 30.0) -> None:
        """Wait for a network's state."""
        wait.until(
            lambda: self.client.send(calls.get(NETWORK, name)).state == state,
            f"{name} is {state}",
            seconds=seconds,
            step=0.01,
        )

    def flows(self) -> dict[str, list[str]]:
        """Every host's flows, comparable."""
        return {name: host.flows() for name, host in self.lab.hosts.items()}

    def host(self, name: str) -> Host:
        """A host of the lab."""
        return self.lab.host(name)


FAST: Mapping[str, Section] = {
    "reconcile": {"refresh_interval": 1.0, "retry_min": 0.05, "retry_max": 0.5},
    "switches": {
        "probe_interval": 1.0,
        "backoff_min": 0.05,
        "backoff_max": 0.3,
        "connect_timeout": 2.0,
        "allow_tcp": True,
    },
    "lifecycle": {"shutdown_wait": 0.5, "migration_grace": 0.5},
    "log": {"level": "info", "format": "json"},
}
"""Clocks for tests: nobody waits five minutes for a refresh."""


def netloom(*arguments: str, server: Cloud | None = None, status: int | None = 0) -> str:
    """What `netloom …` prints; with a server, asked of its Unix socket.

    Args:
        arguments: of the command line.
        server: whose.
        status: the exit status it has to have; None: any.
    """
    where = ["--server", f"unix:{server.netloomd.socket}"] if server is not None else []
    words = [sys.executable, "-c", "from netloom.faces.cli.main import main; main()", *where, *arguments]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert status is None or done.returncode == status, (
        f"{arguments}: {done.returncode}: {done.stdout}{done.stderr}"
    )
    return done.stdout if done.returncode == 0 else done.stdout + done.stderr


def settings(**sections: Section) -> Mapping[str, Section]:
    """The fast clocks with some settings on top."""
    return {**FAST, **{name: {**FAST.get(name, {}), **section} for name, section in sections.items()}}


def pings_go_by(guest: Guest, count: int) -> None:
    """Let so many echo requests arrive at a guest that is being pinged."""
    kind = 128 if guest.ipv4 is None else 8
    with guest.sniff(Filter(icmp_type=kind)) as sniffer:
        sniffer.wait(count, seconds=30)


@contextlib.contextmanager
def cloud(
    hosts: int = 2,
    settings: Mapping[str, Section] = FAST,
    *,
    declare: bool = True,
    ipv6: bool = False,
    lan: bool = False,
    tls: bool = False,
    instances: bool = False,
) -> Iterator[Cloud]:
    """A cloud for the length of a block; a failure tells what netloomd logged last.

    Args:
        hosts: how many.
        settings: of netloomd.
        declare: add the hosts by their Unix sockets.
        ipv6: on the underlay, too.
        lan: beside the underlay, for VLANs.
        tls: make a CA before netloomd starts.
        instances: let netloomd run guests of the lab as instances.
    """
    with Lab.up(hosts=hosts, ipv6=ipv6, lan=lan) as lab, contextlib.ExitStack() as stack:
        adapters = {"hypervisors.lab": {"lab": lab.name}} if instances else {}
        netloomd = Netloomd(lab, {**settings, **adapters})
        if tls:
            netloom("ca", "init", "--pki", str(netloomd.directory / "pki"))
        stack.enter_context(netloomd)
        try:
            made = Cloud(lab, netloomd)
            if declare:
                netloomd.add_hosts()
                netloomd.await_in_sync()
            yield made
        except BaseException as error:
            with contextlib.suppress(OSError):
                error.add_note("netloomd said:\n" + netloomd.log.read_text(errors="replace")[-6000:])
            raise
