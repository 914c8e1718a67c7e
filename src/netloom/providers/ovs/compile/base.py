"""Base flows: what every switch has before any network reaches it, and what happens to packets nobody asked for.

Rule 1: only the host's own number makes this differ between switches.
Rule 2: every table ends in a flow of ours, so that nothing is dropped uncounted.
"""

from __future__ import annotations

from typing import Final

from netloom.plan.switch import Fragment
from netloom.plan.view import HostView
from netloom.providers.ovs.compile.filter_base import FILTER_BASE
from netloom.providers.ovs.compile.flows import DROP, ETH_IPV6, ICMPV6, flow, goto
from netloom.providers.ovs.compile.keys import BASE_KEY
from netloom.providers.ovs.pipeline import tables as t
from netloom.providers.ovs.pipeline.cookies import cookie_of
from netloom.providers.ovs.pipeline.registers import PEER, PORT, SOURCE, Source
from netloom.providers.ovs.pipeline.roles import Role
from netloom.providers.ovs.pipeline.tables import Priority
from netloom.wire.openflow.actions import Move, Output, OutputReg
from netloom.wire.openflow.fields import FIELDS, Subfield
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.ports import IN_PORT

GROUP_BIT: Final = 1 << 40
VLAN_PRESENT: Final = 0x1000
ROUTER_ADVERTISEMENT: Final = 134
NEIGHBOUR_SOLICITATION: Final = 135
NEIGHBOUR_ADVERTISEMENT: Final = 136
REDIRECT: Final = 137
RESERVED_GROUP: Final = (0x0180C2000000, 0xFFFFFFFFFFF0)

_PLAIN: Final = cookie_of(Role.PIPELINE)


def compile_base(host: HostView) -> Fragment:
    """The base of a host's switch."""
    own = flow(t.REMOTE, Priority.ALLOW, cookie_of(Role.SELF, host.number), DROP, **{PEER.key: host.number})
    return Fragment(BASE_KEY, (*_EVERYWHERE, own), (host.ref,))


def _classify() -> list[Flow]:
    return [
        flow(t.CLASSIFY, Priority.MISS, cookie_of(Role.FOREIGN_PORT), DROP),
        flow(t.TUNNEL, Priority.MISS, cookie_of(Role.UNKNOWN_KEY), DROP),
    ]


def _guard() -> list[Flow]:
    nd = {"eth_type": ETH_IPV6, "nw_proto": ICMPV6, "icmpv6_code": 0}
    return [
        flow(t.GUARD, Priority.EXCEPT, cookie_of(Role.TAGGED), DROP, vlan_tci=(VLAN_PRESENT, VLAN_PRESENT)),
        flow(t.GUARD, Priority.MISS, _PLAIN, DROP),
        flow(
            t.GUARD_ND, Priority.EXCEPT, cookie_of(Role.ROUTER_ADVERTISEMENT), DROP,
            eth_type=ETH_IPV6, nw_proto=ICMPV6, icmpv6_type=ROUTER_ADVERTISEMENT,
        ),
        flow(
            t.GUARD_ND, Priority.EXCEPT, cookie_of(Role.ROUTER_ADVERTISEMENT), DROP,
            eth_type=ETH_IPV6, nw_proto=ICMPV6, icmpv6_type=REDIRECT,
        ),
        # Duplicate address detection comes from :: (RFC 4862, section 5.4.2) and is allowed per NIC above this level.
        flow(
            t.GUARD_ND, Priority.REFUSE, cookie_of(Role.SPOOF_ND), DROP,
            ipv6_src=0, icmpv6_type=NEIGHBOUR_SOLICITATION, **nd,
        ),
        flow(t.GUARD_ND, Priority.COUNT, cookie_of(Role.SPOOF_ND), DROP, icmpv6_type=NEIGHBOUR_SOLICITATION, **nd),
        flow(t.GUARD_ND, Priority.COUNT, cookie_of(Role.SPOOF_ND), DROP, icmpv6_type=NEIGHBOUR_ADVERTISEMENT, **nd),
        flow(t.GUARD_ND, Priority.MISS, _PLAIN, goto(t.ANSWER)),
    ]  # fmt: skip


def _answer() -> list[Flow]:
    # A set_field of nd_tll needs a match on the advertisement's type, so it takes a second table to turn a solicitation.
    advertise = (Move(_whole("eth_src"), _whole("nd_tll")), Output(IN_PORT))
    return [
        flow(t.ANSWER, Priority.MISS, _PLAIN, goto(t.UNICAST)),
        flow(
            t.ANSWER_ND, Priority.ALLOW, _PLAIN, advertise,
            eth_type=ETH_IPV6, nw_proto=ICMPV6, icmpv6_type=NEIGHBOUR_ADVERTISEMENT, icmpv6_code=0,
        ),
        flow(t.ANSWER_ND, Priority.MISS, _PLAIN, DROP),
    ]  # fmt: skip


def _forward() -> list[Flow]:
    from_tunnel = {SOURCE.key: int(Source.TUNNEL)}
    return [
        flow(t.UNICAST, Priority.EXCEPT, cookie_of(Role.RESERVED_GROUP), DROP, eth_dst=RESERVED_GROUP),
        flow(t.UNICAST, Priority.ALLOW, _PLAIN, goto(t.FLOOD), eth_dst=(GROUP_BIT, GROUP_BIT)),
        flow(t.UNICAST, Priority.MISS, _PLAIN, DROP),
        flow(t.FLOOD, Priority.MISS, _PLAIN, DROP),
        flow(t.COPY_LOCAL, Priority.MISS, _PLAIN, DROP),
        flow(t.SPREAD, Priority.EXCEPT, cookie_of(Role.SPLIT_HORIZON), DROP, **from_tunnel),
        flow(t.SPREAD, Priority.MISS, _PLAIN, DROP),
        flow(t.COPY_REMOTE, Priority.MISS, _PLAIN, DROP),
        flow(t.REMOTE, Priority.EXCEPT, cookie_of(Role.NO_TRANSIT), DROP, **from_tunnel),
        flow(t.REMOTE, Priority.MISS, cookie_of(Role.NO_TUNNEL), DROP),
        flow(t.DELIVER, Priority.ALLOW, _PLAIN, (OutputReg(PORT.whole),)),
    ]


def _whole(name: str) -> Subfield:
    field = FIELDS[name]
    return Subfield(field, 0, field.bits)


_EVERYWHERE: Final = (*_classify(), *_guard(), *_answer(), *_forward(), *FILTER_BASE)
