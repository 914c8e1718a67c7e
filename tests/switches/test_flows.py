"""Steps between flows as bytes: what is right is left alone, what is others' stays, what is ours and surplus goes."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from netloom.plan.switch import Fragment, FragmentKey
from netloom.switches.flows import FlowSteps, RawCache, change_flows, compare_flows
from netloom.switches.ownership import Ownership
from netloom.wire.openflow.actions import Output
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.flow_stats import RawFlow, raw_of
from netloom.wire.openflow.match import Match
from netloom.wire.openflow.raw_bundle import ADD, DELETE_STRICT

MARK = Ownership(0x6E6C << 48, 0xFFFF << 48, "netloom")
VERSION = 5
Place = tuple[int, int, bytes]


def flow(port: int, out: int, *, ours: bool = True, number: int = 1, priority: int = 7) -> Flow:
    cookie = (0x6E6C << 48 | number) if ours else 0x99
    return Flow(1, priority, Match.of(in_port=port), (Output(out),), cookie)


def fragment(number: int, ports: dict[int, int]) -> Fragment:
    flows = tuple(flow(port, out, number=number) for port, out in ports.items())
    return Fragment(FragmentKey("test", number), flows)


def dump(flows: list[RawFlow]) -> bytes:
    """The body of a flow multipart reply of OpenFlow 1.4."""
    out = b""
    for raw in flows:
        length = 48 + len(raw.match) + len(raw.instructions)
        out += struct.pack(
            ">HBxIIHHHHH2xQQQ",
            length, raw.table, 1, 2, raw.priority, raw.idle_timeout, raw.hard_timeout, raw.flags, raw.importance,
            raw.cookie, 3, 4,
        ) + raw.match + raw.instructions  # fmt: skip
    return out


def carry_out(switch: dict[Place, RawFlow], steps: FlowSteps) -> dict[Place, RawFlow]:
    """What an Open vSwitch makes of the bundle."""
    after = dict(switch)
    for change in steps.changes:
        if change.command == ADD:
            after[change.flow.key] = change.flow
        else:
            assert change.command == DELETE_STRICT
            found = after.get(change.flow.key)
            if found is not None and not (found.cookie ^ change.flow.cookie) & change.cookie_mask:
                del after[change.flow.key]
    return after


PORTS = st.dictionaries(st.integers(1, 6), st.integers(1, 3), max_size=5)
STATES = st.tuples(PORTS, PORTS)  # two fragments; the second has ports of its own


def fragments_of(state: tuple[dict[int, int], dict[int, int]]) -> list[Fragment]:
    return [fragment(1, state[0]), fragment(2, {port + 10: out for port, out in state[1].items()})]


def raws(fragments: list[Fragment]) -> dict[Place, RawFlow]:
    return {raw.key: raw for one in fragments for raw in RawCache().raw(one, VERSION)}


@given(STATES, st.dictionaries(st.integers(1, 16), st.tuples(st.integers(1, 3), st.booleans()), max_size=8))
async def test_from_anything_to_what_is_desired(
    state: tuple[dict[int, int], dict[int, int]], there: dict[int, tuple[int, bool]]
) -> None:
    wanted = fragments_of(state)
    actual = {
        raw.key: raw
        for raw in (raw_of(flow(port, out, ours=ours), VERSION) for port, (out, ours) in there.items())
    }
    steps = await compare_flows(wanted, [dump(list(actual.values()))], VERSION, MARK, RawCache())
    after = carry_out(actual, steps)
    foreign = {key: raw for key, raw in actual.items() if not MARK.owns_cookie(raw.cookie)}
    desired = raws(wanted)
    assert after == {**desired, **foreign}
    assert set(steps.foreign) == set(foreign)
    assert bool(steps.refused) == bool(set(desired) & set(foreign))
    again = await compare_flows(wanted, [dump(list(after.values()))], VERSION, MARK, RawCache())
    assert not again.changes


@given(STATES, STATES)
def test_changes_lead_from_one_state_to_the_next(
    old: tuple[dict[int, int], dict[int, int]], new: tuple[dict[int, int], dict[int, int]]
) -> None:
    before, after = fragments_of(old), fragments_of(new)
    cache = RawCache(limit=3)
    steps = change_flows(
        {one.key: one for one in before}, {one.key: one for one in after}, frozenset(), VERSION, cache
    )
    assert carry_out(raws(before), steps) == raws(after)
    assert len(steps.changes) == steps.added + steps.changed + steps.removed


def test_a_flow_that_moves_to_another_fragment_ends_up_there_whatever_the_order() -> None:
    one, other = fragment(1, {1: 1}), fragment(2, {1: 1})
    switch = raws([one])
    # In two turns: first the new owner adds it, then the old one lets go of what it knew.
    steps = change_flows({other.key: None}, {other.key: other}, frozenset(), VERSION, RawCache())
    switch = carry_out(switch, steps)
    steps = change_flows({one.key: one}, {}, frozenset(), VERSION, RawCache())
    assert carry_out(switch, steps) == raws([other])


async def test_the_switchs_own_default_flow_gives_way() -> None:
    default = raw_of(Flow(0, 0, Match(), (Output(0xFFFFFFFA),)), VERSION)
    base = Fragment(FragmentKey("base", 0), (Flow(0, 0, Match(), (), MARK.cookie),))
    steps = await compare_flows([base], [dump([default])], VERSION, MARK, RawCache())
    assert not steps.refused
    assert steps.changed == 1


def test_what_was_blocked_is_put_when_the_foreign_flow_is_gone() -> None:
    wanted = fragment(1, {1: 1, 2: 1})
    place = raw_of(wanted.flows[0], VERSION).key
    steps = change_flows({wanted.key: None}, {wanted.key: wanted}, frozenset({place}), VERSION, RawCache())
    assert steps.refused[wanted.key].code == "foreign-flow"
    assert len(steps.changes) == 1
    steps.unblock(frozenset())
    assert not steps.refused
    assert len(steps.changes) == 2


def test_the_cache_is_bounded_and_encodes_once() -> None:
    cache = RawCache(limit=4)
    one, other = fragment(1, {1: 1, 2: 2, 3: 3}), fragment(2, {4: 1, 5: 2})
    assert cache.raw(one, VERSION) is cache.raw(one, VERSION)
    assert (cache.hits, cache.misses) == (1, 1)
    cache.raw(other, VERSION)
    cache.raw(one, VERSION)
    assert cache.misses == 3
