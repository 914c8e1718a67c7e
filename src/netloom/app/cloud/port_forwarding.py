"""Port forwarding: ports of a public address that lead to a guest's.

Rule 1: a forwarding leads to a NIC of the network that its address leads into; a range keeps its ports, one port may change.
Rule 2: where a firewall stands before it, its ports are opened with it unless the caller says otherwise.
"""

from __future__ import annotations

import ipaddress

import msgspec

from netloom.app.cloud.firewall import open_with
from netloom.app.cloud.networks_use import network_seen
from netloom.app.cloud.rules_cases import changing, ending, making
from netloom.app.cloud.rules_claims import check_claim, claim_of
from netloom.app.cloud.rules_life import added, changed, revoke
from netloom.app.cloud.rules_places import address_of, conserves, leads_into, refuse_static_nat, target
from netloom.app.cloud.rules_provider import offers, protocols
from netloom.app.cloud.work import Work
from netloom.base.ids import NetworkId, Uuid
from netloom.model.cloud.rules import PortForwardingRule, check_forwarding
from netloom.model.cloud.rules_traffic import PortRange, parse_cidrs, parse_ports, parse_protocol
from netloom.model.cloud.services import Service

PUBLIC = ("publicport", "publicendport")
PRIVATE = ("privateport", "privateendport")


class CreatePortForwarding(msgspec.Struct, frozen=True, kw_only=True):
    """Ports to lead to a guest. No end: one port; no guest address: the NIC's own; no sources: everybody.

    Attributes:
        network_id: the tier, for a VPC's address that leads nowhere yet.
        open_firewall: None: as is usual for the network.
    """

    public_ip_id: Uuid
    protocol: str
    public_port: int
    public_end_port: int | None = None
    private_port: int
    private_end_port: int | None = None
    instance_id: Uuid
    guest_address: str | None = None
    network_id: Uuid | None = None
    sources: tuple[str, ...] = ()
    open_firewall: bool | None = None
    display: bool = True


class UpdatePortForwarding(msgspec.Struct, frozen=True, kw_only=True):
    """What may change of a forwarding; None stays."""

    id: Uuid
    private_port: int | None = None
    private_end_port: int | None = None
    instance_id: Uuid | None = None
    guest_address: str | None = None
    sources: tuple[str, ...] | None = None
    display: bool | None = None


class DeletePortForwarding(msgspec.Struct, frozen=True, kw_only=True):
    """A forwarding to end."""

    id: Uuid


def _create(work: Work, request: CreatePortForwarding) -> PortForwardingRule:
    ip = address_of(work, request.public_ip_id)
    refuse_static_nat(ip, "port forwarding")
    ip, network = leads_into(work, ip, request.network_id)
    facts = offers(work, network, Service.PORT_FORWARDING)
    protocol = parse_protocol(request.protocol, protocols(facts, Service.PORT_FORWARDING))
    public = _ports(request.public_port, request.public_end_port, PUBLIC)
    private = _ports(request.private_port, request.private_end_port, PRIVATE)
    check_forwarding(public, private)
    guest = target(work, network, ip, request.instance_id, request.guest_address)
    rule = PortForwardingRule(
        **work.owned(ip),
        network_id=NetworkId(network.id),
        public_ip_id=ip.id,
        protocol=protocol,
        public_start=public.first,
        public_end=public.last,
        private_start=private.first,
        private_end=private.last,
        instance_id=guest.instance_id,
        nic_id=guest.nic_id,
        guest_address=guest.guest_address,
        sources=parse_cidrs(request.sources, version=ipaddress.ip_address(ip.address).version),
        display=request.display,
    )
    check_claim(work, claim_of(rule), conserve=conserves(work, network))
    rule = work.insert(added(rule))
    open_with(work, ip, network, rule.id, rule.traffic, request.open_firewall)
    return rule


def _update(work: Work, request: UpdatePortForwarding) -> PortForwardingRule:
    rule = work.get(PortForwardingRule, request.id)
    after = rule
    if request.private_port is not None or request.private_end_port is not None:
        start = rule.private_start if request.private_port is None else request.private_port
        end = request.private_end_port
        if end is None:
            end = start + rule.public_end - rule.public_start
        private = _ports(start, end, PRIVATE)
        check_forwarding(PortRange(rule.public_start, rule.public_end), private)
        after = msgspec.structs.replace(after, private_start=private.first, private_end=private.last)
    if request.instance_id is not None or request.guest_address is not None:
        network = network_seen(work, rule.network_id)
        guest = target(work, network, rule, request.instance_id or rule.instance_id, request.guest_address)
        after = msgspec.structs.replace(
            after, instance_id=guest.instance_id, nic_id=guest.nic_id, guest_address=guest.guest_address
        )
    if request.sources is not None:
        after = msgspec.structs.replace(after, sources=parse_cidrs(request.sources))
        network = network_seen(work, rule.network_id)
        check_claim(work, claim_of(after), conserve=conserves(work, network))
    if request.display is not None:
        after = msgspec.structs.replace(after, display=request.display)
    return changed(work, after)


def _delete(work: Work, request: DeletePortForwarding) -> PortForwardingRule:
    return revoke(work, work.get(PortForwardingRule, request.id))


def _ports(start: int, end: int | None, subjects: tuple[str, str]) -> PortRange:
    return parse_ports(start, end, subjects) or PortRange(start, start)


CREATE_PORT_FORWARDING = making(
    "port_forwarding_rule.create", "createPortForwardingRule", "NET.RULEADD", CreatePortForwarding, _create
)
UPDATE_PORT_FORWARDING = changing(
    "port_forwarding_rule.update", "updatePortForwardingRule", "NET.RULEMODIFY", UpdatePortForwarding, _update
)
DELETE_PORT_FORWARDING = ending(
    "port_forwarding_rule.delete", "deletePortForwardingRule", "NET.RULEDELETE", DeletePortForwarding, _delete
)
USE_CASES = (CREATE_PORT_FORWARDING, UPDATE_PORT_FORWARDING, DELETE_PORT_FORWARDING)
