"""Steps from the flows that a switch has to those it should have, as bytes.

Rule 1: equal bytes are right; only where they differ is the meaning compared, because meaning costs a decode.
Rule 2: a deletion names the cookie that the flow is known by in full: a flow that took its place meanwhile, ours or
    another's, is not hit.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from netloom.plan.switch import Fragment, FragmentKey
from netloom.reconcile.ports import Refusal
from netloom.switches.ownership import Ownership
from netloom.wire.openflow.actions import Output
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.flow_stats import RawFlow, flow_of, raw_flows, raw_of
from netloom.wire.openflow.match import Match
from netloom.wire.openflow.raw_bundle import ADD, DELETE_STRICT, RawChange

WHOLE_COOKIE = 0xFFFFFFFFFFFFFFFF
_NORMAL = 0xFFFFFFFA  # OFPP_NORMAL
FLOWS_PER_SLICE = 2000
"""Flows compared before the others get their turn."""

RawKey = tuple[int, int, bytes]


class RawCache:
    """Encoded fragments: the hosts of a network show the same ones. Bounded by flows; the one used longest ago goes first.

    Fragments are shared objects that live as long as they are desired, so they are known by identity; each entry holds its
    fragment, which keeps the identity from being given to another.
    """

    def __init__(self, limit: int = 200_000) -> None:
        self._limit = limit
        self._entries: OrderedDict[tuple[int, int], tuple[Fragment, tuple[RawFlow, ...]]] = OrderedDict()
        self._flows = 0
        self.hits = 0
        self.misses = 0

    def raw(self, fragment: Fragment, version: int) -> tuple[RawFlow, ...]:
        """The fragment's flows as a switch would report them."""
        key = (id(fragment), version)
        found = self._entries.get(key)
        if found is not None:
            self.hits += 1
            self._entries.move_to_end(key)
            return found[1]
        self.misses += 1
        made = _encode(fragment, version)
        self._entries[key] = (fragment, made)
        self._flows += len(made)
        while self._flows > self._limit and len(self._entries) > 1:
            _, (_, dropped) = self._entries.popitem(last=False)
            self._flows -= len(dropped)
        return made


def _encode(fragment: Fragment, version: int) -> tuple[RawFlow, ...]:
    return tuple(raw_of(flow, version) for flow in fragment.flows)


@dataclass(slots=True)
class FlowSteps:
    """What to send, in order: deletions first, so that a key that moves between fragments ends up there.

    `owners` says for each change which fragment it is for; None: a flow that nothing desires.
    """

    changes: list[RawChange] = field(default_factory=list)
    owners: list[FragmentKey | None] = field(default_factory=list)
    refused: dict[FragmentKey, Refusal] = field(default_factory=dict)
    added: int = 0
    changed: int = 0
    removed: int = 0
    right: int = 0
    foreign: frozenset[RawKey] = frozenset()
    blocked: list[tuple[RawFlow, FragmentKey]] = field(default_factory=list)

    def block(self, flow: RawFlow, owner: FragmentKey) -> None:
        """Leave out a flow whose place is another's."""
        self.blocked.append((flow, owner))
        self.refused[owner] = Refusal(
            "foreign-flow",
            f"a flow that is not netloom's holds the place in table {flow.table} at priority {flow.priority}",
        )

    def unblock(self, foreign: frozenset[RawKey]) -> None:
        """Try again what was blocked, now that these are the foreign flows."""
        self.foreign = foreign
        blocked, self.blocked = self.blocked, []
        self.refused.clear()
        for flow, owner in blocked:
            if (flow.table, flow.priority, flow.match) in foreign:
                self.block(flow, owner)
            else:
                self.added += 1
                self.put(flow, owner)

    def delete(self, flow: RawFlow, owner: FragmentKey | None) -> None:
        """Remove a flow as it is known."""
        self.changes.append(RawChange(DELETE_STRICT, flow, WHOLE_COOKIE))
        self.owners.append(owner)
        self.removed += 1

    def put(self, flow: RawFlow, owner: FragmentKey) -> None:
        """Add a flow, or replace the one of its key."""
        self.changes.append(RawChange(ADD, flow))
        self.owners.append(owner)

    def without(self, refused: Mapping[FragmentKey, Refusal]) -> FlowSteps:
        """The steps of the other fragments. Their counts are those that were planned."""
        rest = FlowSteps(
            refused={**self.refused, **refused},
            added=self.added,
            changed=self.changed,
            removed=self.removed,
            foreign=self.foreign,
        )
        for change, owner in zip(self.changes, self.owners, strict=True):
            if owner is None or owner not in refused:
                rest.changes.append(change)
                rest.owners.append(owner)
        return rest


class _Comparison:
    """What a switch has, against what it should have, fragment by fragment; what nobody claimed is left in `there`."""

    def __init__(self, there: dict[RawKey, RawFlow], version: int, ownership: Ownership) -> None:
        self.there = there
        self.steps = FlowSteps()
        self._version = version
        self._ownership = ownership
        self._puts: list[tuple[RawFlow, FragmentKey]] = []

    def claim(self, key: FragmentKey, wanted: Sequence[RawFlow]) -> None:
        """A fragment wants these flows."""
        there, right = self.there, 0
        for raw in wanted:
            found = there.pop((raw.table, raw.priority, raw.match), None)
            if found == raw:
                right += 1
            elif found is None:
                self.steps.added += 1
                self._puts.append((raw, key))
            else:
                self._differs(key, raw, found)
        self.steps.right += right

    def _differs(self, key: FragmentKey, raw: RawFlow, found: RawFlow) -> None:
        if not self._ownership.owns_cookie(found.cookie) and not _is_default(found, self._version):
            self.there[raw.table, raw.priority, raw.match] = found
            self.steps.block(raw, key)
        elif _same_meaning(found, raw, self._version):
            self.steps.right += 1
        else:
            self.steps.changed += 1
            self._puts.append((raw, key))

    def finish(self) -> FlowSteps:
        """Sweep what is ours and was not claimed."""
        foreign: set[RawKey] = set()
        for key, left in self.there.items():
            if self._ownership.owns_cookie(left.cookie):
                self.steps.delete(left, None)
            else:
                foreign.add(key)
        for raw, owner in self._puts:
            self.steps.put(raw, owner)
        self.steps.foreign = frozenset(foreign)
        return self.steps


async def compare_flows(
    fragments: Iterable[Fragment],
    parts: Iterable[bytes],
    version: int,
    ownership: Ownership,
    cache: RawCache,
    *,
    own: Iterable[Fragment] = (),
) -> FlowSteps:
    """Steps from a dump (the bodies of a flow multipart reply) to the flows of the fragments.

    `own` are fragments that no other switch shows: they would only push out of the cache what others use again.
    """
    there: dict[RawKey, RawFlow] = {}
    for part in parts:
        for raw in raw_flows(part, version):
            there[raw.table, raw.priority, raw.match] = raw
        await asyncio.sleep(0)
    comparison = _Comparison(there, version, ownership)
    since_pause = 0
    encoded = chain(
        ((fragment.key, _encode(fragment, version)) for fragment in own),
        ((fragment.key, cache.raw(fragment, version)) for fragment in fragments),
    )
    for key, wanted in encoded:
        comparison.claim(key, wanted)
        since_pause += len(wanted)
        if since_pause > FLOWS_PER_SLICE:
            since_pause = 0
            await asyncio.sleep(0)
    return comparison.finish()


def _is_default(flow: RawFlow, version: int) -> bool:
    """Whether it is the flow that Open vSwitch itself puts into a bridge of fail mode standalone (ovs-vswitchd.conf.db(5)).

    It stays when the mode is set to secure, and nobody wrote it.
    """
    return (
        flow.table == 0
        and flow.priority == 0
        and flow.cookie == 0
        and flow_of(flow, version) == Flow(0, 0, Match(), (Output(_NORMAL),))
    )


def _same_meaning(one: RawFlow, other: RawFlow, version: int) -> bool:
    if (one.cookie, one.flags, one.idle_timeout, one.hard_timeout, one.importance) != (
        other.cookie,
        other.flags,
        other.idle_timeout,
        other.hard_timeout,
        other.importance,
    ):
        return False
    return flow_of(one, version) == flow_of(other, version)


def foreign_keys(parts: Iterable[bytes], version: int, ownership: Ownership) -> frozenset[RawKey]:
    """The places that flows of others hold."""
    return frozenset(
        raw.key for part in parts for raw in raw_flows(part, version) if not ownership.owns_cookie(raw.cookie)
    )


def change_flows(
    before: Mapping[FragmentKey, Fragment | None],
    after: Mapping[FragmentKey, Fragment],
    foreign: frozenset[RawKey],
    version: int,
    cache: RawCache,
    unsure: Collection[FragmentKey] = (),
) -> FlowSteps:
    """Steps for some fragments from what they were to what they are; of those that are unsure all flows are put."""
    old: dict[RawKey, RawFlow] = {}
    new: dict[RawKey, tuple[RawFlow, FragmentKey]] = {}
    steps = FlowSteps(foreign=foreign)
    for key, fragment in before.items():
        if fragment is not None:
            for raw in cache.raw(fragment, version):
                old[raw.table, raw.priority, raw.match] = raw
        wanted = after.get(key)
        if wanted is not None:
            for raw in cache.raw(wanted, version):
                new[raw.table, raw.priority, raw.match] = (raw, key)
    for place, raw in old.items():
        if place not in new:
            steps.delete(raw, None)
    for place, (raw, owner) in new.items():
        found = old.get(place)
        if found == raw and owner not in unsure:
            continue
        if place in foreign:
            steps.block(raw, owner)
            continue
        if found is None:
            steps.added += 1
        else:
            steps.changed += 1
        steps.put(raw, owner)
    return steps
