"""What a network has on every host that carries it, whoever its NICs are.

Rule 1: an unknown MAC address is nowhere: netloom knows all NICs, so nothing is flooded to find one. But on the wires of a
VLAN are devices that it does not know: what is not here goes there, once.
Rule 2: what is dropped for that reason is counted for the network.
"""

from __future__ import annotations

from netloom.plan.switch import Fragment, FragmentKey
from netloom.plan.view import NetworkView
from netloom.providers.ovs.compile.flows import DROP, goto, of_network
from netloom.providers.ovs.compile.keys import NETWORK
from netloom.providers.ovs.pipeline import tables as t
from netloom.providers.ovs.pipeline.roles import Role
from netloom.providers.ovs.pipeline.tables import Priority


def compile_network(network: NetworkView) -> Fragment:
    """The network's end of the UNICAST table."""
    writer = of_network(network.number)
    if network.on_wires:
        writer.put(t.UNICAST, Priority.COUNT, Role.OUTSIDE, goto(t.UPLINK))
    else:
        writer.put(t.UNICAST, Priority.COUNT, Role.UNKNOWN_UNICAST, DROP)
    return Fragment(FragmentKey(NETWORK, network.number), tuple(writer.flows), (network.ref,))
