"""The life of VPCs: making, changing, restarting and deleting them.

Rule 1: a VPC is made of an enabled offering whose services somebody enabled in its zone gives; else it is refused at once.
Rule 2: a VPC with tiers is not deleted; what else is in it goes first, in the order of `vpc_end`.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud import configuration, networks_terms
from netloom.app.cloud.addresses_source_nat import settle_source_nat
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.infrastructure import zone_facet
from netloom.app.cloud.rules_provider import bring
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.vpc_addresses import claim_source_nat
from netloom.app.cloud.vpc_end import drop_parts, remove
from netloom.app.cloud.vpc_facts import zone_of
from netloom.app.cloud.vpc_provider import bring_parts, check_served, drop_router, have_router
from netloom.app.cloud.vpc_tiers import tiers_of
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, InvalidInput, NetloomError
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Account, Domain
from netloom.model.cloud.offerings import VpcOffering
from netloom.model.cloud.vpc import (
    Vpc,
    VpcEvent,
    check_open,
    check_vpc_cidr,
    next_vpc_state,
)
from netloom.model.cloud.words import Allocation, check_text
from netloom.plan.elements import RULE_ORDER
from netloom.plan.vpc_elements import VpcPart


class CreateVpc(msgspec.Struct, frozen=True, kw_only=True):
    """A new VPC."""

    zone_id: Uuid
    name: str
    display_text: str | None = None
    offering_id: Uuid
    cidr: str | None = None
    network_domain: str | None = None
    start: bool = True
    public_mtu: int | None = None
    resolvers: networks_terms.Resolvers = networks_terms.Resolvers()
    source_nat_address: str | None = None
    for_display: bool = True
    account: str | None = None
    domain_id: Uuid | None = None
    project_id: Uuid | None = None


class UpdateVpc(msgspec.Struct, frozen=True, kw_only=True):
    """What changes of a VPC; None stays."""

    id: Uuid
    name: str | None = None
    display_text: str | None = None
    public_mtu: int | None = None
    source_nat_address: str | None = None
    for_display: bool | None = None


class DeleteVpc(msgspec.Struct, frozen=True, kw_only=True):
    """Which VPC."""

    id: Uuid


class RestartVpc(msgspec.Struct, frozen=True, kw_only=True):
    """Have everything of a VPC as it should be, anew; nothing is interrupted that is right already."""

    id: Uuid
    make_redundant: bool = False


def _create(work: Work, request: CreateVpc) -> Vpc:
    owner = work.owner(request.account, request.domain_id, request.project_id)
    zone = zone_of(work, request.zone_id)
    offering = offering_for(work, owner, request.offering_id, request.zone_id)
    if request.cidr is None:
        raise InvalidInput("a VPC without a network", subject="cidr", hint="for example 10.50.0.0/16")
    cidr = check_vpc_cidr(
        request.cidr, private_only=not configuration.flag(work, "allow.non.rfc1918.compliant.ips")
    )
    name = check_text(request.name, "name")
    facet = zone_facet(work, zone.id)
    resolvers = networks_terms.check_resolvers(offering, request.resolvers)
    networks_terms.check_public_mtu(work, facet, request.public_mtu)
    vpc = Vpc(
        **work.owned(owner),
        name=name,
        display_text=check_text(request.display_text or name, "displaytext"),
        zone_id=request.zone_id,
        offering_id=offering.id,
        cidr=str(cidr),
        network_domain=networks_terms.network_domain(work, offering, owner, facet, request.network_domain),
        public_mtu=request.public_mtu,
        dns1=resolvers.dns1,
        dns2=resolvers.dns2,
        ip6_dns1=resolvers.ip6_dns1,
        ip6_dns2=resolvers.ip6_dns2,
        restart_required=not request.start,
        for_display=request.for_display,
    )
    check_served(work, vpc)
    vpc = work.insert(vpc)
    claim_source_nat(work, vpc, request.source_nat_address)
    return vpc


def offering_for(view: View, owner: Account, offering_id: Uuid, zone_id: Uuid) -> VpcOffering:
    """The offering of a new VPC.

    Raises:
        NotFound: there is none.
        InvalidInput: it is not enabled, or not for this zone or domain (`offering-not-usable`).
    """
    offering = view.get(VpcOffering, offering_id, "vpcofferingid")
    why: str | None = None
    if offering.state is not Allocation.ENABLED:
        why = f"it is {offering.state.value}"
    elif offering.zone_ids and zone_id not in offering.zone_ids:
        why = "it is for other zones"
    elif offering.domain_ids and not _covers(view, offering, owner):
        why = "it is for other domains"
    if why is not None:
        raise InvalidInput(
            f"VPC offering {offering.name} ({offering.id}) cannot be used: {why}",
            code="offering-not-usable",
            subject="vpcofferingid",
            hint="listVPCOfferings shows those that can",
        )
    return offering


def _covers(view: View, offering: VpcOffering, owner: Account) -> bool:
    domains = view.records.many(Domain, [*offering.domain_ids, owner.domain_id])
    own = domains[owner.domain_id].path
    return any(each in domains and own.startswith(domains[each].path) for each in offering.domain_ids)


def _update(work: Work, request: UpdateVpc) -> Vpc:
    vpc = work.get(Vpc, request.id)
    check_open(vpc)
    networks_terms.check_public_mtu(work, zone_facet(work, vpc.zone_id), request.public_mtu)
    changed = msgspec.structs.replace(
        vpc,
        name=vpc.name if request.name is None else check_text(request.name, "name"),
        display_text=(
            vpc.display_text
            if request.display_text is None
            else check_text(request.display_text, "displaytext")
        ),
        public_mtu=vpc.public_mtu if request.public_mtu is None else request.public_mtu,
        for_display=vpc.for_display if request.for_display is None else request.for_display,
    )
    if request.source_nat_address is not None:
        claim_source_nat(work, vpc, request.source_nat_address)
    return work.update(changed)


def _begin_delete(work: Work, request: DeleteVpc) -> Vpc:
    vpc = work.get(Vpc, request.id)
    tiers = tiers_of(work, vpc)
    if tiers:
        raise Conflict(
            f"VPC {vpc.name} ({vpc.id}) has tiers: "
            + ", ".join(f"{tier.name} ({tier.id})" for tier in tiers[:5]),
            code="vpc-has-tiers",
            subject="id",
            hint="delete them first",
        )
    return work.update(msgspec.structs.replace(vpc, state=next_vpc_state(vpc.state, VpcEvent.DELETE)))


def _begin_restart(work: Work, request: RestartVpc) -> Vpc:
    vpc = work.get(Vpc, request.id)
    check_open(vpc)
    offering = work.records.get(VpcOffering, vpc.offering_id)
    if request.make_redundant and (offering is None or not offering.redundant_router):
        raise InvalidInput(
            f"the offering of VPC {vpc.name} ({vpc.id}) has no redundant router",
            code="not-redundant",
            subject="makeredundant",
            hint="a VPC of an offering with RedundantRouter",
        )
    check_served(work, vpc)
    return vpc


async def _apply_create(doing: Doing, record: Vpc) -> Ending:
    if not record.restart_required:  # else it was made without being started: a restart starts it
        await _have(doing, record)
    return lambda work: settle_source_nat(work, record)


def _withdraw(work: Work, record: Vpc, _error: NetloomError) -> None:
    now = work.records.get(Vpc, record.id)
    if now is None:
        return
    if tiers_of(work, now):  # somebody built on it meanwhile
        work.update(msgspec.structs.replace(now, restart_required=True))
    else:
        remove(work, now)


async def _have(doing: Doing, record: Vpc) -> None:
    """Have the router, and its public addresses on it."""
    await have_router(doing, record.id)
    await bring_parts(doing, record.id, {VpcPart.ADDRESSES})


async def _apply_update(doing: Doing, record: Vpc) -> Ending:
    await _have(doing, record)
    return lambda work: settle_source_nat(work, record)


async def _apply_delete(doing: Doing, record: Vpc) -> Ending:
    await drop_parts(doing, record.id)
    await drop_router(doing, record.id)

    def ending(work: Work) -> None:
        now = work.records.get(Vpc, record.id)
        if now is not None:
            remove(work, now)

    return ending


async def _apply_restart(doing: Doing, record: Vpc) -> Ending:
    await have_router(doing, record.id)
    await bring_parts(doing, record.id, VpcPart)
    tiers = await doing.read(lambda view: tiers_of(view, record))
    for tier in doing.each(tiers, lambda tier: f"restart tier {tier.name}"):
        await bring(doing, tier.id, RULE_ORDER)

    def ending(work: Work) -> None:
        now = work.records.get(Vpc, record.id)
        settle_source_nat(work, record)
        if now is not None and now.restart_required:
            work.update(msgspec.structs.replace(now, restart_required=False))

    return ending


def queue_of(vpc: Vpc) -> str:
    """The line in which a VPC's jobs wait."""
    return f"vpc/{vpc.id}"


CREATE = UseCase(
    name="vpc.create",
    command="createVPC",
    event="VPC.CREATE",
    request=CreateVpc,
    begin=_create,
    apply=_apply_create,
    undo=_withdraw,
    queue=queue_of,
)
UPDATE = UseCase(
    name="vpc.update",
    command="updateVPC",
    event="VPC.UPDATE",
    request=UpdateVpc,
    begin=_update,
    apply=_apply_update,
    queue=queue_of,
)
DELETE = UseCase(
    name="vpc.delete",
    command="deleteVPC",
    event="VPC.DELETE",
    request=DeleteVpc,
    begin=_begin_delete,
    apply=_apply_delete,
    queue=queue_of,
)
RESTART = UseCase(
    name="vpc.restart",
    command="restartVPC",
    event="VPC.RESTART",
    request=RestartVpc,
    begin=_begin_restart,
    apply=_apply_restart,
    queue=queue_of,
)
USE_CASES = (CREATE, UPDATE, DELETE, RESTART)
