"""What a network has on every host that carries it, whoever its NICs are.

Rule 1: an unknown MAC address is nowhere: netloom knows all NICs, so nothing is flooded to find one.
Rule 2: what is dropped for that reason is counted for the network.
"""

from __future__ import annotations

from netloom.plan.switch import Fragment, FragmentKey
from netloom.plan.view import NetworkView
from netloom.providers.ovs.compile.flows import DROP, of_network
from netloom.providers.ovs.compile.keys import NETWORK
from netloom.providers.ovs.pipeline import tables as t
from netloom.providers.ovs.pipeline.roles import Role
from netloom.providers.ovs.pipeline.tables import Priority


def compile_network(network: NetworkView) -> Fragment:
    """The network's end of the UNICAST table."""
    writer = of_network(network.number)
    writer.put(t.UNICAST, Priority.COUNT, Role.UNKNOWN_UNICAST, DROP)
    return Fragment(FragmentKey(NETWORK, network.number), tuple(writer.flows), (network.ref,))
