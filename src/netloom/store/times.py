"""Times in the store: microseconds since the epoch; outside: aware UTC datetimes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_datetime(microseconds: int) -> datetime:
    """The exact time; no float in between."""
    return _EPOCH + timedelta(microseconds=microseconds)


def to_microseconds(moment: datetime) -> int:
    """The inverse of `to_datetime`."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
