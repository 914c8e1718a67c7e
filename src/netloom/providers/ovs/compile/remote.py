"""To other hosts: one flow for each NIC somewhere, and lists of hosts for broadcast.

Rule 1: the same on every host of the network: the copy for the host itself is dropped in REMOTE.
Rule 2: a NIC that is on two hosts (it migrates) gets everything on both: whichever runs it, no packet is late.
"""

from __future__ import annotations

from collections.abc import Iterable

from netloom.plan.switch import Fragment, FragmentKey
from netloom.plan.view import HostView, NetworkView, NicView, View
from netloom.providers.ovs.compile.flows import (
    TUN_ID,
    goto,
    of_network,
    of_nic_in_network,
    resubmit,
    tunnel_to,
)
from netloom.providers.ovs.compile.keys import COPY_REMOTE, PEER, SPREAD, chunk_of
from netloom.providers.ovs.pipeline import registers as r
from netloom.providers.ovs.pipeline import tables as t
from netloom.providers.ovs.pipeline.roles import Role
from netloom.providers.ovs.pipeline.tables import Priority
from netloom.wire.openflow.actions import Action, SetField


def over(family: int, hosts: Iterable[HostView]) -> list[HostView]:
    """The hosts whose tunnel endpoint has an address of the family."""
    return [host for host in hosts if host.tunnel_ip is not None and host.tunnel_ip.version == family]


def into_segment(network: NetworkView, segment: int) -> tuple[Action, ...]:
    """Choose the encapsulation and key of a network."""
    return (
        r.ENCAPSULATION.set(r.ENCAPSULATION_CODES[network.isolation]),
        SetField(TUN_ID, segment),
    )


def copies_to(hosts: Iterable[HostView]) -> list[Action]:
    """A copy to each host; the tunnel's key is chosen already."""
    actions: list[Action] = []
    for host in hosts:
        if host.tunnel_ip is not None:
            actions += (r.PEER.set(host.number), tunnel_to(host.tunnel_ip), resubmit(t.REMOTE))
    return actions


def compile_peer(view: View, network: NetworkView, nic: NicView, family: int) -> Fragment | None:
    """Unicast to a NIC through the tunnels of one family."""
    hosts = over(family, view.hosts_of_nic(nic))
    if not hosts or network.segment is None or not view.owns_mac(nic):
        return None
    actions = (*into_segment(network, network.segment), *copies_to(hosts))
    if len(hosts) == 1:
        actions = (*actions[:-1], *goto(t.REMOTE))
    writer = of_nic_in_network(nic.number, network.number)
    writer.put(t.UNICAST, Priority.REST, Role.UNICAST_REMOTE, actions, eth_dst=nic.mac)
    why = (nic.ref, network.ref, *(host.ref for host in hosts))
    return Fragment(FragmentKey(PEER, nic.number), tuple(writer.flows), why)


def spread_chunks(view: View, network: NetworkView, family: int) -> list[int]:
    """The chunks of hosts that the network is on."""
    return sorted({chunk_of(host.number) for host in over(family, view.hosts_of_network(network))})


def compile_spread(view: View, network: NetworkView, family: int) -> Fragment | None:
    """Which chunks of hosts a broadcast goes to."""
    chunks = spread_chunks(view, network, family)
    if not chunks or network.segment is None:
        return None
    actions: list[Action] = [*into_segment(network, network.segment)]
    for chunk in chunks:
        actions += (r.CHUNK.set(chunk), resubmit(t.COPY_REMOTE))
    writer = of_network(network.number)
    writer.put(t.SPREAD, Priority.ALLOW, Role.SPREAD, tuple(actions))
    return Fragment(FragmentKey(SPREAD, network.number), tuple(writer.flows), (network.ref,))


def compile_copy_remote(view: View, network: NetworkView, family: int, chunk: int) -> Fragment | None:
    """A copy to each host of one chunk."""
    if network.segment is None:
        return None
    hosts = [host for host in over(family, view.hosts_of_network(network)) if chunk_of(host.number) == chunk]
    if not hosts:
        return None
    writer = of_network(network.number)
    match = {r.CHUNK.key: chunk}
    writer.put(t.COPY_REMOTE, Priority.ALLOW, Role.COPY_REMOTE, tuple(copies_to(hosts)), **match)
    why = (network.ref, *(host.ref for host in hosts))
    return Fragment(FragmentKey(COPY_REMOTE, network.number, chunk), tuple(writer.flows), why)
