"""Intent from the store as the planner wants it: everything first, then what changes.

Rule 1: a change only says *look again*: the object is read as it is now, and one that is gone is removed.
Rule 2: NICs come with the groups that filter them and their secondary addresses, read in the same snapshot: none is open
    for a moment.
Rule 3: when the change log was compacted past us, everything is read again, and what is not there any more is removed.
Rule 4: a store that is away is waited for, and followed from where it was left: nobody hears everything again for that.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from netloom.aio.backoff import Jitter
from netloom.aio.clock import SYSTEM_CLOCK, Clock
from netloom.app.cloud.store_gate import StoreGate
from netloom.base.ids import Uuid
from netloom.daemon.views import PLANNED_KINDS, group_view, view_of
from netloom.model.kinds import Cause, Kind
from netloom.model.objects import Host, Object, kind_of_object
from netloom.plan.records import Edit, Remove
from netloom.reconcile.inputs import IntentBatch
from netloom.store.changelog import RevisionCompacted
from netloom.store.cloud.filters import GroupRules
from netloom.store.snapshot import Changed
from netloom.store.store import Store

FIRST_BATCH = 2_000
"""Edits in one batch of the first load: others get their turn between two."""
QUIET = 5.0
"""Seconds without a change after which a store that was away is known to be back."""

HostListener = Callable[[Mapping[Uuid, Host | None]], None]
"""Hears which hosts were declared, changed or (None) removed; called before the planner works them in."""


@dataclass(frozen=True, slots=True)
class _Filters:
    """What was read of security groups and secondary addresses with some objects."""

    nic_groups: Mapping[Uuid, tuple[int, ...]] = field(default_factory=dict)
    groups: Iterable[GroupRules] = ()
    gone: Iterable[Uuid] = ()
    secondaries: Mapping[Uuid, tuple[str, ...]] = field(default_factory=dict)


class StoreFeed:
    """`netloom.reconcile.planner.ChangeFeed` over the store."""

    def __init__(
        self,
        store: Store,
        hosts: HostListener,
        *,
        clock: Clock = SYSTEM_CLOCK,
        jitter: Jitter = random.random,
    ) -> None:
        self._store = store
        self._gate = StoreGate("feed", clock, jitter)
        self._hosts = hosts
        self._known: dict[Uuid, Kind] = {}
        self._generations: dict[Uuid, int] = {}
        self._groups: set[Uuid] = set()

    async def follow(self) -> AsyncIterator[IntentBatch]:
        """Batches for ever; see `IntentBatch`. Who follows anew hears everything again, whatever was told before."""
        self._generations.clear()
        while True:
            revision = 0
            async for batch in self._everything():
                revision = batch.revision
                yield batch
            try:
                while True:
                    changed = await self._changed_after(revision)
                    revision = changed.revision
                    filters = _Filters(
                        changed.nic_groups, changed.groups, changed.groups_gone, changed.secondaries
                    )
                    yield self._batch(revision, changed.objects, changed.gone, filters, complete=True)
            except RevisionCompacted:
                continue

    async def _changed_after(self, revision: int) -> Changed:
        while not await self._gate.through(lambda: self._store.wait_beyond(revision, QUIET)):
            pass
        return await self._gate.through(lambda: self._store.load_changed(revision))

    async def _everything(self) -> AsyncIterator[IntentBatch]:
        snapshot = await self._gate.through(self._store.load_all)
        objects: list[Object] = [*snapshot.hosts, *snapshot.networks, *snapshot.nics]
        present = {item.id for item in objects}
        gone = [(kind, item_id) for item_id, kind in self._known.items() if item_id not in present]
        last = max(0, len(objects) - 1) // FIRST_BATCH
        lost = self._groups.difference(found.group.id for found in snapshot.groups)
        for index in range(last + 1):
            part = objects[index * FIRST_BATCH : (index + 1) * FIRST_BATCH]
            complete = index == last
            filters = _Filters(
                snapshot.nic_groups,
                () if index else snapshot.groups,
                () if index else lost,
                snapshot.secondaries,
            )
            yield self._batch(snapshot.revision, part, gone if complete else (), filters, complete=complete)

    def _batch(
        self,
        revision: int,
        objects: Iterable[Object],
        gone: Iterable[tuple[Kind, Uuid]],
        filters: _Filters,
        *,
        complete: bool,
    ) -> IntentBatch:
        edits: list[Edit] = [group_view(found) for found in filters.groups]
        self._groups.update(edit.id for edit in edits)
        for group_id in filters.gone:
            self._groups.discard(group_id)
            edits.append(Remove(Cause.SECURITY_GROUP, group_id))
        generations: dict[Uuid, int] = {}
        hosts: dict[Uuid, Host | None] = {}
        for kind, item_id in gone:
            if kind in PLANNED_KINDS:
                edits.append(Remove(kind, item_id))
                self._known.pop(item_id, None)
                self._generations.pop(item_id, None)
            if kind is Kind.HOST:
                hosts[item_id] = None
        for item in objects:
            view = view_of(item, filters.nic_groups.get(item.id), filters.secondaries.get(item.id, ()))
            if view is None:
                continue
            if isinstance(item, Host):
                hosts[item.id] = item
                self._known[item.id] = Kind.HOST
            else:
                self._known[item.id] = kind_of_object(item)
            generations[item.id] = item.generation
            if (
                self._generations.get(item.id) != item.generation
            ):  # a change of state alone is nothing to plan
                self._generations[item.id] = item.generation
                edits.append(view)
        if hosts:
            self._hosts(hosts)
        return IntentBatch(revision, edits, generations, complete)
