"""Which outputs a change can alter: the other half of incremental compiling, checked against full recompute.

Rule 1: too much is slow, too little is wrong: in doubt an output is touched.
Rule 2: what follows costs as the change, not as the picture: no loop here goes over all NICs but those of one network
(when the network itself changed) or one host (when the host itself changed).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from netloom.base.ids import HostId
from netloom.plan.mtu import carried_by
from netloom.plan.ports import GroupKey, Touched
from netloom.plan.switch import FragmentKey
from netloom.plan.view import (
    Change,
    FactsChange,
    GroupChange,
    HostChange,
    HostView,
    IdentityChange,
    NetworkChange,
    NetworkView,
    NicChange,
    NicView,
    Placement,
    PlacementChange,
    PlainPort,
    PresenceChange,
    SwitchFacts,
    View,
)
from netloom.providers.ovs.compile import keys as k
from netloom.providers.ovs.compile.findings import is_small
from netloom.providers.ovs.compile.touch_groups import touch_filter, touch_group, touch_placed


def touch(view: View, change: Change, touched: Touched) -> None:
    """Add the outputs that a change can alter."""
    match change:
        case PlacementChange():
            _placement(view, change, touched)
        case PresenceChange():
            _presence(view, change, touched)
        case NicChange():
            for nic in (change.before, change.after):
                if nic is not None:
                    _nic_and_rivals(view, nic, touched)
            _attached(change, touched)
            touch_filter(view, change, touched)
            _renamed(view, change, touched)
        case NetworkChange():
            _network(view, change, touched)
        case GroupChange():
            touch_group(view, change, touched)
        case HostChange():
            _host(view, change, touched)
        case IdentityChange(identity=identity):
            touched.findings.update(nic.ref for nic in view.by_identity.get(identity, ()))
        case FactsChange():
            touched.groups.add(change.host_id)
            touched.own.update((change.host_id, key) for key in k.TUNNEL_KEYS.values())
            if _plain_ports(change.before) != _plain_ports(change.after) or change.before is None:
                _uplinks(view, change.host_id, touched)


def _placement(view: View, change: PlacementChange, touched: Touched) -> None:
    nic = change.nic
    network = view.networks.get(nic.network_id)
    touched.findings.add(nic.ref)
    touched.own.add((change.host_id, FragmentKey(k.LOCAL, nic.number)))
    touched.own.add((change.host_id, FragmentKey(k.GUARD, nic.number)))
    touch_placed(change, touched)
    if network is None:
        return
    if _mtu_of(change.before) != _mtu_of(change.after) and _is_small(view, network, change):
        touched.findings.add(network.ref)
    touched.own.add((change.host_id, FragmentKey(k.FLOOD, network.number)))
    for place in (change.before, change.after):
        if place is not None:
            key = FragmentKey(k.COPY_LOCAL, network.number, k.chunk_of(place.ofport))
            touched.own.add((change.host_id, key))
    _nic(view, nic, network, touched)


def _plain_ports(facts: SwitchFacts | None) -> Mapping[str, PlainPort]:
    return {} if facts is None else facts.plain_ports


def _uplinks(view: View, host_id: HostId, touched: Touched) -> None:
    """What a host's uplink ports alter, when it has uplinks."""
    host = view.hosts.get(host_id)
    if host is None or not host.uplinks:
        return
    touched.findings.add(host.ref)
    touched.own.add((host_id, k.UPLINKS_KEY))
    for network_id in view.networks_on.get(host_id, ()):
        network = view.networks.get(network_id)
        if network is not None and network.on_wires:
            touched.own.add((host_id, FragmentKey(k.WIRE, network.number)))
            touched.findings.add(network.ref)


def _wire(network: NetworkView, host_id: HostId, touched: Touched) -> None:
    """A VLAN's own way out of a host, and what a host has for all of them."""
    touched.own.add((host_id, FragmentKey(k.WIRE, network.number)))
    touched.own.add((host_id, k.UPLINKS_KEY))


def _mtu_of(place: Placement | None) -> int | None:
    return None if place is None else place.mtu


def _is_small(view: View, network: NetworkView, change: PlacementChange) -> bool:
    """Whether a port is, or was, below what the network may need: only then it is anybody's finding."""
    host = view.hosts.get(change.host_id)
    most = (
        network.mtu if network.mtu is not None else None if host is None else carried_by(view, host, network)
    )
    places = (change.before, change.after)
    return most is None or any(place is not None and is_small(place, most) for place in places)


def _presence(view: View, change: PresenceChange, touched: Touched) -> None:
    touched.groups.add(change.host_id)
    touched.ports.add(change.host_id)
    network, host = view.networks.get(change.network_id), view.hosts.get(change.host_id)
    if host is not None:
        touched.findings.add(host.ref)
    if network is not None:
        touched.findings.add(network.ref)
        if network.on_wires:
            _wire(network, change.host_id, touched)
        elif host is not None:
            _spread(network, host, touched)


def _spread(network: NetworkView, host: HostView, touched: Touched) -> None:
    """Lists of hosts that a host may have come to, or gone from."""
    for group in _underlays(network):
        touched.shared.add((group, FragmentKey(k.SPREAD, network.number)))
        touched.shared.add((group, FragmentKey(k.COPY_REMOTE, network.number, k.chunk_of(host.number))))


def _underlays(network: NetworkView) -> tuple[GroupKey, GroupKey]:
    return k.underlay(4, network.number), k.underlay(6, network.number)


def _attached(change: NicChange, touched: Touched) -> None:
    """The ports of hosts that a NIC is, or was, to be plugged on."""
    before, after = change.before, change.after
    if before is None or after is None or _plug(before) != _plug(after):
        touched.ports.update(
            nic.attachment.host_id
            for nic in (before, after)
            if nic is not None and nic.attachment is not None
        )


def _plug(nic: NicView) -> tuple[object, ...]:
    return (nic.attachment, nic.iface_id, nic.mac, nic.ref)


def _renamed(view: View, change: NicChange, touched: Touched) -> None:
    """A network's finding names its NICs."""
    before, after = change.before, change.after
    if before is not None and after is not None and before.name != after.name:
        network = view.networks.get(after.network_id)
        if network is not None:
            touched.findings.add(network.ref)


def _nic_and_rivals(view: View, nic: NicView, touched: Touched) -> None:
    """A NIC, and whoever claims what it claims: the owner may be another one now."""
    rivals = [nic, *view.by_mac.get((nic.network_id, nic.mac), ()), *view.by_identity.get(nic.iface_id, ())]
    for address in nic.addresses:
        rivals += view.by_address.get((nic.network_id, address), ())
    for rival in {rival.id: rival for rival in rivals}.values():
        network = view.networks.get(rival.network_id)
        touched.findings.add(rival.ref)
        if network is not None:
            _nic(view, rival, network, touched)


def _nic(view: View, nic: NicView, network: NetworkView, touched: Touched) -> None:
    """What depends on a NIC and on where it is."""
    for host_id in view.placements.get(nic.id, ()):
        touched.own.add((host_id, FragmentKey(k.LOCAL, nic.number)))
        touched.own.add((host_id, FragmentKey(k.GUARD, nic.number)))
        if nic.groups is not None:
            touched.own.add((host_id, FragmentKey(k.FILTER, nic.number)))
    number = network.number
    touched.shared.add((GroupKey(k.IN_NETWORK, number), FragmentKey(k.ANSWER, nic.number)))
    touched.shared.add((GroupKey(k.IN_NEIGHBOUR, number), FragmentKey(k.NEIGHBOUR, nic.number)))
    for group in _underlays(network):
        touched.shared.add((group, FragmentKey(k.PEER, nic.number)))


def _network(view: View, change: NetworkChange, touched: Touched) -> None:
    rivals: list[NetworkView] = []
    for network in (change.before, change.after):
        if network is not None:
            rivals.append(network)
            key = network.segment_key
            if key is not None:
                rivals += view.by_segment.get(key, ())
    for rival in {rival.id: rival for rival in rivals}.values():
        touched.findings.add(rival.ref)
        for group in _underlays(rival):
            touched.shared.add((group, FragmentKey(k.SEGMENT, rival.number)))
        if rival.on_wires:
            for host_id in view.presence.get(rival.id, ()):
                _wire(rival, host_id, touched)
    for network in (change.before, change.after):
        if network is not None:
            _all_of(view, network, touched)


def _all_of(view: View, network: NetworkView, touched: Touched) -> None:
    """Everything that a network has anywhere."""
    touched.shared.add((GroupKey(k.IN_NETWORK, network.number), FragmentKey(k.NETWORK, network.number)))
    for nic_id in view.nics_of.get(network.id, ()):
        nic = view.nics[nic_id]
        touched.findings.add(nic.ref)
        _nic(view, nic, network, touched)
    for host_id, places in view.presence.get(network.id, {}).items():
        touched.groups.add(host_id)
        touched.ports.add(host_id)
        touched.own.add((host_id, FragmentKey(k.FLOOD, network.number)))
        if network.on_wires:
            _wire(network, host_id, touched)
        for chunk in {k.chunk_of(place.ofport) for place in places.values()}:
            touched.own.add((host_id, FragmentKey(k.COPY_LOCAL, network.number, chunk)))
        host = view.hosts.get(host_id)
        if host is not None:
            touched.findings.add(host.ref)
            _spread(network, host, touched)


def _host(view: View, change: HostChange, touched: Touched) -> None:
    known = change.after or change.before
    if known is None:
        return
    touched.findings.add(known.ref)
    if not _matters(change):
        if change.before is not None and change.after is not None:
            _tell(view, change.after.id, touched)
        return
    touched.hosts.add(known.id)
    for network_id in view.networks_on.get(known.id, ()):
        network = view.networks.get(network_id)
        if network is None:
            continue
        touched.findings.add(network.ref)
        for host in (change.before, change.after):
            if host is not None:
                _spread(network, host, touched)
        for nic_id in view.presence[network_id][known.id]:
            touched.findings.add(view.nics[nic_id].ref)
            _nic(view, view.nics[nic_id], network, touched)


def _matters(change: HostChange) -> bool:
    """Whether more changed than what only findings tell of."""
    before, after = change.before, change.after
    if before is None or after is None:
        return True
    same = msgspec.structs.replace(before, draining=after.draining, underlay_mtu=after.underlay_mtu)
    return same != after


def _tell(view: View, host_id: HostId, touched: Touched) -> None:
    """The findings of what a host carries."""
    for network_id in view.networks_on.get(host_id, ()):
        network = view.networks.get(network_id)
        if network is not None:
            touched.findings.add(network.ref)
        touched.findings.update(view.nics[nic_id].ref for nic_id in view.presence[network_id][host_id])
