"""The outputs of this provider by name: which fragments there are, whose they are, and which groups share them.

Rule 1: the kind of a fragment says which module makes it; its number is the number of the object that causes it.
Rule 2: own fragments name ports of their switch; shared ones must not.
"""

from __future__ import annotations

from typing import Final

from netloom.model.cloud.rules import TrafficDirection
from netloom.model.isolation import Isolation
from netloom.plan.ports import GroupKey
from netloom.plan.switch import FragmentKey
from netloom.providers.ovs.pipeline.registers import ENCAPSULATION_CODES

# A switch's own.
BASE: Final = "base"
TUNNEL: Final = "tunnel"
FLOOD: Final = "flood"
COPY_LOCAL: Final = "copy-local"
LOCAL: Final = "local"
GUARD: Final = "guard"
UPLINKS: Final = "uplinks"
WIRE: Final = "wire"
FILTER: Final = "filter"

# Shared.
NETWORK: Final = "network"
ANSWER: Final = "answer"
NEIGHBOUR: Final = "neighbour"
SEGMENT: Final = "segment"
PEER: Final = "peer"
SPREAD: Final = "spread"
COPY_REMOTE: Final = "copy-remote"
GROUP: Final = "group"
MEMBER_OUT: Final = "member-out"
MEMBER_IN: Final = "member-in"

OF_SWITCHES: Final = frozenset({BASE, TUNNEL, UPLINKS})
OF_NICS: Final = frozenset({LOCAL, GUARD, FILTER, ANSWER, NEIGHBOUR, PEER, MEMBER_OUT, MEMBER_IN})
"""Kinds whose number is a NIC's; the number of `GROUP` is a security group's, that of all others is a network's."""

# Groups: what every switch with the network has; what those have that can answer ND; what those have whose tunnels go
# over IPv4, or over IPv6.
IN_NETWORK: Final = "network"
IN_NEIGHBOUR: Final = "neighbour"
OVER_IPV4: Final = "underlay4"
OVER_IPV6: Final = "underlay6"

# And of security groups: those with a NIC in one have its rules, and the members of those that these rules name.
RULES: Final = "rules"
MEMBERS_OUT: Final = "members-out"
MEMBERS_IN: Final = "members-in"

MEMBERS: Final = {TrafficDirection.EGRESS: MEMBERS_OUT, TrafficDirection.INGRESS: MEMBERS_IN}
MEMBER_KINDS: Final = {MEMBERS_OUT: MEMBER_OUT, MEMBERS_IN: MEMBER_IN}
OF_GROUPS: Final = frozenset({RULES, MEMBERS_OUT, MEMBERS_IN})

UNDERLAYS: Final = {4: OVER_IPV4, 6: OVER_IPV6}
FAMILIES: Final = {OVER_IPV4: 4, OVER_IPV6: 6}

CHUNK_BITS: Final = 8
"""Copies are listed in chunks of 256 hosts (or ports): one flow of at most 256 times 64 bytes, so that a flow_mod stays far
below OpenFlow's 64 KiB, and one host more changes one flow."""

BASE_KEY: Final = FragmentKey(BASE, 0)
UPLINKS_KEY: Final = FragmentKey(UPLINKS, 0)
TUNNEL_KEYS: Final = {isolation: FragmentKey(TUNNEL, code) for isolation, code in ENCAPSULATION_CODES.items()}
ISOLATIONS: Final = {code: isolation for isolation, code in ENCAPSULATION_CODES.items()}


def chunk_of(number: int) -> int:
    """The chunk that a host's number or a port's number falls into."""
    return number >> CHUNK_BITS


def underlay(family: int, network: int) -> GroupKey:
    """The group of a network over an IP family."""
    return GroupKey(UNDERLAYS[family], network)


def isolation_of(key: FragmentKey) -> Isolation:
    """The encapsulation that a tunnel fragment is for."""
    return ISOLATIONS[key.number]
