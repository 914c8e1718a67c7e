"""Cutting times into periods, and how long something was inside one."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netloom.base.errors import InvalidInput
from netloom.model.cloud.usage import KINDS, Period, UsageType, periods, type_of_number

moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda m: m.replace(tzinfo=UTC))  # noqa: DTZ001


@given(moments, st.timedeltas(timedelta(0), timedelta(days=40)), st.integers(60, 3000))
def test_periods_are_the_whole_time_without_holes(start: datetime, length: timedelta, minutes: int) -> None:
    found = periods(Period(start, start + length), minutes)
    assert sum((period.end - period.start for period in found), timedelta()) == length
    for before, after in itertools.pairwise(found):
        assert before.end == after.start
    assert all(timedelta(0) < period.end - period.start <= timedelta(minutes=minutes) for period in found)


def test_days_begin_at_midnight() -> None:
    start = datetime(2026, 2, 27, 13, tzinfo=UTC)
    found = periods(Period(start, start + timedelta(days=2)), 1440)
    assert [(period.start.day, period.start.hour) for period in found] == [(27, 13), (28, 0), (1, 0)]


def test_a_time_that_makes_no_sense_is_refused() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(InvalidInput, match="before"):
        periods(Period(now, now - timedelta(seconds=1)), 1440)
    with pytest.raises(InvalidInput, match="more than"):
        periods(Period(now, now + timedelta(days=4000)), 1440)


def test_each_type_has_a_number_of_its_own() -> None:
    assert set(KINDS) == set(UsageType)
    for usage_type, kind in KINDS.items():
        assert type_of_number(kind.number) is usage_type
    with pytest.raises(InvalidInput, match="there is no usage of type 99"):
        type_of_number(99)
