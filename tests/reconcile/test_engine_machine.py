"""The engine against a target that fails, is tampered with and forgets, and against its own death at any step.

Whatever happened, once faults end: our items are exactly those desired, foreign items are untouched, and a restart that
finds everything right does nothing.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Collection, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from netloom.aio.backoff import BackoffPolicy
from netloom.base.errors import Unavailable
from netloom.reconcile.delta import Delta, changes, compare
from netloom.reconcile.engine import Engine, EngineSettings
from netloom.reconcile.ports import Outcome, Refusal

Items = dict[int, tuple[str, int]]  # item -> (owner, value)
Desired = Mapping[str, Mapping[int, int]]  # key -> item -> value


class JumpingSelector(selectors.DefaultSelector):
    """Does not wait: time jumps."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout:
            self.time += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.jumping = JumpingSelector()
        super().__init__(self.jumping)

    def time(self) -> float:
        return self.jumping.time


@dataclass
class LoopClock:
    loop: VirtualLoop

    def now(self) -> float:
        return self.loop.time()

    def wall(self) -> float:
        return self.loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass
class World:
    """What outlives the engine."""

    items: Items = field(default_factory=dict)
    desired: dict[str, dict[int, int]] = field(default_factory=dict)
    complete: bool = True
    fail_after: int | None = None  # steps until the connection breaks
    refuse: set[str] = field(default_factory=set)
    writes: int = 0
    tampered: bool = False


class FakeTarget:
    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def name(self) -> str:
        return "t"

    def _step(self) -> None:
        if self.world.fail_after is not None:
            if self.world.fail_after == 0:
                raise Unavailable("the connection broke")
            self.world.fail_after -= 1

    async def read(self) -> Items:
        self._step()
        await asyncio.sleep(0.001)
        return dict(self.world.items)

    async def compare(self, desired: Desired, actual: Items) -> tuple[Desired, Delta[int, tuple[str, int]]]:
        wanted = {item: ("us", value) for part in desired.values() for item, value in part.items()}
        parts = {key: dict(part) for key, part in desired.items()}
        await asyncio.sleep(0)
        delta = compare(
            wanted, actual, owns=lambda value: value[0] == "us", same=lambda one, other: one == other
        )
        return parts, delta

    def changes(
        self, desired: Desired, before: Mapping[str, Mapping[int, int] | None], unsure: Collection[str] = ()
    ) -> tuple[Desired, Delta[int, tuple[str, int]]]:
        old = {i: ("us", v) for part in before.values() for i, v in (part or {}).items()}
        new = {i: ("us", v) for key in before for i, v in desired.get(key, {}).items()}
        delta = changes(old, new)
        delta.change.update({i: new[i] for key in unsure for i in desired.get(key, {})})
        return {key: dict(desired.get(key, {})) for key in before}, delta

    async def apply(self, steps: tuple[Desired, Delta[int, tuple[str, int]]]) -> Outcome[str]:
        parts, delta = steps
        refused = {key: Refusal("no", "refused") for key in parts if key in self.world.refuse}
        held = {item for key in refused for item in parts[key]}
        for item, value in {**delta.add, **delta.change}.items():
            if item in held:
                continue
            self._step()
            await asyncio.sleep(0.001)
            self.world.writes += 1
            if self.world.items.get(item, ("us", 0))[0] == "us":
                self.world.items[item] = value
        for item in delta.remove:
            self._step()
            await asyncio.sleep(0.001)
            self.world.writes += 1
            if self.world.items.get(item, ("us", 0))[0] == "us":
                self.world.items.pop(item, None)
        return Outcome(len(delta.add), len(delta.change), len(delta.remove), refused)


class Source:
    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def complete(self) -> bool:
        return self.world.complete

    def desired(self, name: str) -> Desired | None:
        return self.world.desired


class Listener:
    def __init__(self, world: World) -> None:
        self.world = world
        self.events: list[str] = []
        self.behind: set[str] = set()
        self.untrue: list[str] = []

    def realised(self, name: str, keys: Collection[str] | None, still_dirty: Collection[str]) -> None:
        for key in (set(self.world.desired) if keys is None else set(keys)) - set(still_dirty):
            wanted = {item: ("us", value) for item, value in self.world.desired.get(key, {}).items()}
            if not self.world.tampered and not wanted.items() <= self.world.items.items():
                self.untrue.append(key)
        self.behind = set(still_dirty) | (self.behind - set(keys) if keys is not None else set())
        self.events.append("realised")

    def refused(self, name: str, refusals: Mapping[str, Refusal], next_try: float) -> None:
        self.events.append("refused")

    def failed(self, name: str, refusal: Refusal, next_try: float | None) -> None:
        self.events.append("failed")


KEYS = st.sampled_from(["a", "b", "c"])


class EngineMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.world = World()
        self.foreign: Items = {}
        self.ready = True
        self._boot()

    # Each key has items of its own (as fragments have): a -> 0..4, b -> 10..14, c -> 20..24.
    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self.loop.run_until_complete(work)

    def _boot(self) -> None:
        async def boot() -> None:
            self.listener = Listener(self.world)
            self.engine: Engine[str, Mapping[int, int], Desired, Items, Any] = Engine(
                Source(self.world),
                self.listener,
                settings=EngineSettings(retry=BackoffPolicy(0.1, 5.0), refresh=100.0, turn_limit=10.0),
                jitter=lambda: 0.5,
                clock=LoopClock(self.loop),
            )
            self.engine.add(FakeTarget(self.world))
            self.engine.set_ready("t", ready=self.ready)

        self._run(boot())

    @rule(key=KEYS, part=st.dictionaries(st.integers(0, 4), st.integers(0, 3), max_size=4))
    def change(self, key: str, part: dict[int, int]) -> None:
        offset = "abc".index(key) * 10
        before = self.world.desired.get(key)
        self.world.desired[key] = {offset + item: value for item, value in part.items()}

        async def touch() -> None:
            self.engine.touch("t", {key: before})

        self._run(touch())

    @rule(key=KEYS)
    def drop(self, key: str) -> None:
        before = self.world.desired.pop(key, None)

        async def touch() -> None:
            self.engine.touch("t", {key: before})

        self._run(touch())

    @rule(seconds=st.sampled_from([0.0, 0.001, 0.002, 0.005, 0.1, 3.0]))
    def pass_time(self, seconds: float) -> None:
        self._run(asyncio.sleep(seconds))

    @rule(steps=st.integers(0, 6))
    def break_soon(self, steps: int) -> None:
        self.world.fail_after = steps

    @rule(key=KEYS)
    def refuse(self, key: str) -> None:
        self.world.refuse.add(key)

    @rule(key=KEYS)
    def accept(self, key: str) -> None:
        self.world.refuse.discard(key)

    @rule()
    def crash_and_restart(self) -> None:
        self._run(self.engine.close())
        self._boot()

    @precondition(lambda self: self.ready)
    @rule()
    def lose(self) -> None:
        self.ready = False

        async def lose() -> None:
            self.engine.set_ready("t", ready=False)

        self._run(lose())

    @precondition(lambda self: not self.ready)
    @rule()
    def come_back(self) -> None:
        self.ready = True

        async def back() -> None:
            self.engine.set_ready("t", ready=True)

        self._run(back())

    @rule()
    def resync(self) -> None:
        async def resync() -> None:
            self.engine.resync("t")

        self._run(resync())

    @rule(item=st.integers(0, 29), value=st.integers(0, 3))
    def tamper(self, item: int, value: int) -> None:
        """Somebody changes, adds or removes items that carry our mark; only a full read can see it."""
        if item in self.foreign:
            return
        self.world.tampered = True
        if self.world.items.get(item) == ("us", value):
            del self.world.items[item]
        else:
            self.world.items[item] = ("us", value)

    @rule(item=st.integers(100, 105), value=st.integers(0, 3))
    def foreign_item(self, item: int, value: int) -> None:
        self.world.items[item] = self.foreign[item] = ("them", value)

    @rule()
    def inputs_incomplete(self) -> None:
        self.world.complete = False

    @invariant()
    def only_what_is_there_is_said_to_be(self) -> None:
        assert not self.listener.untrue

    @invariant()
    def foreign_is_untouched(self) -> None:
        assert {i: v for i, v in self.world.items.items() if v[0] == "them"} == self.foreign

    @precondition(lambda self: self.ready and not self.world.tampered)
    @rule()
    def retry_is_enough(self) -> None:
        """Without tampering no refresh is needed: what failed is made good by the retry clock."""
        self.world.fail_after = None
        self.world.refuse.clear()
        self.world.complete = True

        async def settle() -> None:
            self.engine.look_again()
            await asyncio.sleep(20)

        self._run(settle())
        self._check()
        assert not self.listener.behind

    @rule()
    def settle(self) -> None:
        self.world.fail_after = None
        self.world.refuse.clear()
        self.world.complete = True
        self.ready = True

        async def settle() -> None:
            self.engine.look_again()
            self.engine.set_ready("t", ready=True)
            await asyncio.sleep(300)  # beyond every retry and the refresh
            await self.engine.wait_idle("t")

        self._run(settle())
        self.world.tampered = False
        self._check()
        # Adoption: a restart that finds everything right writes nothing.
        self._run(self.engine.close())
        writes = self.world.writes
        self._boot()
        self._run(asyncio.sleep(1))
        assert self.world.writes == writes
        assert not self.listener.behind

    def _check(self) -> None:
        wanted = {i: ("us", v) for part in self.world.desired.values() for i, v in part.items()}
        assert {i: v for i, v in self.world.items.items() if v[0] == "us"} == wanted

    def teardown(self) -> None:
        self.settle()
        self._run(self.engine.close())
        self.loop.close()


class Scene(EngineMachine):
    """The same, step by step, after a first full turn."""

    def __init__(self) -> None:
        super().__init__()
        self.retry_is_enough()

    @property
    def full(self) -> int:
        counters = self.engine.counters("t")
        assert counters is not None
        return counters.full_turns


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.teardown()


def test_a_key_refused_in_a_full_turn_and_then_changed_leaves_nothing_behind(scene: Scene) -> None:
    scene.change("a", {0: 1, 1: 1})
    scene.pass_time(0.1)
    scene.refuse("a")
    scene.lose()
    scene.change("a", {0: 2, 1: 1})
    scene.come_back()
    scene.pass_time(0.1)
    full = scene.full
    scene.change("a", {2: 1})
    scene.accept("a")
    scene.retry_is_enough()
    assert scene.full == full, "a full turn would have hidden it"
    assert scene.world.items == {2: ("us", 1)}


def test_a_key_refused_and_then_changed_back_is_whole_again(scene: Scene) -> None:
    scene.change("a", {0: 1})
    scene.pass_time(0.1)
    scene.refuse("a")
    scene.change("a", {1: 1})
    scene.pass_time(0.01)
    assert scene.world.items == {}, "what is not desired any more goes, whatever is refused"
    full = scene.full
    scene.change("a", {0: 1})
    scene.accept("a")
    scene.retry_is_enough()
    assert scene.full == full
    assert scene.world.items == {0: ("us", 1)}


@pytest.mark.parametrize("what", ["resync", "lose"])
def test_what_changes_after_a_full_turn_was_asked_for_is_not_said_to_be_there(
    scene: Scene, what: str
) -> None:
    scene.change("a", {0: 1, 1: 1, 2: 1})
    scene.pass_time(0.001)
    events = len(scene.listener.events)
    getattr(scene, what)()  # in the middle of the turn
    scene.change("a", {0: 2, 1: 2, 2: 2})
    while len(scene.world.items) < 3:
        scene.pass_time(0.001)
    assert scene.world.items[0] == ("us", 1), "the turn went on with what it began with"
    assert "realised" not in scene.listener.events[events:]
    assert not scene.listener.untrue


EngineMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestEngineMachine = EngineMachine.TestCase
