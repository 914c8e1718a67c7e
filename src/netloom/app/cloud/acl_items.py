"""Items of access control lists: making, changing and revoking them.

Rule 1: whatever changes in a list, every tier and gateway that uses it is told the whole list as it stands then.
Rule 2: a revoked item gives its number back at once (it keeps one below zero until its row goes).
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.acl_apply import let_go_of_item, settle_item
from netloom.app.cloud.acl_lists import CreateAclList, changeable_list, create_list, tier_of
from netloom.app.cloud.acl_order import checked_number, free_number, get_item, line
from netloom.app.cloud.endings import withdraw
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import Work
from netloom.base.errors import InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.acl import MAX_REASON, AclItem, AclList, parse_action, parse_direction
from netloom.model.cloud.acl_match import ICMP, WITH_PORTS, Match, check_protocol
from netloom.model.cloud.rules import RuleEvent, RuleState, next_rule_state


class CreateAclItem(msgspec.Struct, frozen=True, kw_only=True):
    """A new item of a list, or of the list that a tier uses (which is made when it has none)."""

    acl_id: Uuid | None = None
    network_id: Uuid | None = None
    protocol: str
    start_port: int | None = None
    end_port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    cidrs: tuple[str, ...] = ()
    action: str = "Allow"
    direction: str = "Ingress"
    number: int | None = None
    reason: str | None = None
    for_display: bool = True


class UpdateAclItem(msgspec.Struct, frozen=True, kw_only=True):
    """What changes of an item. `partial`: what is not given stays; else it becomes as in a new item."""

    id: Uuid
    partial: bool = True
    protocol: str | None = None
    start_port: int | None = None
    end_port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    cidrs: tuple[str, ...] | None = None
    action: str | None = None
    direction: str | None = None
    number: int | None = None
    reason: str | None = None
    for_display: bool | None = None


class DeleteAclItem(msgspec.Struct, frozen=True, kw_only=True):
    """Which item."""

    id: Uuid


def _create(work: Work, request: CreateAclItem) -> AclItem:
    acl = _list_for(work, request)
    match = Match(
        protocol=request.protocol,
        start_port=request.start_port,
        end_port=request.end_port,
        icmp_type=request.icmp_type,
        icmp_code=request.icmp_code,
        cidrs=request.cidrs,
    ).checked()
    item = AclItem(
        **work.owned(acl),
        acl_id=acl.id,
        order=free_number(work, acl.id, request.number),
        action=parse_action(request.action),
        direction=parse_direction(request.direction),
        match=match,
        reason=_checked_reason(request.reason or ""),
        state=next_rule_state(RuleState.STAGED, RuleEvent.ACCEPT),
        for_display=request.for_display,
    )
    return work.insert(item)


def _list_for(work: Work, request: CreateAclItem) -> AclList:
    if request.acl_id is not None:
        return changeable_list(work, request.acl_id)
    if request.network_id is None:
        raise InvalidInput(
            "neither a list nor a tier is named",
            subject="aclid",
            hint="give aclid, or the networkid of a tier",
        )
    tier, vpc_id = tier_of(work, request.network_id)
    if tier.acl_id is not None:
        return changeable_list(work, tier.acl_id)
    acl = create_list(
        work,
        CreateAclList(name=f"ACL of {tier.name}", description=f"made for tier {tier.name}", vpc_id=vpc_id),
    )
    work.update(msgspec.structs.replace(tier, acl_id=acl.id))
    return acl


def _update(work: Work, request: UpdateAclItem) -> AclItem:
    item = get_item(work, request.id)
    changeable_list(work, item.acl_id)
    state = next_rule_state(item.state, RuleEvent.CHANGE)
    base = item if request.partial else _bare(item)
    order = item.order
    if request.number is not None and request.number != order:
        order = checked_number(work, item.acl_id, request.number)
    return work.update(
        msgspec.structs.replace(
            base,
            match=_changed_match(base.match, request),
            order=order,
            action=base.action if request.action is None else parse_action(request.action),
            direction=base.direction if request.direction is None else parse_direction(request.direction),
            reason=base.reason if request.reason is None else _checked_reason(request.reason),
            for_display=item.for_display if request.for_display is None else request.for_display,
            state=state,
        )
    )


def _bare(item: AclItem) -> AclItem:
    """An item with nothing but what a new one has by itself."""
    fresh = CreateAclItem(protocol=item.match.protocol)
    return msgspec.structs.replace(
        item,
        match=Match(protocol=item.match.protocol),
        action=parse_action(fresh.action),
        direction=parse_direction(fresh.direction),
        reason="",
    )


def _changed_match(match: Match, request: UpdateAclItem) -> Match:
    protocol = match.protocol if request.protocol is None else check_protocol(request.protocol)
    ports = (match.start_port, match.end_port) if protocol in WITH_PORTS else (None, None)
    icmp = (match.icmp_type, match.icmp_code) if protocol == ICMP else (None, None)
    if request.start_port is not None or request.end_port is not None:
        ports = (
            ports[0] if request.start_port is None else request.start_port,
            request.end_port if request.end_port is not None or request.start_port is not None else ports[1],
        )
    return Match(
        protocol=protocol,
        start_port=ports[0],
        end_port=ports[1],
        icmp_type=icmp[0] if request.icmp_type is None else request.icmp_type,
        icmp_code=icmp[1] if request.icmp_code is None else request.icmp_code,
        cidrs=match.cidrs if request.cidrs is None else request.cidrs,
    ).checked()


def _revoke(work: Work, request: DeleteAclItem) -> AclItem:
    item = get_item(work, request.id)
    changeable_list(work, item.acl_id)
    state = next_rule_state(item.state, RuleEvent.REVOKE)
    return work.update(msgspec.structs.replace(item, state=state, order=-item.number))


def _checked_reason(text: str) -> str:
    if len(text) > MAX_REASON:
        raise InvalidInput(
            f"a reason of {len(text)} characters", subject="reason", hint=f"at most {MAX_REASON}"
        )
    return text


CREATE = UseCase(
    name="acl_item.create",
    command="createNetworkACL",
    event="NETWORK.ACL.ITEM.CREATE",
    request=CreateAclItem,
    begin=_create,
    apply=settle_item,
    undo=withdraw,
    queue=line,
)
UPDATE = UseCase(
    name="acl_item.update",
    command="updateNetworkACLItem",
    event="NETWORK.ACL.ITEM.UPDATE",
    request=UpdateAclItem,
    begin=_update,
    apply=settle_item,
    queue=line,
)
DELETE = UseCase(
    name="acl_item.delete",
    command="deleteNetworkACL",
    event="NETWORK.ACL.ITEM.DELETE",
    request=DeleteAclItem,
    begin=_revoke,
    apply=let_go_of_item,
    queue=line,
)
USE_CASES = (CREATE, UPDATE, DELETE)
