"""Access control lists at work: making, renaming and deleting them, and who may use which.

Rule 1: a list is used in its own VPC only; the system's lists are used by everybody, and changed by operators or by nobody.
Rule 2: a list that a tier or a private gateway uses is not deleted.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.doing import nothing_more
from netloom.app.cloud.endings import take_out, taking
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import View, Work, missing
from netloom.base.errors import Conflict, Forbidden, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.acl import (
    ANYTHING,
    DEFAULT_ALLOW,
    DEFAULT_DENY,
    AclItem,
    AclList,
    check_changeable,
)
from netloom.model.cloud.acl_program import Verdict
from netloom.model.cloud.identity import ROOT_DOMAIN_ID, SYSTEM_ACCOUNT_ID
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.record import OwnedBirth
from netloom.model.cloud.routes import PrivateGateway
from netloom.model.cloud.rules import RuleState, TrafficDirection
from netloom.model.cloud.vpc import Vpc, check_open
from netloom.model.cloud.words import check_text
from netloom.store.cloud.records import columns


class CreateAclList(msgspec.Struct, frozen=True, kw_only=True):
    """A new list; without a VPC it is the system's, which operators make."""

    name: str
    description: str | None = None
    vpc_id: Uuid | None = None
    for_display: bool = True


class UpdateAclList(msgspec.Struct, frozen=True, kw_only=True):
    """Other words for a list; None: as they are."""

    id: Uuid
    name: str | None = None
    description: str | None = None
    for_display: bool | None = None


class DeleteAclList(msgspec.Struct, frozen=True, kw_only=True):
    """Which list."""

    id: Uuid


def seed_lists(work: Work) -> None:
    """The two built-in lists with their items."""
    if work.records.get(AclList, DEFAULT_DENY) is not None:
        return
    for list_id, name, text, action in (
        (DEFAULT_DENY, "default_deny", "Default Network ACL Deny All", Verdict.DENY),
        (DEFAULT_ALLOW, "default_allow", "Default Network ACL Allow All", Verdict.ALLOW),
    ):
        birth = _systems(work)
        birth["id"] = list_id
        acl = AclList(**birth, name=name, description=text)
        work.insert(acl)
        for order, direction in enumerate(TrafficDirection, start=1):
            work.insert(
                AclItem(
                    **work.owned(acl),
                    acl_id=acl.id,
                    order=order,
                    action=action,
                    direction=direction,
                    match=ANYTHING,
                    state=RuleState.ACTIVE,
                )
            )


def get_list(view: View, acl_id: Uuid, subject: str = "aclid") -> AclList:
    """A list that the caller may see: its own, or the system's.

    Raises:
        NotFound: there is none.
    """
    acl = find_list(view, acl_id)
    if acl is None:
        raise missing(AclList, acl_id, subject)
    return acl


def find_list(view: View, acl_id: Uuid) -> AclList | None:
    """A list that the caller may see: its own, or the system's."""
    acl = view.records.get(AclList, acl_id)
    return acl if acl is None or acl.vpc_id is None else view.find(AclList, acl_id)


def usable_list(view: View, acl_id: Uuid, vpc_id: Uuid, subject: str = "aclid") -> AclList:
    """A list that something in a VPC may use.

    Raises:
        NotFound: there is none.
        InvalidInput: it is another VPC's (`acl-of-another-vpc`).
    """
    acl = get_list(view, acl_id, subject)
    if acl.vpc_id not in (None, vpc_id):
        raise InvalidInput(
            f"ACL {acl.name} ({acl.id}) belongs to VPC {acl.vpc_id}, not to {vpc_id}",
            code="acl-of-another-vpc",
            subject=subject,
            hint="a list of the same VPC, or a built-in one",
        )
    return acl


def changeable_list(view: View, acl_id: Uuid, subject: str = "aclid") -> AclList:
    """A list that the caller may change.

    Raises:
        NotFound: there is none.
        Conflict: it is built in (`acl-built-in`).
        Forbidden: it is the system's, and the caller no operator (`acl-not-yours`).
    """
    acl = get_list(view, acl_id, subject)
    check_changeable(acl)
    if acl.vpc_id is None and not view.caller.is_root:
        raise Forbidden(
            f"ACL {acl.name} ({acl.id}) is the system's",
            code="acl-not-yours",
            subject=subject,
            hint="make a list in your VPC",
        )
    return acl


def tier_of(view: View, network_id: Uuid) -> tuple[GuestNetwork, Uuid]:
    """A tier that the caller may see, which can use a list, and its VPC's id.

    Raises:
        NotFound: there is no such network.
        InvalidInput: it is no tier (`not-a-tier`).
    """
    tier = view.get(GuestNetwork, network_id, "networkid")
    if tier.vpc_id is None:
        raise InvalidInput(
            f"network {tier.name} ({tier.id}) is no tier of a VPC",
            code="not-a-tier",
            subject="networkid",
            hint="lists belong to VPCs; other networks have firewall rules",
        )
    return tier, tier.vpc_id


def items_of(view: View, acl_id: Uuid) -> list[AclItem]:
    """All items of a list, by their order."""
    c = columns(AclItem)
    return view.records.select(AclItem, c.acl_id == acl_id, order=c.order)


def standing_items(view: View, acl_id: Uuid) -> list[AclItem]:
    """The items of a list that hold or are about to, in order."""
    return [item for item in items_of(view, acl_id) if item.state is not RuleState.REVOKE]


def acl_of(view: View, network_id: Uuid) -> tuple[AclItem, ...]:
    """The items that hold, or are about to, for a tier, in order; none for a tier without a list."""
    tier = view.records.get(GuestNetwork, network_id)
    if tier is None or tier.acl_id is None:
        return ()
    return tuple(standing_items(view, tier.acl_id))


def users_of(view: View, acl_id: Uuid) -> tuple[list[GuestNetwork], list[PrivateGateway]]:
    """The tiers and private gateways that use a list."""
    return (
        view.records.select(GuestNetwork, columns(GuestNetwork).acl_id == acl_id),
        view.records.select(PrivateGateway, columns(PrivateGateway).acl_id == acl_id),
    )


def create_list(work: Work, request: CreateAclList) -> AclList:
    """A new list.

    Raises:
        NotFound: there is no such VPC that the caller may see.
        InvalidInput: it is for no VPC, and the caller is no operator; or a text is too long.
    """
    name = check_text(request.name, "name")
    text = check_text(request.description or name, "description")
    if request.vpc_id is not None:
        vpc = work.get(Vpc, request.vpc_id, "vpcid")
        check_open(vpc)
        owned = work.owned(vpc)
    elif work.caller.is_root:
        owned = _systems(work)
    else:
        raise InvalidInput(
            "a list of no VPC is the system's", subject="vpcid", hint="name the VPC that the list is for"
        )
    return work.insert(
        AclList(**owned, name=name, description=text, vpc_id=request.vpc_id, for_display=request.for_display)
    )


def _update(work: Work, request: UpdateAclList) -> AclList:
    acl = changeable_list(work, request.id, "id")
    name = acl.name if request.name is None else check_text(request.name, "name")
    text = request.description
    return work.update(
        msgspec.structs.replace(
            acl,
            name=name,
            description=acl.description if text is None else check_text(text, "description"),
            for_display=acl.for_display if request.for_display is None else request.for_display,
        )
    )


def _begin_delete(work: Work, request: DeleteAclList) -> AclList:
    acl = changeable_list(work, request.id, "id")
    check_unused(work, acl)
    return acl


def check_unused(view: View, acl: AclList) -> None:
    """Refuse to let go of a list in use.

    Raises:
        Conflict: a tier or a private gateway uses it (`acl-in-use`).
    """
    tiers, gateways = users_of(view, acl.id)
    users = [f"tier {tier.name} ({tier.id})" for tier in tiers]
    users += [f"private gateway {gateway.address} ({gateway.id})" for gateway in gateways]
    if users:
        raise Conflict(
            f"ACL {acl.name} ({acl.id}) is used by {', '.join(users[:5])}",
            code="acl-in-use",
            subject="id",
            hint="replace it there first (replaceNetworkACLList)",
        )


def remove_list(work: Work, acl: AclList) -> None:
    """Take a list and its items out.

    Raises:
        Conflict: it is in use by now (`acl-in-use`).
    """
    check_unused(work, acl)
    for item in items_of(work, acl.id):
        take_out(work, item)
    take_out(work, acl)


def _systems(work: Work) -> OwnedBirth:
    return OwnedBirth(**work.birth(), account_id=SYSTEM_ACCOUNT_ID, domain_id=ROOT_DOMAIN_ID)


def queue_of(acl: AclList) -> str | None:
    """The line in which a list's jobs wait: its VPC's."""
    return f"vpc/{acl.vpc_id}" if acl.vpc_id is not None else None


CREATE = UseCase(
    name="acl_list.create",
    command="createNetworkACLList",
    event="NETWORK.ACL.CREATE",
    request=CreateAclList,
    begin=create_list,
    apply=nothing_more,
    queue=queue_of,
)
UPDATE = UseCase(
    name="acl_list.update",
    command="updateNetworkACLList",
    event="NETWORK.ACL.UPDATE",
    request=UpdateAclList,
    begin=_update,
    apply=nothing_more,
    queue=queue_of,
)
DELETE = UseCase(
    name="acl_list.delete",
    command="deleteNetworkACLList",
    event="NETWORK.ACL.DELETE",
    request=DeleteAclList,
    begin=_begin_delete,
    apply=taking(remove_list),
    queue=queue_of,
)
USE_CASES = (CREATE, UPDATE, DELETE)
