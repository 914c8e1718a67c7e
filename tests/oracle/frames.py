"""Packets as field values, for the simulator and for `ofproto/trace`."""

from __future__ import annotations

import ipaddress

from netloom.base.net import link_local, solicited_node

BROADCAST = 0xFFFFFFFFFFFF


def v4(text: object) -> int:
    return int(ipaddress.IPv4Address(str(text)))


def v6(text: object) -> int:
    return int(ipaddress.IPv6Address(str(text)))


def udp(source: tuple[int, object], destination: tuple[int, object]) -> dict[str, int]:
    """(MAC, IPv4) to (MAC, IPv4)."""
    return {
        "eth_src": source[0], "eth_dst": destination[0], "eth_type": 0x0800, "ip_src": v4(source[1]),
        "ip_dst": v4(destination[1]), "nw_proto": 17, "udp_src": 1000, "udp_dst": 2000,
    }  # fmt: skip


def udp6(source: tuple[int, object], destination: tuple[int, object]) -> dict[str, int]:
    """(MAC, IPv6) to (MAC, IPv6)."""
    return {
        "eth_src": source[0], "eth_dst": destination[0], "eth_type": 0x86DD, "ipv6_src": v6(source[1]),
        "ipv6_dst": v6(destination[1]), "nw_proto": 17, "udp_src": 1000, "udp_dst": 2000,
    }  # fmt: skip


def arp_request(mac: int, spa: object, tpa: object, *, sha: int | None = None) -> dict[str, int]:
    return {
        "eth_src": mac, "eth_dst": BROADCAST, "eth_type": 0x0806, "arp_op": 1,
        "arp_sha": mac if sha is None else sha, "arp_spa": v4(spa), "arp_tpa": v4(tpa),
    }  # fmt: skip


def dhcp_discover(mac: int) -> dict[str, int]:
    return {
        "eth_src": mac, "eth_dst": BROADCAST, "eth_type": 0x0800, "ip_src": 0, "ip_dst": 0xFFFFFFFF,
        "nw_proto": 17, "udp_src": 68, "udp_dst": 67,
    }  # fmt: skip


def solicitation(mac: int, source: object, target: object, *, sll: int | None) -> dict[str, int]:
    """A neighbour solicitation; `sll` None: without the option."""
    group = int(solicited_node(ipaddress.IPv6Address(str(target))))
    option = {} if sll is None else {"nd_sll": sll, "nd_options_type": 1}
    return {
        "eth_src": mac, "eth_dst": 0x333300000000 | group & 0xFFFFFFFF, "eth_type": 0x86DD,
        "ipv6_src": v6(source), "ipv6_dst": group, "nw_proto": 58, "icmpv6_type": 135, "icmpv6_code": 0,
        "nd_target": v6(target),
    } | option  # fmt: skip


def advertisement(mac: int, source: object, target: object, *, tll: int | None) -> dict[str, int]:
    """An unsolicited neighbour advertisement to all nodes."""
    option = {} if tll is None else {"nd_tll": tll, "nd_options_type": 2}
    return {
        "eth_src": mac, "eth_dst": 0x333300000001, "eth_type": 0x86DD, "ipv6_src": v6(source),
        "ipv6_dst": v6("ff02::1"), "nw_proto": 58, "icmpv6_type": 136, "icmpv6_code": 0,
        "nd_target": v6(target),
    } | option  # fmt: skip


def icmpv6(mac: int, source: object, kind: int) -> dict[str, int]:
    """Another ICMPv6 message to all nodes."""
    return {
        "eth_src": mac, "eth_dst": 0x333300000001, "eth_type": 0x86DD, "ipv6_src": v6(source),
        "ipv6_dst": v6("ff02::1"), "nw_proto": 58, "icmpv6_type": kind,
    }  # fmt: skip


def other(mac: int, eth_type: int, destination: int = BROADCAST) -> dict[str, int]:
    return {"eth_src": mac, "eth_dst": destination, "eth_type": eth_type}


def local(mac: int) -> ipaddress.IPv6Address:
    return link_local(mac)
