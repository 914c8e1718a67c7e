"""The edge of an isolated network: which networks firewall rules of a whole network are for, and what those speak of.

Rule 1: one family a rule, and one kind of rules a family: egress rules are of IPv4 that is translated, routing firewall
    rules of IPv4 that is not, IPv6 firewall rules of IPv6; so no packet is two kinds' to decide.
Rule 2: one side of each rule is within the network; what is said of packets that are never there is refused, not ignored.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.rules_places import EVERYBODY
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import GuestType, NetworkMode, NetworkOffering
from netloom.model.cloud.rules import TrafficDirection
from netloom.model.cloud.rules_traffic import cidrs_within, parse_cidrs
from netloom.model.cloud.services import Capability, ProviderFacts, Service


class Edge(msgspec.Struct, frozen=True):
    """One family of a network's edge, in words for refusals.

    Attributes:
        version: 4 or 6.
        title: what the rules are called.
        code: of a refusal because there are none of them.
        without: what to do where the network has no addresses of the family.
        routed: whether the network has to be routed, or must not be; None: either.
    """

    version: int
    title: str
    code: str
    without: str
    routed: bool | None = None


EGRESS = Edge(
    4,
    "egress rules",
    "egress-unsupported",
    "IPv6 firewall rules say what may go out over IPv6",
    routed=False,
)
ROUTING = Edge(
    4,
    "routing firewall rules",
    "routing-firewall-unsupported",
    "IPv6 firewall rules say what may pass over IPv6",
    routed=True,
)
IPV6 = Edge(
    6,
    "IPv6 firewall rules",
    "ipv6-firewall-unsupported",
    "an isolated network with ip6cidr, of an offering with internetprotocol=dualstack",
)


def own_cidr(view: View, network: GuestNetwork, edge: Edge) -> str:
    """What a network has of a family, to be the inner side of rules.

    Raises:
        InvalidInput: it is no isolated network, is a tier, has no addresses of the family, or is routed and must not be, or
            the other way round.
    """
    name, cidr = f"network {network.name} ({network.id})", _cidr(network, edge.version)
    if network.guest_type is not GuestType.ISOLATED:
        why, hint = (
            f"{name} is {network.guest_type.value}: it has no {edge.title}",
            "an isolated network",
        )
    elif network.vpc_id is not None:
        why, hint = (
            f"{name} is a tier of a VPC: its ACL says what may pass, and there are no {edge.title}",
            "add an item to its ACL list",
        )
    elif cidr is None:
        why, hint = f"{name} has no IPv{edge.version} addresses, and so no {edge.title}", edge.without
    elif edge.routed is True and not _is_routed(view, network):
        why, hint = (
            f"{name} is not routed: its IPv4 addresses are translated, and there are no {edge.title}",
            "createFirewallRule for a public address, createEgressFirewallRule for what goes out",
        )
    elif edge.routed is False and _is_routed(view, network):
        why, hint = (
            f"{name} is routed: there are no {edge.title}",
            "routing firewall rules say what may go out (createRoutingFirewallRule)",
        )
    else:
        return cidr
    raise InvalidInput(why, code=edge.code, subject="networkid", hint=hint)


def _is_routed(view: View, network: GuestNetwork) -> bool:
    offering = view.records.get(NetworkOffering, network.offering_id)
    return offering is not None and offering.network_mode is NetworkMode.ROUTED


def _cidr(network: GuestNetwork, version: int) -> str | None:
    return network.cidr6 if version == 6 else network.network_cidr or network.cidr


def check_direction(
    facts: ProviderFacts, network: GuestNetwork, direction: TrafficDirection, edge: Edge
) -> None:
    """Refuse rules of a direction that the provider does not have.

    Raises:
        InvalidInput: it says which it has, and this is none of them.
    """
    directions = facts.values(Service.FIREWALL, Capability.SUPPORTED_TRAFFIC_DIRECTION)
    if directions and direction.value.lower() not in directions:
        raise InvalidInput(
            f"{facts.name}, the firewall of network {network.name} ({network.id}), has no rules for"
            f" {direction.value.lower()}",
            code=edge.code,
            subject="networkid",
            hint=f"it has {', '.join(sorted(directions))}",
        )


def inner(
    network: GuestNetwork, own: str, asked: tuple[str, ...], subject: str, edge: Edge
) -> tuple[str, ...]:
    """CIDRs on the network's side: within it; all of it where none or everybody is asked for.

    Raises:
        InvalidInput: one is of the other family (`bad-cidr`), or not within the network (`cidr-outside-network`).
    """
    parsed = parse_cidrs(asked, subject, edge.version)
    everybody = EVERYBODY[edge.version]
    cidrs = tuple(dict.fromkeys(own if cidr == everybody else cidr for cidr in parsed)) or (own,)
    outside = [cidr for cidr in cidrs if not cidrs_within((cidr,), (own,))]
    if outside:
        other = "destcidrlist" if subject == "cidrlist" else "cidrlist"
        raise InvalidInput(
            f"{', '.join(outside)} is not within network {network.name} ({network.id})",
            code="cidr-outside-network",
            subject=subject,
            hint=f"within {own}; the other side of the packets is {other}",
        )
    return cidrs
