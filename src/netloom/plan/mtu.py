"""How large a network's packets may be, as far as the hosts that carry it tell.

Rule 1: the smallest underlay counts: a network has one MTU, whichever hosts two NICs are on.
Rule 2: what the user asked for is what guests are told; what the hosts can carry is what it is checked against.
"""

from __future__ import annotations

from collections.abc import Iterable

from netloom.model.mtu import guest_mtu
from netloom.plan.records import HostView, NetworkView
from netloom.plan.view import View


def carried_by(view: View, host: HostView, network: NetworkView) -> int | None:
    """The largest guest MTU that a host's underlay carries for a network; None without a tunnel endpoint, or uplink.

    A network on wires has all that its uplink carries: what the switch shows of the port, or (a patch has no MTU) what the
    operator said of the host's underlay.
    """
    if not network.isolation.is_tunnel:
        if host.uplink_port(network) is None:
            return None
        seen = view.uplink_seen(host, network)
        return host.underlay_mtu if seen is None or seen.mtu is None else seen.mtu
    if host.tunnel_ip is None:
        return None
    return guest_mtu(host.underlay_mtu, network.isolation, 4 if host.tunnel_ip.version == 4 else 6)


def narrowest(view: View, network: NetworkView, hosts: Iterable[HostView]) -> tuple[int, HostView] | None:
    """The smallest of what hosts carry, and the host of it."""
    found: tuple[int, HostView] | None = None
    for host in hosts:
        mtu = carried_by(view, host, network)
        if mtu is not None and (found is None or (mtu, host.number) < (found[0], found[1].number)):
            found = (mtu, host)
    return found


def network_mtu(view: View, network: NetworkView) -> int | None:
    """The MTU that guests of a network should use; None as long as nothing says (no host has it yet)."""
    if network.mtu is not None:
        return network.mtu
    found = narrowest(view, network, view.hosts_of_network(network))
    return None if found is None else found[0]
