"""Anti-spoofing: what a NIC may send.

Rule 1: a family that netloom gives addresses of (the network has a CIDR of it, or the NIC an address) is *kept*: only the
NIC's own addresses pass. Another family is free: the network is an Ethernet to it, and only the MAC is checked.
With security groups no family is free: rules speak of addresses, so nobody may choose one.
Rule 2: what is not allowed is dropped by a flow of the NIC's own, counted by protocol; a wrong MAC comes first.

The same wherever the NIC is: it matches the NIC's number, not its port.
"""

from __future__ import annotations

from typing import Final

from netloom.base.net import link_local
from netloom.plan.switch import Fragment, FragmentKey
from netloom.plan.view import NetworkView, NicView
from netloom.providers.ovs.compile.flows import (
    ARP_REQUEST,
    DROP,
    ETH_ARP,
    ETH_IPV4,
    ETH_IPV6,
    ICMPV6,
    UDP,
    Writer,
    goto,
    of_nic,
)
from netloom.providers.ovs.compile.keys import GUARD
from netloom.providers.ovs.pipeline import tables as t
from netloom.providers.ovs.pipeline.roles import Role
from netloom.providers.ovs.pipeline.tables import Priority

SOLICITATION: Final = 135
ADVERTISEMENT: Final = 136
DHCP_CLIENT: Final = 68
DHCP_SERVER: Final = 67
LIMITED_BROADCAST: Final = 0xFFFFFFFF

_PASS = goto(t.ANSWER)


def keeps_ipv4(network: NetworkView, nic: NicView) -> bool:
    """Whether the NIC's IPv4 is netloom's business."""
    return (
        network.cidr4 is not None
        or nic.groups is not None
        or any(address.version == 4 for address in nic.given)
    )


def keeps_ipv6(network: NetworkView, nic: NicView) -> bool:
    """Whether the NIC's IPv6 is netloom's business."""
    return (
        network.cidr6 is not None
        or nic.groups is not None
        or any(address.version == 6 for address in nic.given)
    )


def compile_guard(network: NetworkView, nic: NicView) -> Fragment:
    """All that a NIC may send, and all that is counted when it sends something else."""
    writer = of_nic(nic.number)
    if keeps_ipv4(network, nic):
        _keep_ipv4(writer, nic)
    else:
        _free_ipv4(writer, nic)
    if keeps_ipv6(network, nic):
        _keep_ipv6(writer, nic)
    writer.put(t.GUARD, Priority.REST, Role.GUARD_OTHER, _PASS, eth_src=nic.mac)
    writer.put(t.GUARD, Priority.COUNT, Role.SPOOF_MAC, DROP)
    return Fragment(FragmentKey(GUARD, nic.number), tuple(writer.flows), (nic.ref, network.ref))


def _keep_ipv4(writer: Writer, nic: NicView) -> None:
    mac = nic.mac
    for own in (int(address) for address in nic.given if address.version == 4):
        arp = {"eth_src": mac, "eth_type": ETH_ARP, "arp_sha": mac}
        writer.put(t.GUARD, Priority.ALLOW, Role.GUARD_ARP, _PASS, arp_spa=own, **arp)
        # A probe for its own address, before it is used (RFC 5227, section 2.1.1).
        writer.put(t.GUARD, Priority.ALLOW, Role.GUARD_ARP, _PASS, arp_spa=0, arp_tpa=own, **arp)
        writer.put(
            t.GUARD, Priority.ALLOW, Role.GUARD_IPV4, _PASS, eth_src=mac, eth_type=ETH_IPV4, ip_src=own
        )
        # Announcements and probes reach the others: a conflict shows itself, nobody tells the owner that it is taken.
        writer.put(
            t.ANSWER, Priority.EXCEPT, Role.OWN_ARP, goto(t.UNICAST),
            eth_type=ETH_ARP, arp_op=ARP_REQUEST, arp_tpa=own,
        )  # fmt: skip
    writer.put(
        t.GUARD, Priority.ALLOW, Role.GUARD_DHCP, _PASS,
        eth_src=mac, eth_type=ETH_IPV4, nw_proto=UDP, ip_src=0, ip_dst=LIMITED_BROADCAST,
        udp_src=DHCP_CLIENT, udp_dst=DHCP_SERVER,
    )  # fmt: skip
    writer.put(t.GUARD, Priority.REFUSE, Role.SPOOF_ARP, DROP, eth_src=mac, eth_type=ETH_ARP)
    writer.put(t.GUARD, Priority.REFUSE, Role.SPOOF_IPV4, DROP, eth_src=mac, eth_type=ETH_IPV4)


def _free_ipv4(writer: Writer, nic: NicView) -> None:
    writer.put(
        t.GUARD, Priority.ALLOW, Role.GUARD_ARP, _PASS, eth_src=nic.mac, eth_type=ETH_ARP, arp_sha=nic.mac
    )
    writer.put(t.GUARD, Priority.REFUSE, Role.SPOOF_ARP, DROP, eth_src=nic.mac, eth_type=ETH_ARP)


def _keep_ipv6(writer: Writer, nic: NicView) -> None:
    mac = nic.mac
    own = [int(link_local(mac))]
    own += [int(address) for address in nic.given if address.version == 6 and int(address) not in own]
    inside, ethernet = goto(t.GUARD_ND), {"eth_src": mac, "eth_type": ETH_IPV6}
    for address in own:
        writer.put(t.GUARD, Priority.ALLOW, Role.GUARD_IPV6, inside, ipv6_src=address, **ethernet)
    # From ::, ICMPv6 only: duplicate address detection, router solicitation, multicast listener reports (RFC 3590).
    writer.put(t.GUARD, Priority.ALLOW, Role.GUARD_IPV6, inside, ipv6_src=0, nw_proto=ICMPV6, **ethernet)
    writer.put(t.GUARD, Priority.REFUSE, Role.SPOOF_IPV6, DROP, **ethernet)
    _keep_nd(writer, mac, own)


def _keep_nd(writer: Writer, mac: int, own: list[int]) -> None:
    """A link-layer address option holds the own MAC, or is absent, which Open vSwitch reads as zeros."""
    nd = {"eth_type": ETH_IPV6, "nw_proto": ICMPV6, "icmpv6_code": 0}
    for lladdr in (mac, 0):
        writer.put(
            t.GUARD_ND, Priority.REST, Role.GUARD_ND, _PASS, icmpv6_type=SOLICITATION, nd_sll=lladdr, **nd
        )
    for address in own:
        writer.put(
            t.GUARD_ND, Priority.ALLOW, Role.GUARD_ND, _PASS,
            icmpv6_type=SOLICITATION, ipv6_src=0, nd_target=address, **nd,
        )  # fmt: skip
        for lladdr in (mac, 0):
            writer.put(
                t.GUARD_ND, Priority.ALLOW, Role.GUARD_ND, _PASS,
                icmpv6_type=ADVERTISEMENT, nd_target=address, nd_tll=lladdr, **nd,
            )  # fmt: skip
