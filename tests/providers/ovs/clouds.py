"""Small clouds for tests: hosts, networks and NICs in a few words, and a switch model that changes are replayed on."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterable, Iterator, Mapping

from netloom.base.ids import HostId, NetworkId, NicId, Uuid
from netloom.model.cloud.acl_match import Match
from netloom.model.cloud.rules import TrafficDirection
from netloom.model.isolation import Isolation
from netloom.plan.graph import Planner
from netloom.plan.switch import SwitchChange, SwitchDesired
from netloom.plan.view import (
    Change,
    GroupRule,
    GroupView,
    HostView,
    NetworkView,
    NicView,
    PlainPort,
    PortSeen,
    SwitchFacts,
    UplinkView,
)
from netloom.providers.ovs.capabilities import Capability
from netloom.providers.ovs.compile.compiler import OvsCompiler
from netloom.wire.openflow.flow import Flow, FlowKey

FACTS = frozenset({Capability.ND_RESPONDER.value})
TUNNEL_PORTS = {Isolation.GRE: 1001, Isolation.VXLAN: 1002, Isolation.GENEVE: 1003}
CIDR4 = ipaddress.IPv4Network("10.0.0.0/16")
CIDR6 = ipaddress.IPv6Network("fd00::/64")


def host_id(number: int) -> HostId:
    return HostId(f"00000000-0000-4000-8000-{number:012d}")


def network_id(number: int) -> NetworkId:
    return NetworkId(f"00000000-0000-4000-8001-{number:012d}")


def nic_id(number: int) -> NicId:
    return NicId(f"00000000-0000-4000-8002-{number:012d}")


def mac_of(number: int) -> int:
    return 0x020000000000 + number


def host(number: int, **other: object) -> HostView:
    fields: dict[str, object] = {"tunnel_ip": ipaddress.ip_address(f"192.0.2.{number % 250 + 1}")} | other
    return HostView(host_id(number), number, f"host{number}", **fields)


def network(number: int, isolation: Isolation = Isolation.VXLAN, **other: object) -> NetworkView:
    fields: dict[str, object] = {"segment": 5000 + number, "cidr4": CIDR4, "cidr6": CIDR6} | other
    return NetworkView(network_id(number), number, f"net{number}", isolation, **fields)


def nic(number: int, of: int = 1, **other: object) -> NicView:
    fields: dict[str, object] = {
        "mac": mac_of(number),
        "ipv4": CIDR4[number],
        "ipv6": CIDR6[number],
    } | other
    return NicView(nic_id(number), number, f"nic{number}", network_id(of), **fields)


def group(number: int, *rules: GroupRule) -> GroupView:
    return GroupView(Uuid(f"00000000-0000-4000-8003-{number:012d}"), number, f"group{number}", rules)


def allow(
    side: str | int,
    protocol: str = "all",
    ports: tuple[int, int] | None = None,
    *,
    icmp: tuple[int, int] | None = None,
    out: bool = False,
) -> GroupRule:
    """A rule about a network (text) or another group (its number)."""
    first, last = ports or (None, None)
    kind, code = icmp or (None, None)
    match = Match(
        protocol=protocol, start_port=first, end_port=last, icmp_type=kind, icmp_code=code, cidrs=()
    )
    direction = TrafficDirection.EGRESS if out else TrafficDirection.INGRESS
    if isinstance(side, int):
        return GroupRule(direction, match, peer=side)
    return GroupRule(direction, match, cidr=ipaddress.ip_network(side))


UPLINK_PORT = 2001
UPLINK = {"uplinks": {"p": UplinkView("eth1")}, "plain": {"eth1": PlainPort(UPLINK_PORT, 1500)}}
"""For `add_host`: an uplink to the physical network `p` that the switch shows."""


def vlan(number: int, **other: object) -> NetworkView:
    """A network on the wires of `p`."""
    return network(number, Isolation.VLAN, **{"segment": 100 + number, "wires": "p"} | other)


class Cloud:
    """A planner with the native provider. Every method takes what changed; `changes` has the last."""

    def __init__(self) -> None:
        self.planner = Planner(OvsCompiler())
        self.view = self.planner.view
        self.changes: dict[HostId, SwitchChange] = {}
        self._together = False
        self.replay: dict[HostId, dict[FlowKey, Flow]] = {}

    def feed(self, *changes: Iterable[Change]) -> None:
        for some in changes:
            self.planner.feed(some)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """All that happens within is taken at once."""
        self._together = True
        yield
        self._together = False
        self.take()

    def take(self) -> dict[HostId, SwitchChange]:
        if self._together:
            return {}
        self.changes = self.planner.take()
        for host, change in self.changes.items():
            table = self.replay.setdefault(host, {})
            put, gone = change.flow_changes()
            table.update((flow.key, flow) for flow in put)
            for flow in gone:
                del table[flow.key]
        return self.changes

    def add_host(
        self,
        number: int,
        *,
        capable: bool = True,
        plain: Mapping[str, PlainPort] | None = None,
        **other: object,
    ) -> None:
        able = FACTS if capable else frozenset()
        facts = SwitchFacts(host_id(number), able, TUNNEL_PORTS, plain or {})
        self.feed(self.view.put_host(host(number, **other)), self.view.observe_facts(facts.host_id, facts))
        self.take()

    def put(self, *records: NetworkView | NicView | HostView | GroupView) -> None:
        for record in records:
            self.feed(self.view.edit(record))
        self.take()

    def plug(self, number: int, on: int, ofport: int | None = None, **other: object) -> None:
        port = PortSeen(host_id(on), f"tap{number}", nic_id(number), ofport or number, **other)
        self.feed(self.view.observe_port(port))
        self.take()

    def unplug(self, number: int, on: int) -> None:
        self.feed(self.view.forget_port(host_id(on), f"tap{number}"))
        self.take()

    def desired(self, number: int) -> SwitchDesired:
        found = self.planner.desired(host_id(number))
        assert found is not None
        return found

    def flows(self, number: int) -> list[Flow]:
        return sorted(
            self.desired(number).fragments.flows(),
            key=lambda f: (f.table, -f.priority, f.cookie, f.match.oxm),
        )

    def changed_flows(self) -> dict[int, tuple[int, int]]:
        """Of the last take: flows put and flows gone, by host number."""
        return {
            int(host[-12:]): (len(put), len(gone))
            for host, change in self.changes.items()
            for put, gone in [change.flow_changes()]
        }

    def check(self) -> None:
        """What must hold at any time after a take."""
        for found in self.view.hosts.values():
            desired, anew = self.planner.desired(found.id), self.planner.recompute(found.id)
            assert desired is not None
            assert dict(desired.fragments) == dict(anew.fragments)
            assert (desired.ports, desired.bridge) == (anew.ports, anew.bridge)
            flows = {flow.key: flow for flow in desired.fragments.flows()}
            assert len(flows) == desired.fragments.flow_count(), "two fragments share a flow key"
            assert len(desired.fragments) == len(dict(desired.fragments))
            assert self.replay.get(found.id, {}) == flows, "the changes do not lead to what is desired"
        gone = set(self.replay) - set(self.view.hosts)
        assert not any(self.replay[host] for host in gone)
        for subject in (*self.view.hosts.values(), *self.view.networks.values(), *self.view.nics.values()):
            found_now = OvsCompiler().findings(self.view, subject.ref)
            kept = [f for f in self.planner.findings(subject.id) if f.subject.id == subject.id]
            assert tuple(kept) == found_now
