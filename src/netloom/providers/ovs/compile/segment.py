"""The tunnel port of each encapsulation, and the segment ids that come and go through it.

Rule 1: the port's number stands in its own two flows only: all others name the encapsulation.
Rule 2: a key means a network within its encapsulation: two networks may have the same one in different ones.
"""

from __future__ import annotations

from netloom.model.isolation import Isolation
from netloom.plan.switch import Fragment, FragmentKey
from netloom.plan.view import HostView, NetworkView, View
from netloom.providers.ovs.compile.flows import Writer, flow, goto
from netloom.providers.ovs.compile.keys import SEGMENT, TUNNEL_KEYS
from netloom.providers.ovs.pipeline import tables as t
from netloom.providers.ovs.pipeline.cookies import cookie_of
from netloom.providers.ovs.pipeline.registers import (
    ENCAPSULATION,
    ENCAPSULATION_CODES,
    NETWORK,
    SOURCE,
    Source,
)
from netloom.providers.ovs.pipeline.roles import Role
from netloom.providers.ovs.pipeline.tables import Priority
from netloom.wire.openflow.actions import Output

_FROM_TUNNEL = SOURCE.set(Source.TUNNEL)


def compile_tunnel(view: View, host: HostView, isolation: Isolation) -> Fragment | None:
    """In and out through a host's tunnel port; None while the port has no number."""
    facts = view.facts.get(host.id)
    port = facts.tunnel_ports.get(isolation) if facts else None
    if port is None:
        return None
    code = ENCAPSULATION_CODES[isolation]
    classify = (_FROM_TUNNEL, ENCAPSULATION.set(code), *goto(t.TUNNEL))
    return Fragment(
        TUNNEL_KEYS[isolation],
        (
            flow(t.CLASSIFY, Priority.EXCEPT, cookie_of(Role.FROM_TUNNEL), classify, in_port=port),
            flow(
                t.REMOTE,
                Priority.REST,
                cookie_of(Role.TO_TUNNEL),
                (Output(port),),
                **{ENCAPSULATION.key: code},
            ),
        ),
        (host.ref,),
    )


def compile_segment(view: View, network: NetworkView) -> Fragment | None:
    """From a key to its network; None without a segment, or when another network has the same."""
    if network.segment is None or not view.owns_segment(network):
        return None
    writer = Writer(network.number, ENCAPSULATION, ENCAPSULATION_CODES[network.isolation])
    actions = (NETWORK.set(network.number), *goto(t.UNICAST))
    writer.put(t.TUNNEL, Priority.ALLOW, Role.TUNNEL_KEY, actions, tun_id=network.segment)
    return Fragment(FragmentKey(SEGMENT, network.number), tuple(writer.flows), (network.ref,))
