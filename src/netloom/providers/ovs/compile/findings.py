"""What is wrong with an object although everything was done that can be done.

Rule 1: each check is a function of one object and its neighbours in the picture; its finding goes with its cause.
Rule 2: a check costs O(1) per NIC, O(hosts) per network (O(its NICs) while a port is too small for it): findings are made
again with every change nearby.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from netloom.base.ids import HostId, NetworkId, NicId
from netloom.base.net import format_mac
from netloom.model.kinds import Kind
from netloom.model.mtu import MIN_GUEST_IPV6
from netloom.model.status import Severity
from netloom.plan.findings import PlanFinding
from netloom.plan.mtu import narrowest
from netloom.plan.records import ObjectRef
from netloom.plan.view import HostView, NetworkView, NicView, Placement, View
from netloom.providers.ovs.compile.ports import networks_here

MAX_NAMED: Final = 5
"""NICs that one finding names; looking ends there."""


def compile_findings(view: View, subject: ObjectRef) -> tuple[PlanFinding, ...]:
    """The findings of a host, network or NIC as it is now; none when it is gone."""
    if subject.kind is Kind.NIC:
        nic = view.nics.get(NicId(subject.id))
        return () if nic is None else tuple(_nic(view, nic))
    if subject.kind is Kind.NETWORK:
        network = view.networks.get(NetworkId(subject.id))
        return () if network is None else tuple(_network(view, network))
    host = view.hosts.get(HostId(subject.id))
    return () if host is None else tuple(_host(view, host))


def _nic(view: View, nic: NicView) -> Iterator[PlanFinding]:
    yield from _claims(view, nic)
    network = view.networks.get(nic.network_id)
    places = view.placements.get(nic.id, {})
    if len(places) > 1:
        hosts = view.hosts_of_nic(nic)
        yield PlanFinding(
            "nic-on-several-hosts",
            nic.ref,
            f"seen on {_names([host.ref for host in hosts])} at once",
            hint="normal while it migrates; else detach it from all hosts but one",
            others=tuple(host.ref for host in hosts),
            transient=True,
        )
    for host_id, place in places.items():
        ports = [port for port in view.ports_of_identity(nic.iface_id) if port.host_id == host_id]
        host = view.hosts.get(host_id)
        if host is None:
            continue
        if len(ports) > 1:
            names = ", ".join(sorted(port.port_name for port in ports))
            yield PlanFinding(
                "identity-on-several-ports",
                nic.ref,
                f"ports {names} of {host.name} all carry {nic.iface_id}; {place.port_name} is used",
                hint="remove external_ids:iface-id from the others",
                others=(host.ref,),
            )
        if network is not None:
            yield from _zone(nic, network, host)


def _claims(view: View, nic: NicView) -> Iterator[PlanFinding]:
    """What another NIC has that this one claims too."""
    owner = view.by_identity[nic.iface_id][0]
    if owner.id != nic.id:
        yield _lost(nic, owner, "duplicate-identity", f"identity {nic.iface_id}", "is not placed anywhere")
    owner = view.by_mac[nic.network_id, nic.mac][0]
    if owner.id != nic.id:
        yield _lost(nic, owner, "duplicate-mac", f"MAC address {format_mac(nic.mac)}", "receives nothing")
    for address in nic.addresses:
        owner = view.by_address[nic.network_id, address][0]
        if owner.id != nic.id and owner.mac != nic.mac:
            yield _lost(nic, owner, "duplicate-address", f"address {address}", "is not answered for")


def _lost(nic: NicView, owner: NicView, code: str, claim: str, effect: str) -> PlanFinding:
    return PlanFinding(
        code,
        nic.ref,
        f"{claim} belongs to NIC {owner.name}; this one {effect}",
        hint="give one of them another",
        severity=Severity.ERROR,
        others=(owner.ref,),
    )


def _zone(nic: NicView, network: NetworkView, host: HostView) -> Iterator[PlanFinding]:
    if host.zone != network.zone:
        yield PlanFinding(
            "wrong-zone",
            nic.ref,
            f"seen on host {host.name} of another zone than its network's; it has no traffic there",
            hint="move it to a host of the network's zone",
            severity=Severity.ERROR,
            others=(host.ref, network.ref),
        )


def _network(view: View, network: NetworkView) -> Iterator[PlanFinding]:
    hosts = view.hosts_of_network(network)
    key = network.segment_key
    if key is not None and not view.owns_segment(network):
        owner = view.by_segment[key][0]
        yield PlanFinding(
            "segment-in-use",
            network.ref,
            f"{network.isolation.value} segment {network.segment} belongs to network {owner.name}; this one gets nothing "
            "from other hosts",
            hint="give it another segment",
            severity=Severity.ERROR,
            others=(owner.ref,),
        )
    families = {host.tunnel_ip.version for host in hosts if host.tunnel_ip is not None}
    if len(families) > 1 and network.isolation.is_tunnel:
        yield PlanFinding(
            "mixed-underlays",
            network.ref,
            "its hosts have tunnel endpoints of both IP families; those of one do not reach those of the other",
            hint="give all hosts of a zone tunnel endpoints of one family",
            severity=Severity.ERROR,
            others=tuple(host.ref for host in hosts),
        )
    found = narrowest(view, network, hosts)
    if found is not None:
        yield from _mtu(network, *found)
        yield from _small_ports(view, network, network.mtu if network.mtu is not None else found[0])


def _mtu(network: NetworkView, carried: int, host: HostView) -> Iterator[PlanFinding]:
    tunnelled = network.isolation.is_tunnel
    overhead = host.underlay_mtu - carried if tunnelled else 0
    wires = "underlay" if tunnelled else "uplink"
    if network.mtu is not None and network.mtu > carried:
        carries = (
            f"the underlay of {host.name} ({host.underlay_mtu}) carries"
            if tunnelled
            else f"the wires of {host.name} carry"
        )
        yield PlanFinding(
            "underlay-mtu-too-small",
            network.ref,
            f"MTU {network.mtu} does not fit: {carries} {carried}",
            hint=f"set the network's MTU to {carried}, or the {wires}'s to {network.mtu + overhead}",
            others=(host.ref,),
        )
    used = network.mtu if network.mtu is not None else carried
    if network.cidr6 is not None and used < MIN_GUEST_IPV6:
        yield PlanFinding(
            "mtu-below-ipv6",
            network.ref,
            f"MTU {used} is less than the {MIN_GUEST_IPV6} that IPv6 needs (RFC 8200, section 5)",
            hint=f"an {wires} MTU of {MIN_GUEST_IPV6 + overhead} at least",
            others=(host.ref,),
        )


def _small_ports(view: View, network: NetworkView, needed: int) -> Iterator[PlanFinding]:
    """One finding for all ports that cannot take what others may send them."""
    places = (place for hosts in view.presence.get(network.id, {}).values() for place in hosts.values())
    small = list(islice((place for place in places if is_small(place, needed)), MAX_NAMED + 1))
    if small:
        told = [
            f"{place.port_name} of NIC {view.nics[place.nic_id].name} {place.mtu}"
            for place in small[:MAX_NAMED]
        ]
        more = " and more" if len(small) > MAX_NAMED else ""
        yield PlanFinding(
            "nic-mtu-too-small",
            network.ref,
            f"guests of this network may send {needed} bytes, but these ports carry less: {', '.join(told)}{more}",
            hint=f"set their MTU to {needed} at least, or the network's to what all can carry",
        )


def is_small(place: Placement, needed: int) -> bool:
    """Whether a port cannot take packets of this size."""
    return place.mtu is not None and place.mtu < needed


def _host(view: View, host: HostView) -> Iterator[PlanFinding]:
    if host.tunnel_ip is None:
        cut_off = [
            network
            for network in networks_here(view, host)
            if network.segment is not None and network.isolation.is_tunnel
        ]
        if cut_off:
            yield PlanFinding(
                "no-tunnel-endpoint",
                host.ref,
                f"has NICs of {len(cut_off)} networks, but no tunnel address: they reach nothing outside of it",
                hint="set the host's tunnel_ip",
                severity=Severity.ERROR,
                others=tuple(network.ref for network in cut_off),
            )
    yield from _uplinks(view, host)


def _uplinks(view: View, host: HostView) -> Iterator[PlanFinding]:
    """Wires that networks here need and the host does not reach; ports that it should have and does not show."""
    needed: dict[str, list[NetworkView]] = {}
    for network in networks_here(view, host):
        if network.on_wires and network.wires not in host.uplinks:
            needed.setdefault(network.wires, []).append(network)
    others = ", and its other uplinks" if host.uplinks else ""
    for networks in needed.values():
        wires = networks[0].physical_network or networks[0].wires
        yield PlanFinding(
            "no-uplink",
            host.ref,
            f"has NICs of {len(networks)} networks of physical network {wires}, but no uplink to it: they reach nothing "
            "outside of it",
            hint=f"`netloom host uplinks {host.name} {wires}=PORT`, with a port of {host.bridge} that leads there{others}",
            severity=Severity.ERROR,
            others=tuple(network.ref for network in networks),
        )
    facts = view.facts.get(host.id)
    missing = [
        uplink.port_on(host.bridge)
        for uplink in host.uplinks.values()
        if facts is not None and uplink.port_on(host.bridge) not in facts.plain_ports
    ]
    if missing:
        yield PlanFinding(
            "uplink-missing",
            host.ref,
            f"{host.bridge} shows no port {', '.join(sorted(missing))} that could be its uplink",
            hint="the device (or the bridge) must be there, and the port must carry no iface-id",
            severity=Severity.ERROR,
        )


def _names(refs: list[ObjectRef]) -> str:
    return ", ".join(ref.name for ref in refs)
