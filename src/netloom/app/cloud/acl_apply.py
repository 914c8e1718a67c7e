"""Bringing a list to everything that uses it, and replacing the list that a tier or a private gateway uses.

Rule 1: a tier that nobody is in has nothing to program: it is told its list when it is implemented.
Rule 2: replacing a list is one step for the provider: the old one holds until the new one does.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.acl_lists import tier_of, usable_list, users_of
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.endings import gone, take_out
from netloom.app.cloud.rules_provider import bring, offers
from netloom.app.cloud.untold import ACL
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.vpc_provider import bring_parts
from netloom.app.cloud.work import Work
from netloom.base.errors import InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.acl import AclItem
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.record import Owned
from netloom.model.cloud.routes import PrivateGateway
from netloom.model.cloud.rules import RuleEvent, RuleState, next_rule_state
from netloom.model.cloud.services import Service
from netloom.model.cloud.untold import WHOLE, Mark
from netloom.plan.elements import RuleStage
from netloom.plan.vpc_elements import VpcPart


class ReplaceAclList(msgspec.Struct, frozen=True, kw_only=True):
    """The list that a tier, or a private gateway, uses from now on."""

    acl_id: Uuid
    network_id: Uuid | None = None
    gateway_id: Uuid | None = None


async def bring_list(doing: Doing, acl_id: Uuid) -> None:
    """Have everything that uses a list have it as it stands.

    Raises:
        Conflict: the service has no provider any more (`service-not-provided`).
        PeerError: a provider could not (`provider-failed`).
    """
    await _bring_to(doing, acl_id, await doing.read(lambda view: users_of(view, acl_id)))


async def _bring_to(
    doing: Doing, acl_id: Uuid, users: tuple[list[GuestNetwork], list[PrivateGateway]]
) -> None:
    tiers, gateways = users
    with doing.telling([Mark(f"{ACL}/{acl_id}", WHOLE)]):
        for tier in tiers:
            await bring(doing, tier.id, {RuleStage.NETWORK_ACL})
        for vpc_id in dict.fromkeys(gateway.vpc_id for gateway in gateways):
            await bring_parts(doing, vpc_id, {VpcPart.PRIVATE_GATEWAYS})


async def settle_item(doing: Doing, item: AclItem) -> Ending:
    """Have everything that uses a list have an item of it; it is Active afterwards.

    Raises: as `bring_list`.
    """
    told, users = await doing.read(
        lambda view: (view.records.get(AclItem, item.id), users_of(view, item.acl_id))
    )
    await _bring_to(doing, item.acl_id, users)

    def ending(work: Work) -> None:
        now = work.records.get(AclItem, item.id)
        if now is None or told is None or now.generation != told.generation:
            return  # another job has it
        if now.state is not RuleState.REVOKE:
            end_item(work, now)

    return ending


def end_item(work: Work, item: AclItem) -> None:
    """Keep that an item is as all who use its list were told: there, or gone."""
    if item.state is RuleState.REVOKE:
        take_out(work, item)
    else:
        work.update(msgspec.structs.replace(item, state=next_rule_state(item.state, RuleEvent.APPLY)))


async def let_go_of_item(doing: Doing, item: AclItem) -> Ending:
    """Have nothing that uses a list have a revoked item of it; its row is gone afterwards; raises as `bring_list`."""
    await bring_list(doing, item.acl_id)
    return gone(item)


def _replace(work: Work, request: ReplaceAclList) -> Owned:
    if (request.network_id is None) == (request.gateway_id is None):
        raise InvalidInput(
            "a list is replaced in one place",
            subject="networkid",
            hint="give networkid for a tier, or gatewayid for a private gateway",
        )
    if request.gateway_id is not None:
        gateway = work.get(PrivateGateway, request.gateway_id, "gatewayid")
        acl = usable_list(work, request.acl_id, gateway.vpc_id)
        return work.update(msgspec.structs.replace(gateway, acl_id=acl.id))
    tier, vpc_id = tier_of(work, request.network_id or Uuid(""))
    acl = usable_list(work, request.acl_id, vpc_id)
    offers(work, tier, Service.NETWORK_ACL)
    return work.update(msgspec.structs.replace(tier, acl_id=acl.id))


async def _apply(doing: Doing, record: Owned) -> None:
    if isinstance(record, PrivateGateway):
        await bring_parts(doing, record.vpc_id, {VpcPart.PRIVATE_GATEWAYS})
    else:
        await bring(doing, record.id, {RuleStage.NETWORK_ACL})


def _queue(record: Owned) -> str:
    return f"vpc/{record.vpc_id}" if isinstance(record, PrivateGateway) else f"network/{record.id}"


REPLACE = UseCase(
    name="acl_list.replace",
    command="replaceNetworkACLList",
    event="NETWORK.ACL.REPLACE",
    request=ReplaceAclList,
    begin=_replace,
    apply=_apply,
    queue=_queue,
)
USE_CASES = (REPLACE,)
