"""Static NAT: a public address that is a guest's, all of it; and the ports that are opened on such an address.

Rule 1: it is a property of the address, not a rule: an address that serves anything else is refused, and a guest address has
    one public address at most.
Rule 2: enabling it again for the same guest changes nothing; for another guest it is refused until it was disabled.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.doing import Doing
from netloom.app.cloud.firewall import open_with
from netloom.app.cloud.rules_cases import ending, making
from netloom.app.cloud.rules_claims import address_in_use, check_claim, claim_of
from netloom.app.cloud.rules_life import added, drop, revoke
from netloom.app.cloud.rules_places import Target, address_of, end_translation, leads_into, target
from netloom.app.cloud.rules_provider import bring, offers, protocols
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, InvalidInput, NetloomError
from netloom.base.ids import NetworkId, Uuid
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.jobs import Job
from netloom.model.cloud.rules import StaticNatRule
from netloom.model.cloud.rules_traffic import PortRange, parse_cidrs, parse_ports, parse_protocol
from netloom.model.cloud.services import Service
from netloom.plan.elements import RuleStage
from netloom.store.cloud.records import columns
from netloom.store.cloud.schema import word_of

STAGES = (RuleStage.ADDRESSES, RuleStage.STATIC_NAT)


class EnableStaticNat(msgspec.Struct, frozen=True, kw_only=True):
    """An address to give to a guest. `network_id`: the tier, for a VPC's address that leads nowhere yet."""

    public_ip_id: Uuid
    instance_id: Uuid
    guest_address: str | None = None
    network_id: Uuid | None = None


class DisableStaticNat(msgspec.Struct, frozen=True, kw_only=True):
    """An address to take from its guest."""

    public_ip_id: Uuid


class CreateStaticNatRule(msgspec.Struct, frozen=True, kw_only=True):
    """Ports to open on an address that is translated one to one. No end: one port."""

    public_ip_id: Uuid
    protocol: str
    start_port: int
    end_port: int | None = None
    sources: tuple[str, ...] = ()
    open_firewall: bool | None = None


class DeleteStaticNatRule(msgspec.Struct, frozen=True, kw_only=True):
    """An opening to end."""

    id: Uuid


def _enable(work: Work, request: EnableStaticNat) -> PublicIp:
    ip = address_of(work, request.public_ip_id)
    if ip.source_nat:
        raise InvalidInput(
            f"public address {ip.address} ({ip.id}) is what its network is seen as outside (source NAT)",
            code="address-is-source-nat",
            subject="ipaddressid",
            hint="acquire another address",
        )
    _check_unused(work, ip)
    ip, network = leads_into(work, ip, request.network_id)
    offers(work, network, Service.STATIC_NAT)
    guest = target(work, network, ip, request.instance_id, request.guest_address)
    _check_guest(work, ip, guest)
    return work.update(
        msgspec.structs.replace(
            ip,
            static_nat=True,
            instance_id=guest.instance_id,
            nic_id=guest.nic_id,
            guest_address=guest.guest_address,
        )
    )


def _check_unused(view: View, ip: PublicIp) -> None:
    if ip.static_nat:
        return
    used = address_in_use(view, ip)
    if used is not None:
        raise Conflict(
            f"no static NAT on public address {ip.address} ({ip.id}):"
            f" {word_of(used).replace('_', ' ')} {used.id} uses it",
            code="address-has-rules",
            subject="ipaddressid",
            hint="use another public address, or delete its rules first",
        )


def _check_guest(view: View, ip: PublicIp, guest: Target) -> None:
    if ip.static_nat and (ip.nic_id, ip.guest_address) != (guest.nic_id, guest.guest_address):
        raise Conflict(
            f"public address {ip.address} ({ip.id}) is static NAT of instance {ip.instance_id} at {ip.guest_address}",
            code="static-nat-enabled",
            subject="ipaddressid",
            hint="disable static NAT first, or use another public address",
        )
    c = columns(PublicIp)
    other = view.records.first(
        PublicIp,
        c.instance_id == guest.instance_id,
        c.nic_id == guest.nic_id,
        c.guest_address == guest.guest_address,
        c.static_nat.is_(True),
        c.id != ip.id,
    )
    if other is not None:
        raise Conflict(
            f"{guest.guest_address} of instance {guest.instance_id} has static NAT already,"
            f" with public address {other.address} ({other.id})",
            code="guest-has-static-nat",
            subject="virtualmachineid",
            hint="disable that one first, or name a secondary address of the NIC (vmguestip)",
        )


async def _apply_nat(doing: Doing, ip: PublicIp) -> None:
    if ip.network_id is None:
        return
    try:
        await bring(doing, ip.network_id, STAGES)
    except NetloomError:
        if ip.updated_at >= doing.job.created_at:  # what stood before this wish stays
            await doing.write(lambda work: end_translation(work, ip.id))
        raise


def _undo_nat(work: Work, ip: PublicIp, error: NetloomError) -> None:
    """Forget a wish that was cancelled before it began; one that failed was undone where it did."""
    if error.stable_code != "cancelled":
        return
    c = columns(Job)
    wishes = work.records.select(
        Job, c.resource_id == ip.id, c.use_case == ENABLE_STATIC_NAT.name, order=c.number.desc(), limit=1
    )
    if wishes and ip.updated_at >= wishes[0].created_at:
        end_translation(work, ip.id)


def _disable(work: Work, request: DisableStaticNat) -> PublicIp:
    ip = work.get(PublicIp, request.public_ip_id, "ipaddressid")
    if ip.nic_id is None:
        raise InvalidInput(
            f"public address {ip.address} ({ip.id}) has no static NAT",
            code="static-nat-not-enabled",
            subject="ipaddressid",
        )
    for rule in _openings(work, ip):
        revoke(work, rule)
    return ip


async def _unapply_nat(doing: Doing, ip: PublicIp) -> Ending:
    """Have the provider translate an address no more; until it does, the address says whose it was."""
    stages = (*STAGES, RuleStage.STATIC_NAT_PORTS, RuleStage.FIREWALL)
    revoked = await doing.write(lambda work: _revoked(work, ip))
    if revoked.network_id is not None:
        await bring(doing, revoked.network_id, stages)
    return lambda work: end_static_nat(work, revoked)


def _revoked(work: Work, ip: PublicIp) -> PublicIp:
    return work.update(msgspec.structs.replace(work.records.get(PublicIp, ip.id) or ip, static_nat=False))


def end_static_nat(work: Work, ip: PublicIp) -> None:
    """Keep that an address is no guest's any more, and nothing is open on it: its provider has let go of it."""
    for rule in _openings(work, ip):
        drop(work, rule)
    end_translation(work, ip.id)


def _openings(view: View, ip: PublicIp) -> list[StaticNatRule]:
    return view.records.select(StaticNatRule, columns(StaticNatRule).public_ip_id == ip.id)


def _create(work: Work, request: CreateStaticNatRule) -> StaticNatRule:
    ip, network = leads_into(work, address_of(work, request.public_ip_id))
    if not ip.static_nat:
        raise InvalidInput(
            f"public address {ip.address} ({ip.id}) has no static NAT",
            code="static-nat-not-enabled",
            subject="ipaddressid",
            hint="enable static NAT first, or use a port forwarding rule",
        )
    facts = offers(work, network, Service.STATIC_NAT)
    ports = parse_ports(request.start_port, request.end_port) or PortRange(
        request.start_port, request.start_port
    )
    rule = StaticNatRule(
        **work.owned(ip),
        network_id=NetworkId(network.id),
        public_ip_id=ip.id,
        protocol=parse_protocol(request.protocol, protocols(facts, Service.STATIC_NAT)),
        start_port=ports.first,
        end_port=ports.last,
        sources=parse_cidrs(request.sources),
    )
    check_claim(work, claim_of(rule))
    rule = work.insert(added(rule))
    traffic = msgspec.structs.replace(rule.traffic, sources=rule.sources)
    open_with(work, ip, network, rule.id, traffic, request.open_firewall)
    return rule


def _delete(work: Work, request: DeleteStaticNatRule) -> StaticNatRule:
    return revoke(work, work.get(StaticNatRule, request.id))


def _address_line(ip: PublicIp) -> str:
    return f"network/{ip.network_id}" if ip.network_id is not None else f"public_ip/{ip.id}"


ENABLE_STATIC_NAT = UseCase(
    name="static_nat.enable",
    command="enableStaticNat",
    request=EnableStaticNat,
    begin=_enable,
    event="STATICNAT.ENABLE",
    apply=_apply_nat,
    undo=_undo_nat,
    queue=_address_line,
)
DISABLE_STATIC_NAT = UseCase(
    name="static_nat.disable",
    command="disableStaticNat",
    request=DisableStaticNat,
    begin=_disable,
    event="STATICNAT.DISABLE",
    apply=_unapply_nat,
    queue=_address_line,
)
CREATE_STATIC_NAT_RULE = making(
    "static_nat_rule.create", "createIpForwardingRule", "NET.RULEADD", CreateStaticNatRule, _create
)
DELETE_STATIC_NAT_RULE = ending(
    "static_nat_rule.delete", "deleteIpForwardingRule", "NET.RULEDELETE", DeleteStaticNatRule, _delete
)

USE_CASES = (ENABLE_STATIC_NAT, DISABLE_STATIC_NAT, CREATE_STATIC_NAT_RULE, DELETE_STATIC_NAT_RULE)
