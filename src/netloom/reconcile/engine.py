"""One worker per target, three clocks, no memory that a restart would miss.

    touched ──► dirty keys ──► partial turn ──┐
    ready / restarted ──► resync (full read) ─┼─► realised │ refused (per key, retry clock) │ failed (whole, retry clock)
    refresh clock ──► full read, finds drift ─┘

Rule 1: a turn looks the desired state up when it begins; what changes meanwhile makes its key dirty again.
Rule 2: after a turn that failed as a whole nothing is assumed: the next turn reads everything.
Rule 3: nothing is said to be there that may not be: a turn during which a full one was asked for leaves the telling to that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Generic

import structlog

from netloom.aio.backoff import Backoff, BackoffPolicy, Jitter
from netloom.aio.clock import SYSTEM_CLOCK, Clock, wait_event
from netloom.aio.tasks import TaskKit, end_task
from netloom.base.errors import NetloomError, PeerError, Unavailable
from netloom.reconcile.ports import A, D, DesiredSource, K, Outcome, OutcomeListener, Refusal, Target, V, X
from netloom.reconcile.retry import DirtyBook, RetryBook

_log = structlog.get_logger("netloom.reconcile")


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Clocks and bounds of the engine.

    Args:
        retry: growth of the delay after an error.
        refresh: seconds between two full reads of a target that gave no cause for one.
        turn_limit: seconds after which a turn counts as failed (a peer that stalls).
        full_turns: full turns at once over all targets; bounds the memory of what is read back.
        keys_per_turn: keys in one partial turn; bounds the size of one bundle.
    """

    retry: BackoffPolicy = field(default_factory=BackoffPolicy)
    refresh: float = 300.0
    turn_limit: float = 60.0
    full_turns: int = 8
    keys_per_turn: int = 5000


@dataclass(slots=True)
class TargetCounters:
    """What one worker did since it was added; for metrics and `host show`."""

    name: str
    ready: bool = False
    dirty: int = 0
    retrying: int = 0
    partial_turns: int = 0
    full_turns: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    drift: int = 0
    """Items that a refresh found wrong though nothing had been changed."""
    drift_at: float | None = None
    """Wall clock of the last drift that was found."""
    failures: int = 0
    refusals: int = 0
    last_error: str | None = None
    last_error_at: float | None = None
    """Wall clock, seconds since the epoch."""
    in_sync_at: float | None = None
    """Wall clock of the last full turn that ended well."""
    applied_at: float | None = None
    """Wall clock of the last turn that changed something there and ended well."""
    turn_seconds: float = 0.0
    last_turn_seconds: float = 0.0


class _Worker(Generic[K, V, D, A, X]):
    """The turns of one target. `wake` is set whenever there may be something to do sooner than was thought."""

    def __init__(self, engine: Engine[K, V, D, A, X], target: Target[K, V, D, A, X]) -> None:
        self.engine = engine
        self.target = target
        self.counters = TargetCounters(target.name)
        self.ready = False
        self.full_wanted = True
        self.dirty: DirtyBook[K, V] = DirtyBook()
        self.retry: RetryBook[K] = RetryBook(engine.settings.retry, engine.jitter)
        self.backoff = Backoff(engine.settings.retry, engine.jitter)
        self.hold_until = 0.0
        self.next_refresh = 0.0
        self.wake = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.idle = asyncio.Event()

    # -- what the world says ---------------------------------------------------------------------------------------

    def touch(self, before: Mapping[K, V | None]) -> None:
        """The desired state of these keys changed."""
        self.idle.clear()
        # A target that is to be read in full needs no list of what changed: at a start it would have all there is.
        if not self.full_wanted:
            for key, old in before.items():
                self.dirty.put(key, old)
                self.retry.clear(key)
        self._look_now()

    def resync(self) -> None:
        """What is there may have changed altogether."""
        self.idle.clear()
        self.full_wanted = True
        self._look_now()

    def set_ready(self, ready: bool) -> None:
        """Whether the target can be talked to."""
        self.ready = self.counters.ready = ready
        if ready:
            self.resync()
        else:
            self.full_wanted = True
            self.idle.clear()

    def _look_now(self) -> None:
        self.backoff.clear()
        self.hold_until = 0.0
        self.wake.set()

    # -- the loop --------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Turns for ever."""
        clock = self.engine.clock
        while True:
            self.wake.clear()
            wait = self._wait(clock.now())
            if wait is None or wait > 0:
                await wait_event(self.wake, wait)
            else:
                await self._turn()

    def _wait(self, now: float) -> float | None:
        """Seconds until there is something to do; None: until woken."""
        source = self.engine.source
        if not self.ready or not source.complete or source.desired(self.target.name) is None:
            return None
        if now < self.hold_until:
            return self.hold_until - now
        if self.full_wanted or len(self.dirty):
            return 0.0
        for key in self.retry.take_due(now):
            self.dirty.release(key)
        if len(self.dirty):
            return 0.0
        if now >= self.next_refresh:
            return 0.0
        if not len(self.retry):
            self.idle.set()
        due = self.retry.next_due()
        return min(self.next_refresh, due if due is not None else self.next_refresh) - now

    async def _turn(self) -> None:
        began = self.engine.clock.now()
        before: dict[K, V | None] = {}
        refresh = not self.full_wanted and not len(self.dirty)
        full = self.full_wanted or refresh
        try:
            if full:
                outcome = await self._full()
            else:
                before = self.dirty.take(self.engine.settings.keys_per_turn)
                async with asyncio.timeout(self.engine.settings.turn_limit):
                    outcome = await self._partial(before)
        except Exception as error:  # noqa: BLE001 - the engine door: a target's turn fails alone
            self._failed(error, before)
        else:
            self._succeeded(outcome, before, full=full, refresh=refresh)
        finally:
            spent = self.engine.clock.now() - began
            self.counters.last_turn_seconds = spent
            self.counters.turn_seconds += spent

    async def _full(self) -> Outcome[K]:
        # The limit is the target's, so it begins when the target is asked: the wait for a slot is our affair.
        async with self.engine.full_slots, asyncio.timeout(self.engine.settings.turn_limit):
            self.full_wanted = False
            actual = await self.target.read()
            # From here on a change makes its key dirty again; what was dirty until now is in what is desired now.
            self.dirty.clear()
            self.retry.clear_all()
            desired = self._desired()
            steps = await self.target.compare(desired, actual)
            del actual
            return await self.target.apply(steps)

    async def _partial(self, before: Mapping[K, V | None]) -> Outcome[K]:
        unsure = {key for key in before if key in self.dirty.unsure} if self.dirty.unsure else ()
        return await self.target.apply(self.target.changes(self._desired(), before, unsure))

    def _desired(self) -> D:
        desired = self.engine.source.desired(self.target.name)
        if desired is None:
            raise Unavailable(f"the desired state of {self.target.name} is not known yet")
        return desired

    # -- what came of it -------------------------------------------------------------------------------------------

    def _succeeded(
        self, outcome: Outcome[K], before: Mapping[K, V | None], *, full: bool, refresh: bool
    ) -> None:
        counters = self.counters
        counters.added += outcome.added
        counters.changed += outcome.changed
        counters.removed += outcome.removed
        now = self.engine.clock.now()
        if outcome.steps:
            counters.applied_at = self.engine.clock.wall()
        self.backoff.clear()
        if full:
            counters.full_turns += 1
            counters.in_sync_at = self.engine.clock.wall()
            self.next_refresh = now + self.engine.settings.refresh * (0.75 + 0.5 * self.engine.jitter())
            if refresh and outcome.steps:
                counters.drift += outcome.steps
                counters.drift_at = counters.in_sync_at
        else:
            counters.partial_turns += 1
            for key in before:
                if key not in outcome.refused:
                    self.retry.clear(key)
                    self.dirty.settled(key)
        next_try = now
        for key in outcome.refused:
            self.dirty.hold(key, before.get(key))
            next_try = max(next_try, self.retry.failed(key, now))
        listener = self.engine.listener
        if outcome.refused:
            counters.refusals += len(outcome.refused)
            refusal = next(iter(outcome.refused.values()))
            counters.last_error, counters.last_error_at = refusal.reason, self.engine.clock.wall()
            listener.refused(self.target.name, outcome.refused, next_try)
        if self.full_wanted:
            return  # asked for during this turn: what changed since is in no list, and the full turn will tell
        if full:
            listener.realised(self.target.name, None, [*self.dirty.keys(), *outcome.refused])
        else:
            still = [key for key in before if key in self.dirty or key in outcome.refused]
            listener.realised(self.target.name, before, still)

    def _failed(self, error: Exception, before: Mapping[K, V | None]) -> None:
        clock = self.engine.clock
        for key, old in before.items():
            self.dirty.put(key, old)  # for the count of what waits; the full turn makes all good
        self.full_wanted = True
        self.counters.failures += 1
        self.counters.last_error = str(error) or type(error).__name__
        self.counters.last_error_at = clock.wall()
        delay = self.backoff.next_delay()
        self.hold_until = clock.now() + delay
        expected = isinstance(error, NetloomError | OSError | TimeoutError)
        count = self.backoff.failures
        if not count & (count - 1):  # the first in a row, and each doubling
            _log.log(
                30 if expected else 40,
                "turn failed",
                target=self.target.name,
                error=self.counters.last_error,
                failures=count,
                next_try=round(delay, 3),
                exc_info=None if expected else error,
            )
        self.engine.listener.failed(
            self.target.name, refusal_of(error), self.hold_until if self.ready else None
        )


def refusal_of(error: BaseException) -> Refusal:
    """An error as a status tells it."""
    if isinstance(error, NetloomError):
        return Refusal(error.stable_code, str(error))
    if isinstance(error, TimeoutError):
        return Refusal(PeerError.code, "the target did not answer in time")
    if isinstance(error, OSError):
        return Refusal(Unavailable.code, str(error) or type(error).__name__)
    return Refusal("internal-error", f"{type(error).__name__}: {error}")


class Engine(Generic[K, V, D, A, X]):
    """Keeps a set of targets true.

    Start: make it, `add` targets, `set_ready` when a target can be talked to. Stop: `close`, which ends all workers; a
    turn that is cut short is repaired by the next full read.
    """

    def __init__(
        self,
        source: DesiredSource[D],
        listener: OutcomeListener[K],
        *,
        settings: EngineSettings,
        jitter: Jitter,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.source = source
        self.listener = listener
        self.settings = settings
        self.jitter = jitter
        self.clock = clock
        self.full_slots = asyncio.Semaphore(settings.full_turns)
        self._workers: dict[str, _Worker[K, V, D, A, X]] = {}
        self._kit = TaskKit("reconcile")

    def add(self, target: Target[K, V, D, A, X]) -> None:
        """Take a target on; it waits until it is ready."""
        if target.name in self._workers:
            raise ValueError(f"the target {target.name} is there already")
        worker = _Worker(self, target)
        self._workers[target.name] = worker
        worker.task = self._kit.start(worker.run(), target.name)

    async def remove(self, name: str) -> None:
        """Let go of a target as it is."""
        worker = self._workers.pop(name, None)
        if worker is not None:
            await end_task(worker.task)

    async def close(self) -> None:
        """End all workers."""
        await self._kit.close()
        self._workers.clear()

    def set_ready(self, name: str, *, ready: bool) -> None:
        """A target came (it is read in full), or went."""
        worker = self._workers.get(name)
        if worker is not None:
            worker.set_ready(ready)

    def touch(self, name: str, before: Mapping[K, V | None]) -> None:
        """The desired state of these keys of a target changed; `before` is what each was until now."""
        worker = self._workers.get(name)
        if worker is not None:
            worker.touch(before)

    def resync(self, name: str) -> None:
        """Read a target in full as soon as it can be."""
        worker = self._workers.get(name)
        if worker is not None:
            worker.resync()

    def look_again(self) -> None:
        """The inputs are complete, or a target's desired state came to be: everybody look."""
        for worker in self._workers.values():
            worker.wake.set()

    def dirty(self, name: str) -> Collection[K]:
        """Keys that wait for their turn."""
        worker = self._workers.get(name)
        return worker.dirty.keys() if worker is not None else ()

    async def wait_idle(self, name: str) -> None:
        """Until a target is ready and nothing of it waits. For tests and the end of a drain."""
        await self._workers[name].idle.wait()

    def counters(self, name: str) -> TargetCounters | None:
        """One target's counters."""
        worker = self._workers.get(name)
        if worker is None:
            return None
        worker.counters.dirty = len(worker.dirty)
        worker.counters.retrying = len(worker.retry)
        return worker.counters

    def all_counters(self) -> list[TargetCounters]:
        """Every target's counters."""
        found = [self.counters(name) for name in self._workers]
        return [counters for counters in found if counters is not None]
