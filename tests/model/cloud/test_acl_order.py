from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.testing.births import born

from netloom.base.errors import Conflict, Exhausted, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.acl import MAX_ITEM_NUMBER, MAX_ITEMS, AclItem
from netloom.model.cloud.acl_match import Match
from netloom.model.cloud.acl_order import (
    check_number,
    check_room,
    check_seen,
    consistency_hash,
    move,
    number_after,
)
from netloom.model.cloud.acl_program import Verdict
from netloom.model.cloud.rules import TrafficDirection


def item(name: str, order: int) -> AclItem:
    return AclItem(
        **born(name, order),
        acl_id=Uuid("list"),
        order=order,
        action=Verdict.ALLOW,
        direction=TrafficDirection.INGRESS,
        match=Match(),
    )


def listed(text: str) -> list[AclItem]:
    """`a1 b2 c7`: names and numbers."""
    return [item(word[0], int(word[1:])) for word in text.split()]


def test_the_next_number_is_one_more_than_the_largest() -> None:
    assert [number_after(last) for last in (0, 10)] == [1, 11]
    assert check_number(4, None, 10) == 4


def test_numbers_that_cannot_be_had() -> None:
    with pytest.raises(Conflict, match="has number 10 already") as taken:
        check_number(10, item("a", 10), 12)
    assert (taken.value.stable_code, taken.value.hint) == ("acl-number-taken", "13 is free")
    for wanted in (0, -1, MAX_ITEM_NUMBER + 1):
        with pytest.raises(InvalidInput):
            check_number(wanted, None, 0)
    with pytest.raises(InvalidInput, match="none after it"):
        number_after(MAX_ITEM_NUMBER)


def test_a_list_has_room_for_so_many() -> None:
    check_room(Uuid("list"), MAX_ITEMS - 1)
    with pytest.raises(Exhausted):
        check_room(Uuid("list"), MAX_ITEMS)


@pytest.mark.parametrize(
    ("text", "moved", "after", "before", "changed"),
    [
        ("a1 b2 c3", "c", "a", "b", {"c": 2, "b": 3}),  # the hole that c leaves is enough room
        ("a1 b5 c9", "c", "a", "b", {"c": 2}),  # there was room
        ("a1 b2 c3", "a", "c", None, {"a": 4}),
        ("a1 b2 c3", "a", "b", "c", {"a": 3, "c": 4}),
        ("a1 b2 c3", "c", None, "a", {"c": 1, "a": 2, "b": 3}),
        ("a5 b6", "b", None, "a", {"b": 4}),
        ("a1 b2 c3", "b", "a", "c", {}),  # where it is
        ("a1 b2 c3 d7", "d", "a", None, {"d": 2, "b": 3, "c": 4}),
    ],
)
def test_a_move_changes_as_few_numbers_as_it_can(
    text: str, moved: str, after: str | None, before: str | None, changed: dict[str, int]
) -> None:
    assert (
        move(
            listed(text),
            Uuid(moved),
            after=Uuid(after) if after else None,
            before=Uuid(before) if before else None,
        )
        == changed
    )


@settings(max_examples=100)
@given(st.data())
def test_a_move_gives_the_order_that_was_asked_for(data: st.DataObject) -> None:
    orders = data.draw(st.lists(st.integers(1, 12), min_size=2, max_size=8, unique=True))
    items = [item(f"i{order}", order) for order in orders]
    moved = data.draw(st.sampled_from(items))
    rest = sorted((each for each in items if each is not moved), key=lambda each: each.order)
    place = data.draw(st.integers(0, len(rest)))
    after = rest[place - 1].id if place else None
    before = rest[place].id if place < len(rest) and (after is None or data.draw(st.booleans())) else None
    changed = move(items, moved.id, after=after, before=before)
    now = {each.id: changed.get(each.id, each.order) for each in items}
    assert len(set(now.values())) == len(items), "each number once"
    assert min(now.values()) >= 1
    wanted = [each.id for each in [*rest[:place], moved, *rest[place:]]]
    assert sorted(now, key=lambda each: now[each]) == wanted


@pytest.mark.parametrize(
    ("after", "before", "error"),
    [
        (None, None, InvalidInput),
        ("c", None, InvalidInput),
        ("x", None, InvalidInput),
        (None, "b", Conflict),  # b is not the first
        ("a", "d", Conflict),  # they do not follow each other
    ],
)
def test_neighbours_that_are_none(after: str | None, before: str | None, error: type[Exception]) -> None:
    with pytest.raises(error):
        move(
            listed("a1 b2 c3 d4"),
            Uuid("c"),
            after=Uuid(after) if after else None,
            before=Uuid(before) if before else None,
        )


def test_there_must_be_a_number_behind() -> None:
    with pytest.raises(Conflict, match="no number free"):
        move(listed(f"a1 b{MAX_ITEM_NUMBER}"), Uuid("a"), after=Uuid("b"), before=None)


def test_who_saw_another_order_is_told() -> None:
    items = listed("b2 a1")
    seen = hashlib.md5(b"ab", usedforsecurity=False).hexdigest()
    assert consistency_hash(items) == seen
    check_seen(items, seen.upper())
    check_seen(items, None)
    check_seen(items, "")
    with pytest.raises(Conflict) as caught:
        check_seen(items, "0" * 32)
    assert caught.value.stable_code == "acl-order-changed"
