"""What every switch has for NICs with security groups, before there is any: what always passes, and the ways through.

Rule 1: what a guest needs before it can have a connection passes both ways: discovery of neighbours and routers, listener
    reports, and its own side of DHCP. Who sent it was looked at in GUARD.
Rule 2: the switch takes connection tracking only where the family is matched: what does it stands there twice.
Rule 3: connections are kept in the zone of the NIC's own port, so that one NIC's never open another's.
"""

from __future__ import annotations

from typing import Final

from netloom.providers.ovs.compile.flows import DROP, ETH_IPV4, ETH_IPV6, ICMPV6, UDP, flow, goto
from netloom.providers.ovs.pipeline import tables as t
from netloom.providers.ovs.pipeline.cookies import cookie_of
from netloom.providers.ovs.pipeline.registers import PORT, VERDICT
from netloom.providers.ovs.pipeline.roles import Role
from netloom.providers.ovs.pipeline.tables import Priority, Table
from netloom.wire.openflow.actions import Action, Ct, OutputReg
from netloom.wire.openflow.fields import FIELDS, Subfield
from netloom.wire.openflow.flow import Flow

NEW: Final = 0x01
ESTABLISHED: Final = 0x02
RELATED: Final = 0x04
INVALID: Final = 0x10
TRACKED: Final = 0x20

DHCP: Final = ({"eth_type": ETH_IPV4}, 68, 67)
DHCP6: Final = ({"eth_type": ETH_IPV6}, 546, 547)
"""Family, the client's port, the server's."""

DISCOVERY: Final = (130, 131, 132, 133, 134, 135, 136, 143)
"""ICMPv6 types: listener queries and reports (RFC 2710, RFC 3810), discovery of routers and neighbours (RFC 4861)."""

SEND_ZONE: Final = Subfield(FIELDS["in_port"], 0, 16)
RECEIVE_ZONE: Final = Subfield(PORT.field, 0, 16)
TO_PORT: Final[tuple[Action, ...]] = (OutputReg(PORT.whole),)

FAMILIES: Final = (ETH_IPV4, ETH_IPV6)

_PLAIN: Final = cookie_of(Role.PIPELINE)


def _always(table: Table, onward: tuple[Action, ...], *, sends: bool) -> list[Flow]:
    found = [
        flow(
            table, Priority.EXCEPT, _PLAIN, onward,
            eth_type=ETH_IPV6, nw_proto=ICMPV6, icmpv6_type=kind, icmpv6_code=0,
        )
        for kind in DISCOVERY
    ]  # fmt: skip
    for family, client, server in (DHCP, DHCP6):
        source, destination = (client, server) if sends else (server, client)
        ports = {"udp_src": source, "udp_dst": destination}
        found.append(flow(table, Priority.EXCEPT, _PLAIN, onward, nw_proto=UDP, **family, **ports))
    return found


def _servers() -> list[Flow]:
    return [
        flow(
            t.SEND, Priority.EXCEPT, cookie_of(Role.DHCP_SERVER), DROP,
            nw_proto=UDP, udp_src=server, udp_dst=client, **family,
        )
        for family, client, server in (DHCP, DHCP6)
    ]  # fmt: skip


def _state(table: Table, onward: tuple[Action, ...]) -> list[Flow]:
    known, bad = ESTABLISHED | TRACKED, INVALID | TRACKED
    return [
        flow(table, Priority.EXCEPT, cookie_of(Role.UNTRACKABLE), DROP, ct_state=(bad, bad)),
        flow(table, Priority.ALLOW, _PLAIN, onward, ct_state=(known, known | INVALID)),
        flow(
            table, Priority.ALLOW, _PLAIN, onward, ct_state=(RELATED | TRACKED, RELATED | TRACKED | INVALID)
        ),
        flow(table, Priority.MISS, _PLAIN, DROP),
    ]


def _end(table: Table, zone: Subfield, onward: tuple[Action, ...]) -> list[Flow]:
    keep = (VERDICT.set(0), Ct(commit=True, zone=zone), *onward)
    return [
        *(
            flow(table, Priority.ALLOW, _PLAIN, keep, eth_type=family, **{VERDICT.key: 1})
            for family in FAMILIES
        ),
        flow(table, Priority.MISS, _PLAIN, DROP),
    ]


def _track(table: Table, zone: Subfield, state: Table) -> list[Flow]:
    track = (Ct(zone=zone, table=state.number),)
    return [
        *(flow(table, Priority.REST, _PLAIN, track, eth_type=family) for family in FAMILIES),
        flow(table, Priority.MISS, _PLAIN, DROP),
    ]


FILTER_BASE: Final = (
    *_always(t.SEND, goto(t.UNICAST), sends=True),
    *_servers(),
    *_track(t.SEND, SEND_ZONE, t.SEND_STATE),
    *_state(t.SEND_STATE, goto(t.UNICAST)),
    *_end(t.SEND_END, SEND_ZONE, goto(t.UNICAST)),
    *_always(t.RECEIVE, TO_PORT, sends=False),
    *_track(t.RECEIVE, RECEIVE_ZONE, t.RECEIVE_STATE),
    *_state(t.RECEIVE_STATE, TO_PORT),
    *_end(t.RECEIVE_END, RECEIVE_ZONE, TO_PORT),
    *(
        flow(table, Priority.MISS, _PLAIN, DROP)
        for table in (
            t.SEND_GROUP,
            t.SEND_MEMBERS,
            t.SEND_RULES,
            t.RECEIVE_GROUP,
            t.RECEIVE_MEMBERS,
            t.RECEIVE_RULES,
        )
    ),
)
"""These flows, in the order of their tables."""
