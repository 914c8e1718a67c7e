"""Giving a VPC another offering, with its tiers: another router, or more or fewer services.

Rule 1: all of it is checked and written in one transaction: there is no VPC whose tiers have what it has not.
Rule 2: nothing that stands loses its service; who is no router of the VPC any more lets go once the new one has everything.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from netloom.app.cloud.addresses_source_nat import settle_source_nat, source_nat_of
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.networks_facts import native
from netloom.app.cloud.networks_life import raise_up
from netloom.app.cloud.networks_offering import offering_of, with_offering
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.vpc_addresses import claim_source_nat
from netloom.app.cloud.vpc_facts import facts_of_vpc
from netloom.app.cloud.vpc_life import offering_for, queue_of
from netloom.app.cloud.vpc_provider import (
    RECORDS,
    bring_parts,
    check_served,
    drop_idle_routers,
    have_router,
)
from netloom.app.cloud.vpc_tiers import check_tier_offering, tiers_of
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, InvalidInput, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Account
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.services import Service
from netloom.model.cloud.vpc import Vpc, check_open
from netloom.model.states import NetworkState
from netloom.plan.vpc_elements import VpcPart

UP = frozenset({NetworkState.IMPLEMENTED, NetworkState.SETUP})


class MigrateVpc(msgspec.Struct, frozen=True, kw_only=True):
    """The VPC's new offering, and those of its tiers that get one, by the tiers' ids."""

    id: Uuid
    offering_id: Uuid
    tier_offerings: Mapping[Uuid, Uuid] = {}


def _begin(work: Work, request: MigrateVpc) -> Vpc:
    vpc = work.get(Vpc, request.id, "vpcid")
    check_open(vpc)
    owner = work.records.get(Account, vpc.account_id)
    if owner is None:
        raise NotFound("the owner is gone", code="account-not-found", subject="account")
    offering = offering_for(work, owner, request.offering_id, vpc.zone_id)
    after = msgspec.structs.replace(vpc, offering_id=offering.id)
    check_served(work, after)
    _check_parts(work, after)
    after = work.update(after)
    claim_source_nat(work, after, None)
    _migrate_tiers(work, after, request.tier_offerings)
    return after


def _check_parts(view: View, after: Vpc) -> None:
    """Refuse an offering without what something of the VPC needs.

    Raises:
        Conflict: something does (`services-in-use`).
    """
    facts = facts_of_vpc(view, after)
    lost = [
        part.value
        for part in VpcPart
        if part.service(facts) not in facts.services and RECORDS[part](view, after.id)
    ]
    if Service.SOURCE_NAT not in facts.services and source_nat_of(view, after) is not None:
        lost.append("the address that it is seen as outside")
    if lost:
        raise Conflict(
            f"the new offering of VPC {after.name} ({after.id}) has no service for what it has: {', '.join(lost)}",
            code="services-in-use",
            subject="vpcofferingid",
            hint="delete these first, or use an offering with SourceNat and Vpn",
        )


def _migrate_tiers(work: Work, vpc: Vpc, offerings: Mapping[Uuid, Uuid]) -> None:
    tiers = {tier.id: tier for tier in tiers_of(work, vpc)}
    strange = sorted(set(offerings) - set(tiers))
    if strange:
        raise InvalidInput(
            f"{strange[0]!r} is no tier of VPC {vpc.name} ({vpc.id})",
            code="not-a-tier",
            subject="tiernetworkofferings",
            hint=", ".join(tiers) or "it has none",
        )
    wanted = [
        msgspec.structs.replace(tier, offering_id=offerings.get(tier.id, tier.offering_id))
        for tier in tiers.values()
    ]
    for tier in tiers.values():
        others = [each for each in wanted if each.id != tier.id]
        if tier.id in offerings and offerings[tier.id] != tier.offering_id:
            work.update(with_offering(work, tier, offerings[tier.id], forced=True, others=others))
        else:
            check_tier_offering(work, vpc, offering_of(work, tier), others)


async def _apply(doing: Doing, record: Vpc) -> Ending:
    await have_router(doing, record.id)
    await bring_parts(doing, record.id, VpcPart)
    tiers = await doing.read(lambda view: tiers_of(view, record))
    for tier in doing.each(tiers, lambda tier: f"migrate tier {tier.name}"):
        await _bring_tier(doing, tier)
    await drop_idle_routers(doing, record.id)
    return lambda work: settle_source_nat(work, record)


async def _bring_tier(doing: Doing, tier: GuestNetwork) -> None:
    async with doing.turn(f"life/{tier.id}"):
        if (await doing.read(lambda view: native(view, tier).state)) in UP:
            await raise_up(doing, tier)


MIGRATE = UseCase(
    name="vpc.migrate",
    command="migrateVPC",
    event="VPC.MIGRATE",
    request=MigrateVpc,
    begin=_begin,
    apply=_apply,
    queue=queue_of,
)
USE_CASES = (MIGRATE,)
