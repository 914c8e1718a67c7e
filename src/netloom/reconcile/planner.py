"""The loop between intent, observation and the engine.

    ChangeFeed ──batches──┐                                        ┌─► Engine.touch(host, keys)
                          ├─► View ─► plan.graph.Planner ─► take ──┤
    sessions ──observed───┘                                        └─► StatusBook.expect(objects, outputs)

Rule 1: nothing is waited for to gather more: what has queued while one batch was worked in is the next batch.
Rule 2: a host is released to its worker only after what it showed has been worked in, and all hosts only after everything
    that was known before (intent, and where NICs were seen last) has been: a restart must not take a gap in what
    netloom knows for a change of what users want.

What goes wrong with one edit or one thing that was seen is a fault of its object (`plan.faults`); the rest goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import structlog

from netloom.aio.clock import SYSTEM_CLOCK, Clock, wait_event
from netloom.aio.queues import BoundedQueue, QueueCounters, WhenFull
from netloom.aio.tasks import Group
from netloom.base.ids import HostId, Uuid
from netloom.model.kinds import Kind
from netloom.plan.faults import Where
from netloom.plan.records import GroupView, HostView, NetworkView, NicView, ObjectRef
from netloom.plan.switch import Fragment, FragmentKey, SwitchChange
from netloom.plan.view import (
    Change,
    Edit,
    PlacementChange,
    PortSeen,
    Remove,
    SwitchFacts,
)
from netloom.reconcile.attribution import expectations
from netloom.reconcile.completeness import Completeness
from netloom.reconcile.inputs import IntentBatch, PlanInputs
from netloom.reconcile.ports import Refusal
from netloom.reconcile.source import PORTS_KEY, PlanSource
from netloom.reconcile.status import ObjectStatus, StatusBook

_log = structlog.get_logger("netloom.reconcile")

EDITS_PER_TURN = 2000
"""Edits worked in before the others get their turn."""

PORTS_PER_TURN = 2000
"""Ports seen on hosts that are worked in before the others get their turn; one host's are not divided."""


class Workers(Protocol):
    """What the loop needs of the engine."""

    def touch(self, name: str, before: Mapping[FragmentKey, Fragment | None]) -> None:
        """These keys of a target changed."""
        ...

    def set_ready(self, name: str, *, ready: bool) -> None:
        """A target came or went."""
        ...

    def resync(self, name: str) -> None:
        """What changed for a target may not have been told: all of it is to be looked at."""
        ...

    def look_again(self) -> None:
        """The inputs are complete."""
        ...


@dataclass(slots=True)
class _Observed:
    """What one host showed and was not worked in yet."""

    facts: SwitchFacts | None = None
    whole: bool = False
    """Whether `ports` is all there is, or what differs."""
    ports: dict[str, PortSeen | None] = field(default_factory=dict)
    release: bool = False


def _in_order(outputs: Iterable[HostId], last: Collection[HostId]) -> list[HostId]:
    """Where a NIC arrives comes last: what it sends then finds hosts that know the way back, and no drop of a first answer
    is cached there (Open vSwitch looks at its cache again 5 ms after the last time at the earliest).
    """
    return sorted(outputs, key=lambda host_id: host_id in last) if last else list(outputs)


@dataclass(frozen=True, slots=True)
class PlannerCounters:
    """The loop, for metrics. Seconds are wall time of working in, without waiting."""

    revision: int
    complete: bool
    turns: int
    edits: int
    observations: int
    outputs: int
    seconds: float
    last_seconds: float
    intent_queue: QueueCounters
    observed_hosts: int


class PlannerLoop:
    """Works intent and observations into the plan, and tells the engine what that changed.

    Start: `run` in a task, under `supervise`, after the engine is made and before sessions start. Stop: cancel it after
    the sessions and before the engine.
    """

    def __init__(
        self,
        source: PlanSource,
        book: StatusBook[FragmentKey],
        workers: Workers,
        inputs: PlanInputs,
        *,
        worked_in: Callable[[Sequence[Change]], None] | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._worked_in = worked_in
        self._planner = source.planner
        self._source = source
        self._book = book
        self._workers = workers
        self._feed = inputs.feed
        self._memory = inputs.memory
        self._clock = clock
        self._complete = Completeness(inputs.grace, clock)
        self._batches: BoundedQueue[IntentBatch] = BoundedQueue("intent", 64, WhenFull.WAIT)
        self._observed: dict[HostId, _Observed] = {}
        self._unconfirmed: dict[Uuid, Kind] = {}
        self._removed: set[HostId] = set()
        """Hosts whose sessions may still see things for a moment. Ids never come again; one costs 100 bytes."""
        self._changes: list[Change] = []
        """Worked into the picture and not yet told to all."""
        self._outputs_untold: list[Mapping[HostId, SwitchChange]] = []
        self._forgotten: list[Uuid] = []
        """What came of it, and objects that are gone: kept too until everybody was told."""
        self._failed = False
        self._wake = asyncio.Event()
        self._taken = asyncio.Event()
        self._revision = 0
        self._turns = self._edits = self._observations = self._outputs = 0
        self._seconds = self._last_seconds = 0.0

    # -- from sessions ---------------------------------------------------------------------------------------------

    def observe_all(self, host_id: HostId, facts: SwitchFacts, ports: Iterable[PortSeen]) -> None:
        """A host's session has begun: all that its switch shows. Its worker is released once this is worked in."""
        if host_id in self._removed:
            return
        self._observed[host_id] = _Observed(facts, True, {port.port_name: port for port in ports})
        self._wake.set()

    def observe(
        self, host_id: HostId, facts: SwitchFacts | None, seen: Iterable[PortSeen], gone: Iterable[str]
    ) -> None:
        """What differs from what the host showed before. Facts: None when they do not."""
        if host_id in self._removed:
            return
        observed = self._observed.setdefault(host_id, _Observed())
        if facts is not None:
            observed.facts = facts
        for name in gone:
            observed.ports[name] = None
        for port in seen:
            observed.ports[port.port_name] = port
        self._wake.set()

    def release(self, host_id: HostId) -> None:
        """The host can be talked to: after what it showed is worked in, its worker begins with a full read."""
        if host_id in self._removed:
            return
        self._observed.setdefault(host_id, _Observed()).release = True
        self._wake.set()

    def lost(self, host_id: HostId, refusal: Refusal, next_try: float | None) -> None:
        """The host cannot be talked to. Where its NICs are stays known."""
        if host_id in self._removed:
            return
        observed = self._observed.get(host_id)
        if observed is not None:
            observed.release = False
        self._workers.set_ready(host_id, ready=False)
        self._book.set_ready(host_id, ready=False)
        self._book.failed(host_id, refusal, next_try)

    # -- the loop --------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Work for ever. May be run again after it failed: what was taken is not lost."""
        self._recall()
        view = self._planner.view
        # What an earlier feed had queued is not the beginning of the next one, which tells all of it again.
        while len(self._batches):
            await self._batches.get()
        if self._failed:
            self._failed = False
            for host_id in view.hosts:
                self._workers.resync(host_id)
        # After a failure the feed begins anew: what it does not tell any more was removed meanwhile.
        self._unconfirmed = {
            **dict.fromkeys(view.nics, Kind.NIC),
            **dict.fromkeys(view.networks, Kind.NETWORK),
            **dict.fromkeys(view.hosts, Kind.HOST),
        }
        async with Group() as group:
            group.launch(self._read_feed(), "planner/feed")
            group.launch(self._work(), "planner/work")

    def _recall(self) -> None:
        for host_id, ports in self._memory.recall().items():
            if not self._complete.knows(host_id):
                self._complete.host_known(host_id)
                self._planner.feed(self._planner.view.observe_ports(host_id, ports))

    async def _read_feed(self) -> None:
        async for batch in self._feed.follow():
            await self._batches.put(batch)
            self._wake.set()

    async def _work(self) -> None:
        while True:
            self._wake.clear()
            if not len(self._batches) and not self._observed:
                await wait_event(self._wake, self._complete.left())
                self._check_complete()
                continue
            began = self._clock.now()
            await self._turn()
            self._last_seconds = self._clock.now() - began
            self._seconds += self._last_seconds
            # Sessions and workers get their turn between two batches, however many there are.
            await asyncio.sleep(0)

    async def _turn(self) -> None:
        self._turns += 1
        batches: list[IntentBatch] = []
        edits = 0
        while len(self._batches) and edits < EDITS_PER_TURN:
            batches.append(await self._batches.get())
            edits += len(batches[-1].edits)
        self._edits += edits
        observed = self._take_observed()
        try:
            self._work_in(batches, observed)
        except BaseException:
            # Intent is told again by the feed; what hosts showed is not, and what was made may not have been told.
            self._observed = observed | self._observed
            self._failed = True
            raise

    def _take_observed(self) -> dict[HostId, _Observed]:
        """What the hosts that wait longest showed. At a start all show all they have: that would be one long turn."""
        taken: dict[HostId, _Observed] = {}
        ports = 0
        while self._observed and ports < PORTS_PER_TURN:
            host_id = next(iter(self._observed))
            taken[host_id] = self._observed.pop(host_id)
            ports += 1 + len(taken[host_id].ports)
        return taken

    def _work_in(self, batches: Sequence[IntentBatch], observed: Mapping[HostId, _Observed]) -> None:
        generations: dict[Uuid, int] = {}
        complete = False
        for batch in batches:
            for edit in (*batch.edits, *self._removed_meanwhile(batch)):
                self._attempt(("take in what was declared", edit.id), _ref(edit), partial(self._edit, edit))
                if isinstance(edit, Remove):
                    self._forgotten.append(edit.id)
            generations.update(batch.generations)
            self._revision = batch.revision
            complete = complete or batch.complete
        for host_id, seen in observed.items():
            if host_id not in self._removed:
                self._observe(host_id, seen)
        for object_id in self._forgotten:
            generations.pop(object_id, None)
        self._outputs_untold.append(self._planner.take())
        self._tell()
        self._book.taken(generations)
        self._book.revision = self._revision
        if complete:
            self._complete.intent_known()
        self._check_complete()
        for host_id, seen in observed.items():
            if seen.release and host_id in self._planner.view.hosts:
                self._book.set_ready(host_id, ready=True)
                self._workers.set_ready(host_id, ready=True)

    def _attempt(self, where: Where, subject: ObjectRef, change: Callable[[], Sequence[Change]]) -> None:
        """Change the picture, and let the planner hear of it whatever becomes of the rest of the batch."""
        none: Sequence[Change] = ()
        self._note(self._planner.faults.attempt(where, subject, change, none))

    def _note(self, changes: Sequence[Change]) -> None:
        self._changes += changes
        self._planner.feed(changes)

    def _tell(self) -> None:
        """Tell what came of it. A turn that fails on the way leaves it to the next: who hears it twice does not mind."""
        changes = self._changes
        faults = self._planner.faults
        for fault in faults.take_news():
            _log.error(
                "planning went wrong", what=fault.what, subject=fault.subject.name, exc_info=fault.error
            )
        for outputs in self._outputs_untold:
            self._publish(outputs, changes)
        moved = faults.take_moved()
        if moved is not None:
            self._book.hindered({item: Refusal(one.code, one.message) for item, one in moved.items()})
        if self._worked_in is not None:
            self._worked_in(changes)
        for object_id in self._forgotten:
            self._book.forget(object_id)
        self._changes, self._outputs_untold, self._forgotten = [], [], []

    def _removed_meanwhile(self, batch: IntentBatch) -> list[Remove]:
        if not self._unconfirmed:
            return []
        for object_id in (*batch.generations, *(edit.id for edit in batch.edits)):
            self._unconfirmed.pop(object_id, None)
        if not batch.complete:
            return []
        gone, self._unconfirmed = self._unconfirmed, {}
        return [Remove(kind, object_id) for object_id, kind in gone.items()]

    def _edit(self, edit: Edit) -> tuple[Change, ...]:
        if isinstance(edit, Remove):
            self._planner.faults.forget(edit.id)
        if isinstance(edit, Remove) and edit.kind is Kind.HOST:
            host_id = HostId(edit.id)
            self._complete.host_gone(host_id)
            self._removed.add(host_id)
            self._observed.pop(host_id, None)
            self._memory.forget(host_id)
            # Nobody looks there any more: what was seen there must not count for the NICs. Told while the host is
            # still declared, or the lists of hosts that name it could not be found.
            self._note(self._planner.view.forget_host(host_id))
        return self._planner.view.edit(edit)

    def _observe(self, host_id: HostId, seen: _Observed) -> None:
        view = self._planner.view
        self._observations += 1
        host = view.hosts.get(host_id)
        ref = ObjectRef(Kind.HOST, host_id, 0, host_id) if host is None else host.ref
        facts = seen.facts
        if facts is not None:
            self._attempt(
                ("take in what it showed", host_id), ref, partial(view.observe_facts, host_id, facts)
            )
        # New places first: a NIC that changes its port never has none.
        for name, port in seen.ports.items():
            if port is not None:
                where = (f"take in its port {name}", host_id)
                self._attempt(where, ref, partial(view.observe_port, port))
        gone = [name for name, port in seen.ports.items() if port is None]
        if seen.whole:
            gone = [name for name in view.ports.get(host_id, ()) if seen.ports.get(name) is None]
            self._complete.host_known(host_id)
        for name in gone:
            where = (f"take in its port {name}", host_id)
            self._attempt(where, ref, partial(view.forget_port, host_id, name))
        if seen.ports or seen.whole:
            self._memory.remember(host_id, view.ports.get(host_id, {}).values())

    def _publish(self, outputs: Mapping[HostId, SwitchChange], changes: Sequence[Change]) -> None:
        for members, per_host in expectations(outputs, changes, PORTS_KEY):
            self._book.expect(members, per_host)
        hosts = self._planner.view.hosts
        for host_id in _in_order(outputs, self._arrivals(changes)):
            change = outputs[host_id]
            before = {key: one.before for key, one in change.fragments.items()}
            if change.ports is not None or change.bridge is not None:
                before[PORTS_KEY] = None
            self._outputs += len(before)
            if host_id in hosts:
                self._workers.touch(host_id, before)
            else:
                self._book.host_gone(host_id)

    def _arrivals(self, changes: Iterable[Change]) -> set[HostId]:
        """Hosts that a NIC came to which was nowhere before; one that migrates still forwards elsewhere meanwhile."""
        placements = self._planner.view.placements
        return {
            change.host_id
            for change in changes
            if isinstance(change, PlacementChange)
            and change.before is None
            and len(placements.get(change.nic.id, ())) == 1
        }

    def _check_complete(self) -> None:
        showing = [host_id for host_id, seen in self._observed.items() if seen.whole]
        if self._complete.check(self._planner.view.hosts, showing):
            self._source.complete = True
            self._source.when_complete()
            self._workers.look_again()

    # -- questions -------------------------------------------------------------------------------------------------

    @property
    def revision(self) -> int:
        """The store's revision up to which intent is worked in."""
        return self._revision

    def status(self, kind: Kind, object_id: Uuid) -> ObjectStatus:
        """How far reality has followed an object; zones and physical networks are true as soon as they are stored."""
        if kind is Kind.HOST:
            return self._book.host_status(HostId(object_id))
        return self._book.status(object_id)

    def rehearse(self, edits: Iterable[Edit]) -> dict[HostId, SwitchChange]:
        """What edits of intent would change; touches nothing."""
        return self._planner.rehearse(edits)

    def counters(self) -> PlannerCounters:
        """What was done since the start."""
        return PlannerCounters(
            self._revision,
            self._source.complete,
            self._turns,
            self._edits,
            self._observations,
            self._outputs,
            self._seconds,
            self._last_seconds,
            self._batches.counters(),
            len(self._observed),
        )


def _ref(edit: Edit) -> ObjectRef:
    match edit:
        case HostView() | NetworkView() | NicView() | GroupView():
            return edit.ref
        case Remove(kind=kind, id=object_id):
            return ObjectRef(kind, object_id, 0, object_id)
