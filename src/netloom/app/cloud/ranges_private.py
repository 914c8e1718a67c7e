"""The addresses that an operator's own machines have in a zone: of pods' management networks and of storage networks.

Rule 1: no two of these ranges of a zone hold one address, whichever pod or network they are of.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from netloom.app.cloud.work import View
from netloom.base.errors import Conflict
from netloom.model.cloud.infrastructure import Pod
from netloom.model.cloud.infrastructure_ranges import Interval, StorageRange, checked_v4
from netloom.store.cloud.records import columns


class Held(NamedTuple):
    """Addresses, and for messages whose they are; `key`: the range's own id, or that of its pod with its first address."""

    interval: Interval
    key: str
    whose: str


def span_key(pod: Pod, start: str) -> str:
    """What a range of a pod's management network is known by."""
    return f"{pod.id}/{start}"


def management(pod: Pod) -> list[Held]:
    """The ranges of a pod's management network, the first one first; none when it has no addresses."""
    ends = [(pod.start_ip, pod.end_ip)] if pod.start_ip is not None else []
    ends += [(span.start, span.end) for span in pod.spans]
    return [
        Held(
            checked_v4(pod.gateway, pod.netmask, start, end),
            span_key(pod, start or ""),
            f"the pod {pod.name!r} ({pod.id})",
        )
        for start, end in ends
    ]


def check_private(view: View, zone_id: str, new: Interval, *, but: str = "") -> None:
    """Let a range pass that holds no address of another.

    Args:
        view: where it will be.
        zone_id: in which zone.
        new: what it holds.
        but: the key of the range that is changed.

    Raises:
        Conflict: another one holds one of its addresses (`range-overlaps`).
    """
    for other in _all(view, zone_id):
        if other.key != but and new.meets(other.interval):
            raise Conflict(
                f"{new.start}-{new.end} overlaps {other.interval.start}-{other.interval.end} of {other.whose}",
                code="range-overlaps",
                subject="startip",
                hint="addresses that no pod and no storage range of the zone holds",
            )


def _all(view: View, zone_id: str) -> Iterator[Held]:
    for pod in view.records.select(Pod, columns(Pod).zone_id == zone_id):
        yield from management(pod)
    for each in view.records.select(StorageRange, columns(StorageRange).zone_id == zone_id):
        yield Held(each.v4, each.id, f"the storage range {each.id}")
