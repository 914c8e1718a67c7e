from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netloom.base.errors import InvalidInput
from netloom.model.isolation import Isolation
from netloom.model.segments import SegmentRange, parse_ranges

ALL = tuple(Isolation)


def test_ranges_are_sorted_and_merged_where_they_touch() -> None:
    ranges = parse_ranges(["5000-5999", "7", "1000-1999", "2000-2001"], ALL)
    assert ranges.texts == ("7", "1000-2001", "5000-5999")
    assert len(ranges) == 1 + 1002 + 1000
    assert 7 in ranges
    assert 2002 not in ranges
    assert ranges.last == 5999


@pytest.mark.parametrize(
    ("texts", "hint"),
    [
        ([], "1 to 256"),
        (["ten"], "for example"),
        (["20-10"], "10-20"),
        (["0-5"], "24"),
        (["1-10", "10-20"], "once"),
        (["5", "5"], "once"),
        (["1-4294967296"], "24"),
        (["-5"], "for example"),
    ],
)
def test_bad_ranges_are_refused_with_what_would_be_right(texts: list[str], hint: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_ranges(texts, ALL)
    assert hint in (caught.value.hint or "")
    assert (caught.value.subject or "").startswith("segments")


@pytest.mark.parametrize(
    ("isolation", "last"),
    [("gre", 2**32 - 1), ("vxlan", 2**24 - 1), ("geneve", 2**24 - 1), ("vlan", 4094)],
)
def test_the_limit_is_the_encapsulations(isolation: str, last: int) -> None:
    kind = Isolation(isolation)
    assert parse_ranges([f"1-{last}"], [kind]).last == last
    with pytest.raises(InvalidInput):
        parse_ranges([f"1-{last + 1}"], [kind])


def test_the_part_that_a_narrower_encapsulation_can_use() -> None:
    ranges = parse_ranges(["10-20", "16777000-16778000", "20000000"], [Isolation.GRE])
    assert ranges.within(Isolation.VXLAN.max_segment).texts == ("10-20", "16777000-16777215")


def test_overlap_is_found() -> None:
    ranges = parse_ranges(["10-20", "30-40"], ALL)
    assert ranges.overlap(parse_ranges(["21-29", "41"], ALL)) is None
    assert ranges.overlap(parse_ranges(["1-12", "35"], ALL)) == SegmentRange(10, 12)


@given(st.sets(st.integers(1, 60), min_size=1), st.integers(0, 70))
def test_looking_from_a_hint_on_visits_each_id_once(ids: set[int], hint: int) -> None:
    ranges = parse_ranges([str(i) for i in sorted(ids)], ALL)
    visited = [i for r in ranges.from_hint(hint) for i in range(r.first, r.last + 1)]
    assert sorted(visited) == sorted(ids)
    assert visited == sorted(i for i in ids if i >= hint) + sorted(i for i in ids if i < hint)
