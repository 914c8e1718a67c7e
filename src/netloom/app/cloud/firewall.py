"""Firewall rules: what may come in through a public address.

Rule 1: a rule is refused when another says something of the same packets; so deleting a rule ends what it allowed.
Rule 2: what was opened for a forwarding or a balancer is a rule like any other, and ends with that.
"""

from __future__ import annotations

import ipaddress

import msgspec

from netloom.app.cloud.rules_cases import changing, ending, making
from netloom.app.cloud.rules_claims import check_claim, claim_of
from netloom.app.cloud.rules_life import added, revoke
from netloom.app.cloud.rules_places import EVERYBODY, address_of, leads_into
from netloom.app.cloud.rules_provider import has_service, offers, protocols
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import Work, missing
from netloom.base.errors import Forbidden, InvalidInput
from netloom.base.ids import NetworkId, Uuid
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.rules import FirewallRule, TrafficDirection, check_traffic, fields_of
from netloom.model.cloud.rules_traffic import Traffic, parse_cidrs, parse_protocol
from netloom.model.cloud.services import Service


class CreateFirewallRule(msgspec.Struct, frozen=True, kw_only=True):
    """Packets to let in through an address. No ports: all; no sources: everybody."""

    public_ip_id: Uuid
    protocol: str
    start_port: int | None = None
    end_port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    sources: tuple[str, ...] = ()
    display: bool = True
    system: bool = False


class UpdateFirewallRule(msgspec.Struct, frozen=True, kw_only=True):
    """What may change of a rule; None stays."""

    id: Uuid
    display: bool | None = None


class DeleteFirewallRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule to end."""

    id: Uuid


def open_with(
    work: Work, ip: PublicIp, network: GuestNetwork, rule_id: Uuid, traffic: Traffic, asked: bool | None
) -> None:
    """Open an address for another rule, to everybody or to that rule's sources; the two end together.

    Args:
        work: the transaction that inserts the other rule.
        ip: the address.
        network: where it leads.
        rule_id: the other rule.
        traffic: what that one speaks of.
        asked: whether to open it; None: where a firewall stands before it, which is not in a VPC.

    Raises:
        InvalidInput: asked for in a VPC, where ACLs say what comes in (`no-firewall-in-vpc`).
        Conflict: an opening is in the way (`rule-conflict`), or no enabled provider offers Firewall.
    """
    if network.vpc_id is not None:
        if asked:
            raise InvalidInput(
                f"network {network.name} ({network.id}) is a tier of a VPC: there is no firewall to open",
                code="no-firewall-in-vpc",
                subject="openfirewall",
                hint="leave it out, and allow the traffic in the tier's ACL",
            )
        return
    if has_service(work, network, Service.FIREWALL) if asked is None else asked:
        offers(work, network, Service.FIREWALL)
        _insert(work, ip, network, traffic, _Kind(rule_id))


def _create(work: Work, request: CreateFirewallRule) -> FirewallRule:
    check_system(work, system=request.system)
    ip, network = leads_into(work, address_of(work, request.public_ip_id))
    facts = offers(work, network, Service.FIREWALL)
    protocol = parse_protocol(request.protocol, protocols(facts, Service.FIREWALL))
    ports, icmp = check_traffic(
        protocol, (request.start_port, request.end_port), (request.icmp_type, request.icmp_code)
    )
    version = ipaddress.ip_address(ip.address).version
    sources = parse_cidrs(request.sources, version=version)
    traffic = Traffic(protocol, ports, icmp, sources)
    return _insert(work, ip, network, traffic, _Kind(display=request.display, system=request.system))


class _Kind(msgspec.Struct, frozen=True):
    """Why there is a rule, and who is shown it."""

    related_id: Uuid | None = None
    display: bool = True
    system: bool = False


def _insert(work: Work, ip: PublicIp, network: GuestNetwork, traffic: Traffic, kind: _Kind) -> FirewallRule:
    sources = traffic.sources or (EVERYBODY[ipaddress.ip_address(ip.address).version],)
    rule = FirewallRule(
        **work.owned(ip),
        network_id=NetworkId(network.id),
        public_ip_id=ip.id,
        direction=TrafficDirection.INGRESS,
        **fields_of(msgspec.structs.replace(traffic, sources=sources)),
        related_id=kind.related_id,
        display=kind.display,
        system=kind.system,
    )
    check_claim(work, claim_of(rule))
    return work.insert(added(rule))


def check_system(work: Work, *, system: bool) -> None:
    """Keep rules of type system for netloom and its administrators.

    Raises:
        Forbidden: somebody else asks for one.
    """
    if system and not work.caller.is_root:
        raise Forbidden(
            "a rule of type system is netloom's own", code="not-permitted", subject="type", hint="type user"
        )


def _find(work: Work, rule_id: Uuid, direction: TrafficDirection) -> FirewallRule:
    """A rule of one direction.

    Raises:
        NotFound: there is none that the caller may see; one of the other direction is none.
    """
    rule = work.get(FirewallRule, rule_id)
    if rule.direction is not direction:
        raise missing(FirewallRule, rule_id, "id")
    return rule


def _update(work: Work, request: UpdateFirewallRule, direction: TrafficDirection) -> FirewallRule:
    """Change what lists show of a rule."""
    rule = _find(work, request.id, direction)
    if request.display is None:
        return rule
    return work.update(msgspec.structs.replace(rule, display=request.display))


def of_direction(
    direction: TrafficDirection, noun: str, commands: tuple[str, str], events: tuple[str, str]
) -> tuple[UseCase[UpdateFirewallRule, FirewallRule], UseCase[DeleteFirewallRule, FirewallRule]]:
    """Changing and ending rules of one direction, by their commands and events: those of the other are none of them."""
    return (
        changing(
            f"{noun}.update",
            commands[0],
            events[0],
            UpdateFirewallRule,
            lambda work, request: _update(work, request, direction),
        ),
        ending(
            f"{noun}.delete",
            commands[1],
            events[1],
            DeleteFirewallRule,
            lambda work, request: revoke(work, _find(work, request.id, direction)),
        ),
    )


CREATE_FIREWALL_RULE = making(
    "firewall_rule.create", "createFirewallRule", "FIREWALL.OPEN", CreateFirewallRule, _create
)
UPDATE_FIREWALL_RULE, DELETE_FIREWALL_RULE = of_direction(
    TrafficDirection.INGRESS,
    "firewall_rule",
    ("updateFirewallRule", "deleteFirewallRule"),
    ("FIREWALL.UPDATE", "FIREWALL.CLOSE"),
)
USE_CASES = (CREATE_FIREWALL_RULE, UPDATE_FIREWALL_RULE, DELETE_FIREWALL_RULE)
