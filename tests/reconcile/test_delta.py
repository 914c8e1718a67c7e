from hypothesis import given
from hypothesis import strategies as st

from netloom.reconcile.delta import Delta, changes, compare

Item = tuple[str, int]
ITEMS = st.dictionaries(st.integers(0, 9), st.tuples(st.sampled_from(["us", "them"]), st.integers(0, 3)))


def patch(actual: dict[int, Item], delta: Delta[int, Item]) -> dict[int, Item]:
    return {k: v for k, v in {**actual, **delta.add, **delta.change}.items() if k not in delta.remove}


@given(st.dictionaries(st.integers(0, 9), st.integers(0, 3)), ITEMS)
def test_ours_becomes_what_is_desired_and_foreign_stays(
    values: dict[int, int], actual: dict[int, Item]
) -> None:
    desired = {key: ("us", value) for key, value in values.items()}
    delta = compare(desired, actual, owns=lambda item: item[0] == "us", same=lambda a, b: a == b)
    after = patch(actual, delta)
    foreign = {k: v for k, v in actual.items() if v[0] == "them"}
    assert {k: v for k, v in after.items() if v[0] == "them"} == foreign
    assert {k: v for k, v in after.items() if v[0] == "us"} == {
        k: v for k, v in desired.items() if k not in foreign
    }
    assert set(delta.blocked) == {k for k in desired if k in foreign}
    again = compare(desired, after, owns=lambda item: item[0] == "us", same=lambda a, b: a == b)
    assert not again


@given(ITEMS, ITEMS)
def test_changes_lead_from_before_to_after(before: dict[int, Item], after: dict[int, Item]) -> None:
    delta = changes(before, after)
    assert patch(before, delta) == after
    assert len(delta) == sum(1 for k in {*before, *after} if before.get(k) != after.get(k))


def test_different_bytes_with_the_same_meaning_are_left_alone() -> None:
    delta = compare({1: 10}, {1: 20}, owns=lambda _: True, same=lambda a, b: a % 10 == b % 10)
    assert not delta
