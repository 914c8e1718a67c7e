"""The order of a list's items at work: finding an item, numbers that are free, and moving an item between others.

Rule 1: numbers are looked at in the transaction that takes them, by index; only a move reads the whole list.
Rule 2: a revoked item's number is below zero: those of a list that count are above.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.acl_apply import settle_item
from netloom.app.cloud.acl_lists import changeable_list, find_list
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import View, Work, missing
from netloom.base.ids import Uuid
from netloom.model.cloud.acl import AclItem
from netloom.model.cloud.acl_order import check_number, check_room, check_seen, move, number_after
from netloom.model.cloud.rules import RuleEvent, next_rule_state
from netloom.store.cloud.records import Where, columns


class MoveAclItem(msgspec.Struct, frozen=True, kw_only=True):
    """Where an item goes: right after one, right before another; `seen` is the hash of the order that the caller saw."""

    id: Uuid
    after: Uuid | None = None
    before: Uuid | None = None
    seen: str | None = None


def get_item(view: View, item_id: Uuid, subject: str = "id") -> AclItem:
    """An item of a list that the caller may see.

    Raises:
        NotFound: there is none.
    """
    item = view.records.get(AclItem, item_id)
    if item is None or find_list(view, item.acl_id) is None:
        raise missing(AclItem, item_id, subject)
    return item


def free_number(view: View, acl_id: Uuid, wanted: int | None) -> int:
    """The number of a new item: the wanted one, or one more than the largest.

    Raises:
        InvalidInput: it is out of range, or nothing is behind the largest.
        Conflict: another item has it (`acl-number-taken`).
        Exhausted: the list is full (`acl-full`).
    """
    check_room(acl_id, view.records.count(AclItem, *_counting(acl_id)))
    return number_after(_last(view, acl_id)) if wanted is None else checked_number(view, acl_id, wanted)


def checked_number(view: View, acl_id: Uuid, wanted: int) -> int:
    """A number that no item has; raises as `free_number`."""
    taken_by = view.records.first(AclItem, *_counting(acl_id), columns(AclItem).order == wanted)
    return check_number(wanted, taken_by, _last(view, acl_id))


def speaks_of(protocol: str) -> Where:
    """The condition for items of a protocol, canonical: it is the first that a stored match says."""
    return columns(AclItem)["match"].startswith(f'{{"protocol":"{protocol}",')


def _last(view: View, acl_id: Uuid) -> int:
    found = view.records.first(AclItem, *_counting(acl_id), order=columns(AclItem).order.desc())
    return found.order if found is not None else 0


def _counting(acl_id: Uuid) -> tuple[Where, ...]:
    c = columns(AclItem)
    return c.acl_id == acl_id, c.order > 0


def _move(work: Work, request: MoveAclItem) -> AclItem:
    item = get_item(work, request.id)
    changeable_list(work, item.acl_id)
    state = next_rule_state(item.state, RuleEvent.CHANGE)
    items = work.records.select(AclItem, *_counting(item.acl_id))
    check_seen(items, request.seen)
    changed = move(items, item.id, after=request.after, before=request.before)
    if len(changed) > 1 and item.id in changed:  # out of the way, until the others have made room
        item = work.update(msgspec.structs.replace(item, order=-item.number))
    by_id = {each.id: each for each in items}
    for each in sorted(changed, key=lambda each: -changed[each]):
        if each != item.id:
            work.update(msgspec.structs.replace(by_id[each], order=changed[each]))
    if item.id not in changed:
        return item
    return work.update(msgspec.structs.replace(item, order=changed[item.id], state=state))


def line(item: AclItem) -> str:
    """The line in which the jobs of a list's items wait."""
    return f"acl/{item.acl_id}"


MOVE = UseCase(
    name="acl_item.move",
    command="moveNetworkAclItem",
    event="NETWORK.ACL.ITEM.UPDATE",
    request=MoveAclItem,
    begin=_move,
    apply=settle_item,
    queue=line,
)
USE_CASES = (MOVE,)
