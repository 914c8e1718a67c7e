"""How far the targets have followed each object, without a record per object and host.

A change of the picture is worked in as one batch. All that a batch changes because of one network is one *wait*: outputs
(host, key) that are not in force yet, and members (the network, and those of its NICs that the batch is about) which are
Pending until the last of the outputs is in force.

Rule 1: an output is in force when its host's worker says so, and not before; a host that is away owes everything.
    Nothing is settled while a host refuses an output of it, or while netloom could not work out what it needs.
Rule 2: what is held is bounded by what is outstanding: a wait ends with its last output, a host that is away is one set
    and a bounded number of waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from netloom.aio.clock import SYSTEM_CLOCK, Clock
from netloom.aio.news import News
from netloom.base.ids import HostId, Uuid
from netloom.model.status import Phase
from netloom.reconcile.ports import Refusal

K = TypeVar("K", bound=Hashable)

OWED_WAITS = 1000
"""Waits that a host which is away is kept in; above that, the set of their members is what it owes."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that did not work, since when, and when it is tried again (wall clock; None: when something changes)."""

    code: str
    reason: str
    since: float
    next_try: float | None
    count: int = 1


@dataclass(frozen=True, slots=True)
class ObjectStatus:
    """One object's status. `generation` is the newest that is in force everywhere; `behind` are the hosts that are not."""

    phase: Phase
    generation: int = 0
    reason: str = ""
    code: str = ""
    since: float | None = None
    next_try: float | None = None
    behind: tuple[HostId, ...] = ()


class _Wait:
    """Outputs not in force, counted by host, and who waits for them."""

    __slots__ = ("counts", "members")

    def __init__(self, members: frozenset[Uuid]) -> None:
        self.members = members
        self.counts: dict[HostId, int] = {}


@dataclass(slots=True)
class _Host(Generic[K]):
    ready: bool = False
    in_sync: bool = False
    revision: int = 0
    """The store's up to which all was in force when the host was in sync last."""
    owed: set[Uuid] = field(default_factory=set)
    """Objects that wait for this host as a whole: it is away, its next full turn brings all."""
    waits: dict[_Wait, None] = field(default_factory=dict)
    """Waits that do, as they came; bounded, as what is above them is folded into `owed`."""
    keys: dict[K, list[_Wait]] = field(default_factory=dict)
    failure: Failure | None = None
    refused: dict[K, Failure] = field(default_factory=dict)


class StatusBook(Generic[K]):
    """Who waits for what. Implements `OutcomeListener`; host ids are the targets' names.

    Args:
        why: the objects that cause an output of a host: they are in error when it is refused.
        clock: the time of failures.
        settled: told of each object whose newest generation came to be in force everywhere; returns at once.
    """

    def __init__(
        self,
        why: Callable[[HostId, K], Iterable[Uuid]],
        clock: Clock = SYSTEM_CLOCK,
        settled: Callable[[Uuid], None] | None = None,
    ) -> None:
        self._why = why
        self._told_settled = settled
        self._clock = clock
        self._hosts: dict[HostId, _Host[K]] = {}
        self._waits: dict[Uuid, dict[_Wait, None]] = {}
        self._owing: dict[Uuid, dict[HostId, None]] = {}
        """By object, the hosts whose `owed` has it."""
        self._taken: dict[Uuid, int] = {}
        self._realised: dict[Uuid, int] = {}
        self._causes: dict[tuple[HostId, K], frozenset[Uuid]] = {}
        self._refused_for: dict[Uuid, dict[tuple[HostId, K], None]] = {}
        self._hindered: dict[Uuid, Failure] = {}
        self._watchers: dict[Uuid, list[asyncio.Event]] = {}
        self.news = News()
        """Told after each turn of the planner, each turn of a worker that did something, and when a host came or went."""
        self.revision = 0
        """The store's revision that is worked into what is desired; the planner's loop moves it."""

    # -- from the planner ------------------------------------------------------------------------------------------

    def taken(self, generations: Mapping[Uuid, int]) -> None:
        """These generations are worked into what is desired. Call it after `expect`."""
        for object_id, generation in generations.items():
            self._taken[object_id] = generation
            self._settle(object_id)
        self.news.tell()

    def forget(self, object_id: Uuid) -> None:
        """The object is gone; its outputs may still wait to be removed, for nobody."""
        self._taken.pop(object_id, None)
        self._realised.pop(object_id, None)
        for wait in self._waits.pop(object_id, {}):
            wait.members -= {object_id}
        for host_id in self._owing.pop(object_id, ()):
            self._hosts[host_id].owed.discard(object_id)
        self._hindered.pop(object_id, None)
        self._notify(object_id)
        self.news.tell()

    def hindered(self, objects: Mapping[Uuid, Refusal]) -> None:
        """These, and no others, are objects for which it could not be worked out what they need on the hosts."""
        before = self._hindered
        self._hindered = {
            object_id: self._again(before.get(object_id), refusal, None)
            for object_id, refusal in objects.items()
        }
        for object_id in before:
            if object_id not in objects:
                self._settle(object_id)

    def expect(self, members: Iterable[Uuid], outputs: Mapping[HostId, Collection[K]]) -> None:
        """A batch changed these outputs on behalf of these objects."""
        wait = _Wait(frozenset(members))
        for host_id, keys in outputs.items():
            host = self._host(host_id)
            self._note_revision(host)
            if not host.ready:
                self._owe(host_id, host, (wait,))
            elif keys:
                wait.counts[host_id] = len(keys)
                for key in keys:
                    host.keys.setdefault(key, []).append(wait)
        if wait.counts:
            for member in wait.members:
                self._waits.setdefault(member, {})[wait] = None

    def set_ready(self, host_id: HostId, *, ready: bool) -> None:
        """A host came or went. What it owed output by output it owes as a whole from now on."""
        host = self._host(host_id)
        self._note_revision(host)
        host.ready = ready
        self.news.tell()
        if ready:
            return
        host.in_sync = False
        keys, host.keys = host.keys, {}
        self._owe(host_id, host, {wait: None for waits in keys.values() for wait in waits})

    def host_gone(self, host_id: HostId) -> None:
        """A host is not declared any more; nobody waits for it."""
        self.set_ready(host_id, ready=False)
        for key in list(self._hosts[host_id].refused):
            self._uncause(host_id, key)
        host = self._hosts.pop(host_id)
        self._paid(host_id, host)
        self.news.tell()

    # -- from the engine (OutcomeListener) -------------------------------------------------------------------------

    def realised(self, name: str, keys: Collection[K] | None, still_dirty: Collection[K]) -> None:
        """These keys (None: all) are in force on the host, except those that changed meanwhile."""
        host_id = HostId(Uuid(name))
        host = self._host(host_id)
        host.failure = None
        still = frozenset(still_dirty)
        if keys is None:
            host.in_sync = True
            self._paid(host_id, host)
        for key in list(host.keys) if keys is None else keys:
            if key in still:
                continue
            for wait in host.keys.pop(key, ()):
                self._count_down(wait, host_id)
        for key in list(host.refused):
            if key not in still and (keys is None or key in keys):
                self._uncause(host_id, key)
        self.news.tell()

    def refused(self, name: str, refusals: Mapping[K, Refusal], next_try: float) -> None:
        """The host did not take these keys."""
        host_id = HostId(Uuid(name))
        host = self._host(host_id)
        due = self._clock.wall() + next_try - self._clock.now()
        for key, refusal in refusals.items():
            self._blame(host_id, key, frozenset(self._why(host_id, key)))
            host.refused[key] = self._again(host.refused.get(key), refusal, due)

    def failed(self, name: str, refusal: Refusal, next_try: float | None) -> None:
        """The host as a whole could not be brought on."""
        host = self._host(HostId(Uuid(name)))
        due = None if next_try is None else self._clock.wall() + next_try - self._clock.now()
        host.failure = self._again(host.failure, refusal, due)

    # -- questions -------------------------------------------------------------------------------------------------

    def status(self, object_id: Uuid) -> ObjectStatus:
        """How far reality has followed a network or a NIC."""
        realised = self._realised.get(object_id, 0)
        fault = self._hindered.get(object_id)
        if fault is not None:
            behind = self._behind(object_id)
            return ObjectStatus(Phase.ERROR, realised, fault.reason, fault.code, fault.since, None, behind)
        for host_id, key in self._refused_for.get(object_id, ()):
            failure = self._hosts[host_id].refused.get(key) if host_id in self._hosts else None
            if failure is not None:
                return ObjectStatus(
                    Phase.ERROR,
                    realised,
                    failure.reason,
                    failure.code,
                    failure.since,
                    failure.next_try,
                    self._behind(object_id) or (host_id,),
                )
        behind = self._behind(object_id)
        if behind:
            for host_id in behind:
                failure = self._hosts[host_id].failure
                if failure is not None:
                    return ObjectStatus(
                        Phase.PENDING,
                        realised,
                        failure.reason,
                        failure.code,
                        failure.since,
                        failure.next_try,
                        behind,
                    )
            return ObjectStatus(Phase.PENDING, realised, behind=behind)
        if object_id not in self._taken:
            return ObjectStatus(Phase.PENDING, realised, "not planned yet")
        return ObjectStatus(Phase.DONE, realised)

    def waits(self, object_id: Uuid) -> bool:
        """Whether an output on its account is not in force somewhere: not yet, or refused, or not even made."""
        return (
            object_id in self._waits
            or object_id in self._owing
            or object_id in self._refused_for
            or object_id in self._hindered
        )

    def host_status(self, host_id: HostId) -> ObjectStatus:
        """How a host itself does."""
        realised = self._taken.get(host_id, 0)
        host = self._hosts.get(host_id)
        if host is None:
            return ObjectStatus(Phase.PENDING, 0, "never seen")
        failure = self._hindered.get(host_id) or host.failure or next(iter(host.refused.values()), None)
        if failure is not None:
            return ObjectStatus(
                Phase.ERROR,
                realised,
                failure.reason,
                failure.code,
                failure.since,
                failure.next_try,
                (host_id,),
            )
        if host.ready and host.in_sync:
            return ObjectStatus(Phase.DONE, realised)
        return ObjectStatus(
            Phase.PENDING, realised, "" if host.ready else "not connected yet", behind=(host_id,)
        )

    def in_sync(self, host_id: HostId) -> bool:
        """Whether everything desired was confirmed in force."""
        host = self._hosts.get(host_id)
        return host is not None and _in_sync(host)

    def applied_revision(self, host_id: HostId) -> int:
        """The store's revision up to which everything is in force on the host."""
        host = self._hosts.get(host_id)
        if host is None:
            return 0
        return self.revision if _in_sync(host) else host.revision

    def host_failure(self, host_id: HostId) -> Failure | None:
        """Why a host as a whole does not come on."""
        host = self._hosts.get(host_id)
        return host.failure if host is not None else None

    def refusals(self, host_id: HostId) -> Mapping[K, Failure]:
        """The outputs that a host refuses now."""
        host = self._hosts.get(host_id)
        return dict(host.refused) if host is not None else {}

    async def settled(self, object_id: Uuid, generation: int) -> None:
        """Return when that generation of a network or NIC, or a newer one, is in force everywhere.

        The caller bounds the wait.
        """
        event = asyncio.Event()
        self._watchers.setdefault(object_id, []).append(event)
        try:
            while not (
                self._realised.get(object_id, -1) >= generation and self.status(object_id).phase is Phase.DONE
            ):
                event.clear()
                await event.wait()
        finally:
            watchers = self._watchers[object_id]
            watchers.remove(event)
            if not watchers:
                del self._watchers[object_id]

    # -- inside ----------------------------------------------------------------------------------------------------

    def _note_revision(self, host: _Host[K]) -> None:
        if _in_sync(host):
            host.revision = self.revision

    def _host(self, host_id: HostId) -> _Host[K]:
        host = self._hosts.get(host_id)
        if host is None:
            host = self._hosts[host_id] = _Host()
        return host

    def _behind(self, object_id: Uuid) -> tuple[HostId, ...]:
        found = {host_id: None for wait in self._waits.get(object_id, ()) for host_id in wait.counts}
        found.update(self._owing.get(object_id, {}))
        return tuple(found)

    def _owe(self, host_id: HostId, host: _Host[K], waits: Iterable[_Wait]) -> None:
        for wait in waits:
            wait.counts[host_id] = 1
            host.waits[wait] = None
        if len(host.waits) <= OWED_WAITS:
            return
        folded, host.waits = host.waits, {}
        for wait in folded:
            for object_id in wait.members - host.owed:
                host.owed.add(object_id)
                self._owing.setdefault(object_id, {})[host_id] = None
            self._count_down(wait, host_id)

    def _paid(self, host_id: HostId, host: _Host[K]) -> None:
        """All that a host owed as a whole is in force, or nobody's any more."""
        owed, host.owed = host.owed, set()
        for object_id in owed:
            owing = self._owing[object_id]
            del owing[host_id]
            if owing:
                continue
            del self._owing[object_id]
            self._settle(object_id)
        waits, host.waits = host.waits, {}
        for wait in waits:
            self._count_down(wait, host_id)

    def _count_down(self, wait: _Wait, host_id: HostId) -> None:
        left = wait.counts[host_id] - 1
        if left:
            wait.counts[host_id] = left
            return
        del wait.counts[host_id]
        if wait.counts:
            return
        for member in wait.members:
            waits = self._waits.get(member)
            if waits is None:
                continue
            waits.pop(wait, None)
            if not waits:
                del self._waits[member]
                self._settle(member)

    def _settle(self, object_id: Uuid) -> None:
        """Something that kept an object from being in force everywhere is over; it may have been the last."""
        if self.waits(object_id):
            return
        generation = self._taken.get(object_id)
        if generation is not None:
            self._realised[object_id] = generation
            if self._told_settled is not None:
                self._told_settled(object_id)
        self._notify(object_id)

    def _notify(self, object_id: Uuid) -> None:
        for event in self._watchers.get(object_id, ()):
            event.set()

    def _uncause(self, host_id: HostId, key: K) -> None:
        host = self._hosts.get(host_id)
        if host is not None:
            host.refused.pop(key, None)
        self._blame(host_id, key, frozenset())

    def _blame(self, host_id: HostId, key: K, causes: frozenset[Uuid]) -> None:
        """A refused output is there on account of these objects, and of no others any more."""
        before = self._causes.pop((host_id, key), frozenset())
        if causes:
            self._causes[host_id, key] = causes
        for object_id in causes - before:
            self._refused_for.setdefault(object_id, {})[host_id, key] = None
        for object_id in before - causes:
            refused = self._refused_for[object_id]
            del refused[host_id, key]
            if not refused:
                del self._refused_for[object_id]
            self._settle(object_id)

    def _again(self, before: Failure | None, refusal: Refusal, due: float | None) -> Failure:
        if before is not None and before.code == refusal.code:
            return Failure(refusal.code, refusal.reason, before.since, due, before.count + 1)
        return Failure(refusal.code, refusal.reason, self._clock.wall(), due)


def _in_sync(host: _Host[K]) -> bool:
    return host.ready and host.in_sync and not host.keys and not host.refused
