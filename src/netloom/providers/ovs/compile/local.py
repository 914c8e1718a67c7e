"""NICs of this host: in by their port, out to their port, and copies of broadcast to them.

Rule 1: the only place, beside tunnel ports and uplinks, where a number of a port of this switch stands.
Rule 2: a local port takes precedence over the way to another host; a NIC that is here and elsewhere gets both.
"""

from __future__ import annotations

from netloom.plan.switch import Fragment, FragmentKey
from netloom.plan.view import HostView, NetworkView, NicView, View
from netloom.providers.ovs.compile.flows import flow, goto, of_network, of_nic_in_network, resubmit
from netloom.providers.ovs.compile.keys import COPY_LOCAL, FLOOD, LOCAL, chunk_of
from netloom.providers.ovs.compile.remote import copies_to, into_segment, over
from netloom.providers.ovs.pipeline import registers as r
from netloom.providers.ovs.pipeline import tables as t
from netloom.providers.ovs.pipeline.cookies import cookie_of
from netloom.providers.ovs.pipeline.roles import Role
from netloom.providers.ovs.pipeline.tables import Priority
from netloom.wire.openflow.actions import Action

_FROM_NIC = r.SOURCE.set(r.Source.NIC)


def compile_local(view: View, host: HostView, network: NetworkView, nic: NicView) -> Fragment | None:
    """In and out by a NIC's port on a host; None when it is not there."""
    place = view.placement(nic.id, host.id)
    if place is None:
        return None
    enter = (r.NETWORK.set(network.number), r.NIC.set(nic.number), _FROM_NIC, *goto(t.GUARD))
    classify = cookie_of(Role.CLASSIFY, nic.number)
    flows = [flow(t.CLASSIFY, Priority.ALLOW, classify, enter, in_port=place.ofport)]
    why = [nic.ref, network.ref, host.ref]
    if view.owns_mac(nic):
        elsewhere = _elsewhere(view, host, network, nic) if network.segment is not None else []
        writer = of_nic_in_network(nic.number, network.number)
        deliver: tuple[Action, ...] = (r.PORT.set(place.ofport), *goto(t.DELIVER))
        if elsewhere and network.segment is not None:
            away = (
                goto(t.UPLINK)
                if network.on_wires
                else (*into_segment(network, network.segment), *copies_to(elsewhere))
            )
            deliver = (r.PORT.set(place.ofport), resubmit(t.DELIVER), *away)
            why += [other.ref for other in elsewhere]
        writer.put(t.UNICAST, Priority.ALLOW, Role.UNICAST_LOCAL, deliver, eth_dst=nic.mac)
        flows += writer.flows
    return Fragment(FragmentKey(LOCAL, nic.number), tuple(flows), tuple(why))


def _elsewhere(view: View, host: HostView, network: NetworkView, nic: NicView) -> list[HostView]:
    """Other hosts that show the NIC and that this host reaches: through tunnels, or over the wires."""
    hosts = view.hosts_of_nic(nic)
    if not network.on_wires:
        hosts = [] if host.tunnel_ip is None else over(host.tunnel_ip.version, hosts)
    return [other for other in hosts if other.id != host.id]


def local_chunks(view: View, host: HostView, network: NetworkView) -> list[int]:
    """The chunks of port numbers that the network's NICs on a host have."""
    places = view.presence.get(network.id, {}).get(host.id, {})
    return sorted({chunk_of(place.ofport) for place in places.values()})


def compile_flood(view: View, host: HostView, network: NetworkView) -> Fragment | None:
    """Broadcast and multicast of a network on a host: copies here, then on to other hosts."""
    chunks = local_chunks(view, host, network)
    if not chunks:
        return None
    actions: list[Action] = []
    for chunk in chunks:
        actions += (r.CHUNK.set(chunk), resubmit(t.COPY_LOCAL))
    writer = of_network(network.number)
    onward = t.UPLINK if network.on_wires else t.SPREAD
    writer.put(t.FLOOD, Priority.ALLOW, Role.FLOOD, (*actions, *goto(onward)))
    return Fragment(FragmentKey(FLOOD, network.number), tuple(writer.flows), (network.ref, host.ref))


def compile_copy_local(view: View, host: HostView, network: NetworkView, chunk: int) -> Fragment | None:
    """A copy to each of the network's ports of one chunk. Open vSwitch never sends one back to where it came from."""
    places = view.presence.get(network.id, {}).get(host.id, {})
    ports = sorted(place.ofport for place in places.values() if chunk_of(place.ofport) == chunk)
    if not ports:
        return None
    actions: list[Action] = []
    for port in ports:
        actions += (r.PORT.set(port), resubmit(t.DELIVER))
    writer = of_network(network.number)
    writer.put(t.COPY_LOCAL, Priority.ALLOW, Role.COPY_LOCAL, tuple(actions), **{r.CHUNK.key: chunk})
    return Fragment(
        FragmentKey(COPY_LOCAL, network.number, chunk), tuple(writer.flows), (network.ref, host.ref)
    )
