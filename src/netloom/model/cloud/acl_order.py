"""The order of a list's items: the next free number, moving an item between others, and whether the caller saw this order.

Rule 1: a move changes as few numbers as it can: the item's own, and those behind it only as far as they have to make room.
Rule 2: a caller who gives the hash of the order that was seen never moves an item in another order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from netloom.base.errors import Conflict, Exhausted, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.acl import MAX_ITEM_NUMBER, MAX_ITEMS, AclItem


def consistency_hash(items: Sequence[AclItem]) -> str:
    """The MD5 of the items' ids in their order, as CloudStack's clients compute it."""
    text = "".join(item.id for item in sorted(items, key=lambda item: item.order))
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def check_seen(items: Sequence[AclItem], seen: str | None) -> None:
    """Refuse a move by somebody who saw another order.

    Raises:
        Conflict: the hash is not this order's (`acl-order-changed`).
    """
    if seen is None or not seen.strip():
        return
    now = consistency_hash(items)
    if seen.strip().lower() != now:
        raise Conflict(
            f"the items of ACL {items[0].acl_id if items else '?'} are in another order than the one you saw",
            code="acl-order-changed",
            subject="aclconsistencyhash",
            hint=f"list them again; the hash of their order is {now}",
        )


def check_room(acl_id: Uuid, count: int) -> None:
    """Refuse one more item of a list that is full.

    Raises:
        Exhausted: it is (`acl-full`).
    """
    if count >= MAX_ITEMS:
        raise Exhausted(
            f"ACL {acl_id} has {count} items",
            code="acl-full",
            subject="aclid",
            hint=f"at most {MAX_ITEMS}; join items that differ only in their networks",
        )


def number_after(last: int) -> int:
    """The number of a new item when none is asked for: one more than the largest (0: there is none yet).

    Raises:
        InvalidInput: there is no number after it.
    """
    if last >= MAX_ITEM_NUMBER:
        raise InvalidInput(
            f"the last item has number {last}, there is none after it",
            subject="number",
            hint="give a number that is free",
        )
    return last + 1


def check_number(wanted: int, taken_by: AclItem | None, last: int) -> int:
    """The number that was asked for.

    Args:
        wanted: it.
        taken_by: another item of the list that has it.
        last: the largest number of the list.

    Raises:
        InvalidInput: it is out of range.
        Conflict: another item has it (`acl-number-taken`).
    """
    if not 1 <= wanted <= MAX_ITEM_NUMBER:
        raise InvalidInput(
            f"{wanted} is not an item's number", subject="number", hint=f"1 to {MAX_ITEM_NUMBER}"
        )
    if taken_by is not None:
        raise Conflict(
            f"item {taken_by.id} of ACL {taken_by.acl_id} has number {wanted} already",
            code="acl-number-taken",
            subject="number",
            hint=f"{last + 1} is free" if last < MAX_ITEM_NUMBER else "give a number that is free",
        )
    return wanted


def move(
    items: Sequence[AclItem], item_id: Uuid, *, after: Uuid | None, before: Uuid | None
) -> dict[Uuid, int]:
    """The numbers that change when an item goes right after one, or right before another, or between both.

    Args:
        items: the whole list, in any order.
        item_id: the item that moves.
        after: the one it comes right after; None: it becomes the first.
        before: the one it comes right before; None: right after `after`, whatever follows.

    Raises:
        InvalidInput: no neighbour is given, or the item is its own neighbour.
        Conflict: the neighbours do not follow each other (`acl-order-changed`), or nothing is free behind.
    """
    if after is None and before is None:
        raise InvalidInput(
            "no neighbour is given",
            subject="previousaclruleid",
            hint="the item before, the item after, or both",
        )
    if item_id in (after, before):
        raise InvalidInput(f"item {item_id} cannot be its own neighbour", subject="previousaclruleid")
    rest = sorted((item for item in items if item.id != item_id), key=lambda item: item.order)
    place = _place(rest, after, before)
    number = rest[place - 1].order + 1 if place else max(1, rest[0].order - 1)
    changed = {item_id: number}
    for item in rest[place:]:
        if item.order > number:
            break
        number += 1
        changed[item.id] = number
    if number > MAX_ITEM_NUMBER:
        raise Conflict(
            f"there is no number free behind {MAX_ITEM_NUMBER}",
            code="acl-full",
            subject="id",
            hint="give the last items smaller numbers first",
        )
    old = {item.id: item.order for item in items}
    return {each: order for each, order in changed.items() if old[each] != order}


def _place(rest: Sequence[AclItem], after: Uuid | None, before: Uuid | None) -> int:
    """How many of the others come before the item."""
    where = {item.id: index for index, item in enumerate(rest)}
    for name, neighbour in (("previousaclruleid", after), ("nextaclruleid", before)):
        if neighbour is not None and neighbour not in where:
            raise InvalidInput(
                f"item {neighbour} is not in the list",
                subject=name,
                hint="both neighbours are in the same list",
            )
    if after is None:
        place = where[before] if before is not None else 0
        if place != 0 and before is not None:
            raise Conflict(
                f"item {before} is not the first of its list",
                code="acl-order-changed",
                subject="nextaclruleid",
                hint=f"give the item before it too: {rest[place - 1].id}",
            )
        return 0
    place = where[after] + 1
    if before is not None and where[before] != place:
        raise Conflict(
            f"item {before} does not come right after item {after}",
            code="acl-order-changed",
            subject="nextaclruleid",
            hint=f"{rest[place].id} does" if place < len(rest) else f"{after} is the last",
        )
    return place
