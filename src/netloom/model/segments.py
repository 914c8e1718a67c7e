"""Ranges of segment ids: what a physical network hands out to its networks.

Rule 1: ranges are canonical: sorted, merged where they touch, never overlapping in what the user wrote.
Rule 2: nothing here is as long as a range; a range of four thousand million ids costs two numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from netloom.base.errors import InvalidInput
from netloom.model.isolation import Isolation

MAX_RANGES = 256
_RANGE = re.compile(r"^\s*(\d{1,10})\s*(?:-\s*(\d{1,10})\s*)?$")


class SegmentRange(msgspec.Struct, frozen=True, order=True, gc=False):
    """The ids from `first` to `last`, both included."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}" if self.last != self.first else str(self.first)


class SegmentRanges(msgspec.Struct, frozen=True):
    """Several ranges, in ascending order, apart from each other."""

    ranges: tuple[SegmentRange, ...]

    def __contains__(self, segment: int) -> bool:
        return any(r.first <= segment <= r.last for r in self.ranges)

    def __len__(self) -> int:
        return sum(r.last - r.first + 1 for r in self.ranges)

    def __str__(self) -> str:
        return ", ".join(str(r) for r in self.ranges)

    @property
    def texts(self) -> tuple[str, ...]:
        """The form of the API: `("1000-1999", "5000-5999")`."""
        return tuple(str(r) for r in self.ranges)

    @property
    def last(self) -> int:
        """The largest id."""
        return self.ranges[-1].last

    def within(self, limit: int) -> SegmentRanges:
        """The part up to `limit`: what an encapsulation with a narrower id can use."""
        return SegmentRanges(
            tuple(SegmentRange(r.first, min(r.last, limit)) for r in self.ranges if r.first <= limit)
        )

    def overlap(self, other: SegmentRanges) -> SegmentRange | None:
        """The first ids that both have, if any."""
        for mine in self.ranges:
            for theirs in other.ranges:
                first, last = max(mine.first, theirs.first), min(mine.last, theirs.last)
                if first <= last:
                    return SegmentRange(first, last)
        return None

    def from_hint(self, hint: int) -> Iterator[SegmentRange]:
        """The same ids, those from `hint` on first (next fit: an id that was just freed is not taken at once)."""
        for r in self.ranges:
            if r.last >= hint:
                yield SegmentRange(max(r.first, hint), r.last)
        for r in self.ranges:
            if r.first < hint:
                yield SegmentRange(r.first, min(r.last, hint - 1))


def parse_ranges(
    texts: Sequence[str], isolations: Sequence[Isolation], subject: str = "segments"
) -> SegmentRanges:
    """Ranges from `["1000-1999", "7"]`, checked against the widest of the encapsulations.

    Raises:
        InvalidInput: a text is no range, ids are out of bounds, or two ranges overlap.
    """
    if not texts or len(texts) > MAX_RANGES:
        raise InvalidInput(
            f"{len(texts)} ranges", subject=subject, hint=f'1 to {MAX_RANGES}, for example ["1000-1999"]'
        )
    limit = max((i.max_segment for i in isolations), default=0)
    parsed: list[SegmentRange] = []
    for position, text in enumerate(texts):
        parsed.append(_parse_range(text, limit, f"{subject}[{position}]"))
    parsed.sort()
    merged: list[SegmentRange] = []
    for r in parsed:
        if merged and r.first <= merged[-1].last:
            raise InvalidInput(
                f"the ranges {merged[-1]} and {r} overlap", subject=subject, hint="name each id once"
            )
        if merged and r.first == merged[-1].last + 1:
            merged[-1] = SegmentRange(merged[-1].first, r.last)
        else:
            merged.append(r)
    return SegmentRanges(tuple(merged))


def _parse_range(text: str, limit: int, subject: str) -> SegmentRange:
    found = _RANGE.match(text)
    if found is None:
        raise InvalidInput(
            f"{text!r} is not a range of segment ids", subject=subject, hint="for example 1000-1999"
        )
    first = int(found[1])
    last = int(found[2]) if found[2] else first
    if first > last:
        raise InvalidInput(
            f"the range {text} runs backwards", subject=subject, hint=f"did you mean {last}-{first}?"
        )
    if first < 1 or last > limit:
        raise InvalidInput(
            f"the range {text} goes beyond 1-{limit}",
            subject=subject,
            hint="GRE keys have 32 bits, VXLAN and Geneve ids 24, VLANs go from 1 to 4094",
        )
    return SegmentRange(first, last)
