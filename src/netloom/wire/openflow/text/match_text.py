"""A match as text, both ways.

Rule 1: the order in which conditions are written is Open vSwitch's (`match_format` in lib/match.c).
Rule 2: reading knows every field name and alias, and the protocol words (`tcp`, `arp`, `icmp6`, …).
"""

from __future__ import annotations

from typing import Final

from netloom.wire.openflow import fields_table as f
from netloom.wire.openflow.field import Field, Subfield
from netloom.wire.openflow.fields import FIELDS, OXM_NAMES
from netloom.wire.openflow.match import FieldMatch, Match
from netloom.wire.openflow.text.names import NO_NAMES, Names
from netloom.wire.openflow.text.scan import Item, items, whole
from netloom.wire.openflow.text.values import format_value, parse_subfield, parse_value

PROTOCOLS: Final[dict[str, tuple[int, int | None]]] = {
    "ip": (0x0800, None),
    "ipv4": (0x0800, None),
    "icmp": (0x0800, 1),
    "tcp": (0x0800, 6),
    "udp": (0x0800, 17),
    "sctp": (0x0800, 132),
    "ipv6": (0x86DD, None),
    "ip6": (0x86DD, None),
    "icmp6": (0x86DD, 58),
    "tcp6": (0x86DD, 6),
    "udp6": (0x86DD, 17),
    "sctp6": (0x86DD, 132),
    "arp": (0x0806, None),
    "rarp": (0x8035, None),
    "mpls": (0x8847, None),
    "mplsm": (0x8848, None),
}
"""Words that stand for an EtherType and perhaps an IP protocol."""
_WORDS: Final = {kind: word for word, kind in reversed(PROTOCOLS.items())}


def parse_match(text: str, names: Names = NO_NAMES) -> Match:
    """A match from `tcp,nw_dst=10.0.0.0/8,tp_dst=80`; the empty text takes all packets.

    Raises:
        FlowTextError: an unknown word, or a value that is none, at its character.
        LocalProtocolError: prerequisites are missing, or a field is given twice.
    """
    return Match.build([entry for item in items(whole(text)) for entry in entries_of(item, names)])


def entries_of(item: Item, names: Names) -> list[FieldMatch]:
    """What one item of a match says.

    Raises:
        FlowTextError: it is neither a protocol word nor a field with a value.
    """
    name = item.name
    word = PROTOCOLS.get(name)
    if word is not None and not item.form:
        eth_type, proto = word
        found = [FieldMatch(f.ETH_TYPE, eth_type)]
        return found if proto is None else [*found, FieldMatch(f.NW_PROTO, proto)]
    field = FIELDS.get(name) or OXM_NAMES.get(name)
    if field is None:
        if name.endswith("]"):
            return [_part(parse_subfield(item.key), item)]
        raise item.key.error(f"unknown word {name!r}", "a match field, a protocol, or actions=")
    value, mask = parse_value(field, item.need(f"= and a value of {name}"), names)
    if mask is not None and value & ~mask:
        # Open vSwitch clears such bits silently when it reads text.
        value &= mask
    return [FieldMatch(_sized(field, value, mask), value, mask)]


def _part(part: Subfield, item: Item) -> FieldMatch:
    number = item.need("= and a number").number((1 << part.bits) - 1, "a number")
    return FieldMatch(part.field, number << part.offset, part.ones)


def _sized(field: Field, value: int, mask: int | None) -> Field:
    """A Geneve option as short as its text: its real length is known to the switch alone."""
    if not field.variable:
        return field
    return field.sized(max(1, ((value if mask is None else value | mask).bit_length() + 7) // 8))


# ---- writing ----------------------------------------------------------------------------------------------------

_BEFORE: Final = [
    "pkt_mark",
    "recirc_id",
    "dp_hash",
    "conj_id",
    "skb_priority",
    "actset_output",
    "ct_state",
    "ct_zone",
    "ct_mark",
    "ct_label",
    "ct_nw_src",
    "ct_ipv6_src",
    "ct_nw_dst",
    "ct_ipv6_dst",
    "ct_nw_proto",
    "ct_tp_src",
    "ct_tp_dst",
    "packet_type",
]
_AFTER: Final = (
    [f"reg{i}" for i in range(16)]
    + [
        "tun_id",
        "tun_src",
        "tun_dst",
        "tun_ipv6_src",
        "tun_ipv6_dst",
        "tun_gbp_id",
        "tun_gbp_flags",
        "tun_tos",
        "tun_ttl",
    ]
    + [
        "tun_erspan_ver",
        "tun_erspan_idx",
        "tun_erspan_dir",
        "tun_erspan_hwid",
        "tun_gtpu_flags",
        "tun_gtpu_msgtype",
    ]
    + ["tun_flags"]
    + [f"tun_metadata{i}" for i in range(64)]
    + [
        "metadata",
        "in_port_oxm",
        "vlan_vid",
        "vlan_pcp",
        "eth_src",
        "eth_dst",
        "eth_type",
        "ip_src",
        "ip_dst",
        "ipv6_src",
        "ipv6_dst",
    ]
    + [
        "ipv6_label",
        "arp_spa",
        "arp_tpa",
        "nsh_flags",
        "nsh_ttl",
        "nsh_mdtype",
        "nsh_np",
        "nsh_spi",
        "nsh_si",
        "nsh_c1",
        "nsh_c2",
        "nsh_c3",
    ]
    + [
        "nsh_c4",
        "nw_proto",
        "arp_op",
        "arp_sha",
        "arp_tha",
        "ip_dscp",
        "nw_ecn",
        "nw_ttl",
        "mpls_label",
        "mpls_tc",
        "mpls_ttl",
        "mpls_bos",
    ]
    + [
        "ip_frag",
        "icmp_type",
        "icmp_code",
        "icmpv6_type",
        "icmpv6_code",
        "nd_target",
        "nd_sll",
        "nd_tll",
        "nd_reserved",
    ]
    + ["nd_options_type", "tcp_src", "tcp_dst", "udp_src", "udp_dst", "sctp_src", "sctp_dst", "tcp_flags"]
)
_ORDER: Final = {name: index for index, name in enumerate(["", *_BEFORE, "protocol", *_AFTER])}
_SHORT: Final = {
    "in_port_oxm": "in_port",
    "eth_src": "dl_src",
    "eth_dst": "dl_dst",
    "eth_type": "dl_type",
    "ip_src": "nw_src",
    "ip_dst": "nw_dst",
    "ip_dscp": "nw_tos",
    "ip_frag": "nw_frag",
    "tcp_src": "tp_src",
    "tcp_dst": "tp_dst",
    "udp_src": "tp_src",
    "udp_dst": "tp_dst",
    "sctp_src": "tp_src",
    "sctp_dst": "tp_dst",
    "icmpv6_type": "icmp_type",
    "icmpv6_code": "icmp_code",
}


def format_match(match: Match, names: Names = NO_NAMES) -> str:
    """A match as ovs-ofctl writes it; empty when it takes all packets."""
    entries = match.fields
    exact = {e.field: e.value for e in entries if e.mask is None}
    kind = exact.get(f.ETH_TYPE, -1)
    proto = exact.get(f.NW_PROTO)
    word = _WORDS.get((kind, proto))
    skipped = {f.ETH_TYPE, f.NW_PROTO}
    if word is None:
        word = _WORDS.get((kind, None))
        skipped = {f.ETH_TYPE}
    vlan = _vlan_tci(entries)
    if vlan is not None:
        skipped |= {f.VLAN_VID, f.VLAN_PCP}
    found = [
        (_ORDER[e.field.name], _one(e, names))
        for e in entries
        if e.field not in skipped or (word is None and e.field is f.ETH_TYPE)
    ]
    if word is not None:
        found.append((_ORDER["protocol"], word))
    if vlan is not None:
        found.append((_ORDER["vlan_vid"], vlan))
    return ",".join(text for _, text in sorted(found, key=lambda pair: pair[0]) if text)


def _one(entry: FieldMatch, names: Names) -> str:
    field, value, mask = entry.field, entry.value, entry.mask
    if field is f.VLAN_VID:
        return "" if mask is not None else f"dl_vlan={value & 0xFFF}"
    if field is f.VLAN_PCP:
        return f"dl_vlan_pcp={value}"
    if field is f.IP_DSCP:
        return f"nw_tos={value << 2}"
    if field is f.ETH_TYPE:
        return f"dl_type={value:#06x}"
    if field is f.IPV6_LABEL:
        return f"ipv6_label={value:#07x}" + ("" if mask is None else f"/{mask:#07x}")
    if field is f.TCP_FLAGS or field is f.TUN_FLAGS or field is f.CT_STATE:
        return f"{field.name}={format_value(field, value, mask)}"
    if field is f.RECIRC_ID:
        return f"recirc_id={value:#x}" if value else "recirc_id=0"
    if field is f.CT_ZONE:
        return f"ct_zone={value}" if mask is None else f"ct_zone={value:#x}/{mask:#x}"
    return f"{_SHORT.get(field.name, field.name)}={format_value(field, value, mask, names)}"


def _vlan_tci(entries: tuple[FieldMatch, ...]) -> str | None:
    """`vlan_tci=…` where dl_vlan and dl_vlan_pcp cannot say it."""
    vid = next((e for e in entries if e.field is f.VLAN_VID), None)
    if vid is None:
        return None
    pcp = next((e for e in entries if e.field is f.VLAN_PCP), None)
    if vid.value & 0x1000 and (vid.mask is None or (vid.mask == 0x1000 and pcp is not None)):
        return None
    value, mask = vid.value, vid.field.ones if vid.mask is None else vid.mask
    if pcp is not None:
        value, mask = value | pcp.value << 13, mask | 0xE000
    return f"vlan_tci={value:#06x}" + ("" if mask == 0xFFFF else f"/{mask:#06x}")
