"""What the demo plays on: a lab, netloomd, the example's networks, and a guest for every NIC.

Rule 1: netloom is told of NICs only; guests are plugged by the lab, as a hypervisor does.
Rule 2: where a guest runs is the NIC's label `host`; else each network is on two of the hosts, in turn, so that every
network has hosts that must not see it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import ipaddress
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from netloom.client import calls
from netloom.contract.kinds import NETWORK, NIC
from netloom.contract.networks import Network
from netloom.contract.nics import Nic
from netloom.lab import frames, wait
from netloom.lab.errors import LabError
from netloom.lab.guest import Guest
from netloom.lab.lab import GuestPlan, Lab
from netloom.lab.netloomd import Netloomd, Section

HOSTS = 3


@dataclasses.dataclass(frozen=True)
class Member:
    """A guest with the NIC it was made for and the name of the host where it runs."""

    guest: Guest
    nic: Nic
    host: str


@dataclasses.dataclass(frozen=True)
class Scene:
    """The stage. `networks` by name; `members` of each network by its name."""

    lab: Lab
    netloomd: Netloomd
    networks: Mapping[str, Network]
    members: Mapping[str, Sequence[Member]]

    def everybody(self) -> list[Member]:
        """All guests of all networks."""
        return [member for members in self.members.values() for member in members]

    def pair(self, network: str) -> tuple[Member, Member]:
        """Two members of a network on different hosts.

        Raises:
            LabError: there are none.
        """
        first = self.members[network][0]
        for other in self.members[network]:
            if other.host != first.host:
                return first, other
        raise LabError(f"all guests of {network} are on {first.host}")

    def twins(self) -> list[tuple[str, str]]:
        """Networks of different tenants (label `tenant`) with the same CIDR and at least two MAC addresses in common."""
        names = sorted(self.networks)
        return [
            (a, b)
            for index, a in enumerate(names)
            for b in names[index + 1 :]
            if self.networks[a].labels.get("tenant") != self.networks[b].labels.get("tenant")
            and self.networks[a].cidr == self.networks[b].cidr
            and len(self._macs(a) & self._macs(b)) >= 2
        ]

    def without(self, network: str) -> list[str]:
        """Hosts that have no guest of a network."""
        there = {member.host for member in self.members[network]}
        return [name for name in self.lab.hosts if name not in there]

    def _macs(self, network: str) -> set[str]:
        return {member.nic.mac for member in self.members[network]}


@contextlib.contextmanager
def stage(file: pathlib.Path, name: str | None = None) -> Iterator[Scene]:
    """Build everything; take it down whatever happens.

    Raises:
        LabError: something does not come up.
    """
    # Drift is looked for often: nobody watches a demo for five minutes.
    settings: dict[str, Section] = {
        "reconcile": {"refresh_interval": 1.0},
        "log": {"level": "info", "format": "json"},
    }
    with Lab.up(name, hosts=HOSTS) as lab, Netloomd(lab, settings) as netloomd:
        netloomd.add_hosts()
        netloomd.client.send(calls.apply(file.read_bytes()))
        networks = {item.name: item for item in netloomd.client.send(calls.page(NETWORK, limit=500)).items}
        nics = netloomd.client.send(calls.page(NIC, limit=500)).items
        places = _places(list(lab.hosts), sorted(nics, key=lambda nic: nic.name))
        lab.add_guests([_plan(nic, places[nic.name], networks[nic.network]) for nic in nics])
        members = {
            name: [
                Member(lab.guest(nic.name), nic, places[nic.name])
                for nic in sorted(nics, key=lambda nic: nic.name)
                if nic.network == name
            ]
            for name in networks
        }
        scene = Scene(lab, netloomd, networks, members)
        netloomd.await_in_sync()
        _await_ready(scene)
        yield scene


def _places(hosts: Sequence[str], nics: Sequence[Nic]) -> dict[str, str]:
    members: dict[str, list[Nic]] = {}
    for nic in nics:
        members.setdefault(nic.network, []).append(nic)
    return {
        nic.name: nic.labels.get("host", hosts[(first + place % 2) % len(hosts)])
        for first, there in enumerate(members.values())
        for place, nic in enumerate(there)
    }


def _plan(nic: Nic, host: str, network: Network) -> GuestPlan:
    return GuestPlan(
        name=nic.name,
        host=host,
        mac=nic.mac,
        ipv4=_interface(nic.ipv4, network.cidr),
        ipv6=_interface(nic.ipv6, network.cidr6),
        mtu=network.guest_mtu,
        identity=nic.identity,
    )


def _interface(address: str | None, cidr: str | None) -> str | None:
    if address is None or cidr is None:
        return None
    return f"{address}/{ipaddress.ip_network(cidr).prefixlen}"


def _await_ready(scene: Scene) -> None:
    """Every guest reaches another of its network: from here on a loss is a loss."""
    for members in scene.members.values():
        first = members[0]
        for member in members[1:]:
            wait.until(
                partial(_reaches, first.guest, member.guest),
                f"{first.guest.name} reaches {member.guest.name}",
                seconds=20,
            )


def _reaches(one: Guest, other: Guest) -> bool:
    return one.ping(other, count=1, patience=0.2).all_answered


def marked_echo(source: Member, target: Member, mark: bytes) -> bytes:
    """An honest echo request from one guest to another, with a mark that tells it from all other packets."""
    packet = frames.icmp_echo(str(source.nic.ipv4), str(target.nic.ipv4), data=mark.ljust(32, b"."))
    return frames.ethernet(target.nic.mac, source.nic.mac, frames.ETH_IPV4, packet)
