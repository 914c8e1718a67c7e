"""Sequences of states, also reversed, split, squashed, duplicated, shuffled: only the last state counts.

After felix's `calc_graph_fv_test.go`: a sequence is written once and run in every way that changes nothing.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Iterator

import pytest
from tests.providers.ovs.clouds import Cloud
from tests.sequences.states import ALL, SEQUENCES, Key, Record, State

from netloom.base.ids import Uuid
from netloom.model.kinds import Cause, Kind
from netloom.plan.records import (
    Change,
    GroupView,
    HostView,
    NetworkView,
    NicView,
    PortSeen,
    Remove,
    SwitchFacts,
)

Step = Callable[[Cloud], Iterable[Change]]
"""One thing told to the planner."""
KINDS: dict[str, Kind | Cause] = {
    HostView.__name__: Kind.HOST,
    NetworkView.__name__: Kind.NETWORK,
    NicView.__name__: Kind.NIC,
    GroupView.__name__: Cause.SECURITY_GROUP,
}


def put(record: Record) -> Step:
    match record:
        case PortSeen():
            return lambda cloud: cloud.view.observe_port(record)
        case SwitchFacts():
            return lambda cloud: cloud.view.observe_facts(record.host_id, record)
        case _:
            return lambda cloud: cloud.view.edit(record)


def remove(key: Key) -> Step:
    match key:
        case ("port", (host, name)):
            return lambda cloud: cloud.view.forget_port(host, name)
        case ("facts", host):
            return lambda cloud: cloud.view.observe_facts(host, None)
        case (kind, object_id):
            return lambda cloud: cloud.view.edit(Remove(KINDS[kind], Uuid(str(object_id))))
        case _:
            raise AssertionError(key)


def steps_between(before: State, after: State) -> list[Step]:
    put_steps = [put(record) for key, record in after.items() if before.get(key) != record]
    return put_steps + [remove(key) for key in before if key not in after]


class Take:
    """Where the outcome is taken and checked."""


Script = Iterator[Step | Take]


def plain(states: list[State]) -> Script:
    before: State = {}
    for after in states:
        yield from steps_between(before, after)
        yield Take()
        before = after


def split(states: list[State]) -> Script:
    for step in plain(states):
        yield step
        yield Take()


def squashed(states: list[State]) -> Script:
    yield from (step for step in plain(states) if not isinstance(step, Take))
    yield Take()


def duplicated(states: list[State]) -> Script:
    for step in plain(states):
        yield from (step, step)


def removals_first(states: list[State]) -> Script:
    before: State = {}
    for after in states:
        yield from reversed(steps_between(before, after))
        yield Take()
        before = after


def shuffled(states: list[State]) -> Script:
    before: State = {}
    order = random.Random(7)
    for after in states:
        steps = steps_between(before, after)
        order.shuffle(steps)
        yield from steps
        # Ports that trade numbers pass through a moment that no switch has: what is there is said once more.
        yield from (put(record) for record in after.values() if isinstance(record, PortSeen))
        yield Take()
        before = after


def restarted(states: list[State]) -> Script:
    """Back to nothing and all over again, between any two states."""
    yield from plain([between for after in states for between in (after, {}, after)])


EXPANDERS = (plain, split, squashed, duplicated, removals_first, shuffled, restarted)


def run(script: Script) -> Cloud:
    cloud = Cloud()
    for step in script:
        if isinstance(step, Take):
            cloud.take()
            cloud.check()
        else:
            cloud.feed(step(cloud))
    return cloud


def outcome(cloud: Cloud) -> object:
    return {
        host: (desired.ports, desired.bridge, dict(desired.fragments))
        for host in cloud.view.hosts
        if (desired := cloud.planner.desired(host)) is not None
    }, sorted(cloud.planner.findings(), key=repr)


@pytest.mark.parametrize("direction", ["forwards", "backwards"])
@pytest.mark.parametrize("expand", EXPANDERS, ids=lambda expand: expand.__name__)
@pytest.mark.parametrize("name", SEQUENCES)
def test_only_the_last_state_counts(
    name: str, expand: Callable[[list[State]], Script], direction: str
) -> None:
    states = [ALL[each]() for each in SEQUENCES[name]]
    if direction == "backwards":
        states.reverse()
    assert outcome(run(expand(states))) == outcome(run(plain(states[-1:])))


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(ALL, 2)))
def test_every_state_after_every_other(first: str, second: str) -> None:
    assert outcome(run(plain([ALL[first](), ALL[second]()]))) == outcome(run(plain([ALL[second]()])))
