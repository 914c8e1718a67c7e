"""To and from the wires: networks that are VLANs, in and out by the host's uplink with their tag.

Rule 1: the port's number stands in these flows only; others go to the UPLINK table, which is the same for every sender.
Rule 2: what came by an uplink does not go out by one: the wires have shown it to everybody already.

Devices that netloom does not know are on those wires (gateways, machines), so nothing is unknown there: what is for no NIC
of this host goes out once, whoever has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from netloom.model.isolation import UNTAGGED
from netloom.plan.switch import Fragment, FragmentKey
from netloom.plan.view import HostView, NetworkView, View
from netloom.providers.ovs.compile.flows import DROP, flow, goto, of_network
from netloom.providers.ovs.compile.keys import UPLINKS_KEY, WIRE
from netloom.providers.ovs.pipeline import registers as r
from netloom.providers.ovs.pipeline import tables as t
from netloom.providers.ovs.pipeline.cookies import cookie_of
from netloom.providers.ovs.pipeline.roles import Role
from netloom.providers.ovs.pipeline.tables import Priority
from netloom.wire.openflow.actions import Action, Output, PopVlan, PushVlan, SetField
from netloom.wire.openflow.fields import FIELDS
from netloom.wire.openflow.flow import Flow

ETH_VLAN: Final = 0x8100
PRESENT: Final = 0x1000  # of vlan_tci and vlan_vid: there is a tag
ID_AND_PRESENT: Final = 0x1FFF

_FROM_UPLINK: Final = r.SOURCE.set(r.Source.UPLINK)
_POP: Final = PopVlan()


def carries_vlans(view: View, host: HostView) -> bool:
    """Whether a host has a NIC of any network that is a VLAN."""
    return any(
        (network := view.networks.get(network_id)) is not None
        and network.on_wires
        and network.zone == host.zone
        for network_id in view.networks_on.get(host.id, ())
    )


def compile_uplinks(view: View, host: HostView) -> Fragment | None:
    """What a host has for its uplinks, whichever networks use them; None where there are neither uplinks nor VLANs."""
    if not host.uplinks and not carries_vlans(view, host):
        return None
    plain = cookie_of(Role.PIPELINE)
    from_uplink = {r.SOURCE.key: int(r.Source.UPLINK)}
    flows = [
        flow(t.UPLINK, Priority.EXCEPT, cookie_of(Role.SPLIT_HORIZON), DROP, **from_uplink),
        flow(t.UPLINK, Priority.MISS, plain, DROP),
    ]
    unknown = cookie_of(Role.UNKNOWN_VLAN)
    flows += [flow(t.CLASSIFY, Priority.REST, unknown, DROP, in_port=port) for port in _ports(view, host)]
    return Fragment(UPLINKS_KEY, tuple(flows), (host.ref,))


def _ports(view: View, host: HostView) -> list[int]:
    """The numbers of a host's uplink ports that its switch shows."""
    facts = view.facts.get(host.id)
    if facts is None:
        return []
    names = (uplink.port_on(host.bridge) for uplink in host.uplinks.values())
    return sorted({seen.ofport for name in names if (seen := facts.plain_ports.get(name)) is not None})


def compile_wire(view: View, host: HostView, network: NetworkView) -> Fragment | None:
    """A VLAN's way in and out of a host; without an uplink, a drop that says so. None where it has no NIC."""
    if not network.on_wires or not view.presence.get(network.id, {}).get(host.id):
        return None
    seen = view.uplink_seen(host, network)
    writer = of_network(network.number)
    flows: list[Flow] = []
    if seen is None or network.segment is None or not view.owns_segment(network):
        writer.put(t.UPLINK, Priority.ALLOW, Role.NO_UPLINK, DROP)
    else:
        flows += _enter(network, network.segment, seen.ofport)
        writer.put(t.UPLINK, Priority.ALLOW, Role.TO_UPLINK, (*_tag(network.segment), Output(seen.ofport)))
    return Fragment(FragmentKey(WIRE, network.number), (*flows, *writer.flows), (network.ref, host.ref))


def _enter(network: NetworkView, vlan: int, port: int) -> Iterator[Flow]:
    """Into the network; a priority tag (IEEE 802.1Q-2022, 6.9: id 0) belongs to the untagged one."""
    cookie = cookie_of(Role.FROM_UPLINK, network.number)
    into = (r.NETWORK.set(network.number), _FROM_UPLINK, *goto(t.UNICAST))
    yield flow(
        t.CLASSIFY, Priority.ALLOW, cookie, (_POP, *into),
        in_port=port, vlan_tci=(PRESENT | vlan, ID_AND_PRESENT),
    )  # fmt: skip
    if vlan == UNTAGGED:
        yield flow(t.CLASSIFY, Priority.ALLOW, cookie, into, in_port=port, vlan_tci=(0, PRESENT))


def _tag(vlan: int) -> tuple[Action, ...]:
    if vlan == UNTAGGED:
        return ()
    return (PushVlan(ETH_VLAN), SetField(FIELDS["vlan_vid"], PRESENT | vlan))
