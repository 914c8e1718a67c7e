"""ARP and neighbour solicitations answered where they are asked, for every address that a placed NIC owns.

Rule 1: an answer says what the NIC itself would say; nothing is answered for a NIC that is nowhere.
Rule 2: what cannot be answered here (no option to turn, a switch that cannot set it) goes on and reaches the NIC itself.
"""

from __future__ import annotations

from typing import Final

from netloom.base.net import IPAddress
from netloom.plan.switch import Fragment, FragmentKey
from netloom.plan.view import NetworkView, NicView, View
from netloom.providers.ovs.compile.flows import (
    ARP_REPLY,
    ARP_REQUEST,
    ETH_ARP,
    ETH_IPV6,
    ICMPV6,
    goto,
    of_nic_in_network,
)
from netloom.providers.ovs.compile.guard import ADVERTISEMENT, SOLICITATION, keeps_ipv6
from netloom.providers.ovs.compile.keys import ANSWER, NEIGHBOUR
from netloom.providers.ovs.pipeline import tables as t
from netloom.providers.ovs.pipeline.roles import Role
from netloom.providers.ovs.pipeline.tables import Priority
from netloom.wire.openflow.actions import Action, Move, Output, SetField
from netloom.wire.openflow.fields import FIELDS, Subfield
from netloom.wire.openflow.ports import IN_PORT

SOURCE_LINK_ADDRESS: Final = 1  # option types of RFC 4861, section 4.6.1
TARGET_LINK_ADDRESS: Final = 2
SOLICITED_OVERRIDE: Final = 0x60000000  # flags of an advertisement, RFC 4861, section 4.4


def _move(source: str, destination: str) -> Action:
    src, dst = FIELDS[source], FIELDS[destination]
    return Move(Subfield(src, 0, src.bits), Subfield(dst, 0, dst.bits))


_ETH_SRC, _ARP_SHA, _ARP_SPA, _IPV6_SRC = (
    FIELDS[name] for name in ("eth_src", "arp_sha", "arp_spa", "ipv6_src")
)
_BACK_ETH: Final = _move("eth_src", "eth_dst")
_BACK_IPV6: Final = _move("ipv6_src", "ipv6_dst")
_ARP_REPLY: Final = (
    SetField(FIELDS["arp_op"], ARP_REPLY),
    _move("arp_sha", "arp_tha"),
    _move("arp_spa", "arp_tpa"),
)
_TO_SENDER: Final = (Output(IN_PORT),)
_ADVERTISE: Final = (
    SetField(FIELDS["nd_reserved"], SOLICITED_OVERRIDE),
    SetField(FIELDS["nd_options_type"], TARGET_LINK_ADDRESS),
    SetField(FIELDS["icmpv6_type"], ADVERTISEMENT),
    *goto(t.ANSWER_ND),
)


def compile_answer(view: View, network: NetworkView, nic: NicView) -> Fragment | None:
    """Answers to ARP requests for a NIC's IPv4 addresses (RFC 826)."""
    if not view.hosts_of_nic(nic):
        return None
    writer = of_nic_in_network(nic.number, network.number)
    for address in nic.given:
        if address.version == 4 and view.owns_address(nic, address):
            writer.put(
                t.ANSWER, Priority.ALLOW, Role.ANSWER_ARP, _reply(nic, address),
                eth_type=ETH_ARP, arp_op=ARP_REQUEST, arp_tpa=int(address),
            )  # fmt: skip
    if not writer.flows:
        return None
    return Fragment(FragmentKey(ANSWER, nic.number), tuple(writer.flows), (nic.ref, network.ref))


def _reply(nic: NicView, address: IPAddress) -> tuple[Action, ...]:
    return (
        _BACK_ETH,
        SetField(_ETH_SRC, nic.mac),
        *_ARP_REPLY,
        SetField(_ARP_SHA, nic.mac),
        SetField(_ARP_SPA, int(address)),
        *_TO_SENDER,
    )


def compile_neighbour(view: View, network: NetworkView, nic: NicView) -> Fragment | None:
    """Answers to neighbour solicitations for a NIC's IPv6 addresses, its link-local one among them.

    Only where the solicitation carries the option that becomes the answer's: one without is from somebody who knows the
    MAC already or detects duplicates (RFC 4861, section 4.3), and is for the NIC itself.
    """
    if not keeps_ipv6(network, nic) or not view.hosts_of_nic(nic):
        return None
    writer = of_nic_in_network(nic.number, network.number)
    for address in nic.addresses:
        if address.version == 6 and view.owns_address(nic, address):
            writer.put(
                t.ANSWER, Priority.ALLOW, Role.ANSWER_ND, _advertise(nic, address),
                eth_type=ETH_IPV6, nw_proto=ICMPV6, icmpv6_type=SOLICITATION, icmpv6_code=0,
                nd_target=int(address), nd_options_type=SOURCE_LINK_ADDRESS,
            )  # fmt: skip
    if not writer.flows:
        return None
    return Fragment(FragmentKey(NEIGHBOUR, nic.number), tuple(writer.flows), (nic.ref, network.ref))


def _advertise(nic: NicView, address: IPAddress) -> tuple[Action, ...]:
    return (
        _BACK_ETH,
        SetField(_ETH_SRC, nic.mac),
        _BACK_IPV6,
        SetField(_IPV6_SRC, int(address)),
        *_ADVERTISE,
    )
