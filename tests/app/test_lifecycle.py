from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.app.apps import Bed, bed

from netloom.app.lifecycle import Lifecycle, LifecycleOptions, Place, network_after, nic_after
from netloom.base.errors import Unavailable
from netloom.base.ids import NetworkId, NicId
from netloom.model.changes import Action
from netloom.model.kinds import Kind
from netloom.model.objects import Network, Nic
from netloom.model.states import NetworkState, NicState


@dataclass
class HandClock:
    """Time that the test moves."""

    time: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


def place(nic: Nic) -> Place:
    return NicId(nic.id), nic.network_id


async def states(b: Bed) -> tuple[NetworkState, list[NicState]]:
    snapshot = await b.store.load_all()
    return snapshot.networks[0].state, [nic.state for nic in snapshot.nics]


async def test_a_whole_life(url: str) -> None:
    clock = HandClock()
    async with bed(url) as b:
        network = NetworkId((await b.network()).id)
        one, two = await b.nic("one"), await b.nic("two")
        life = Lifecycle(b.store, LifecycleOptions(shutdown_wait=60), clock=clock)
        assert await life.step() == 0
        life.placed([place(one)])
        assert await life.step() == 2
        assert await states(b) == (NetworkState.IMPLEMENTING, [NicState.RESERVING, NicState.ALLOCATED])
        life.realised([network])
        assert await life.step() == 2
        assert await states(b) == (NetworkState.IMPLEMENTED, [NicState.RESERVED, NicState.ALLOCATED])
        life.placed([place(two)])
        await life.step()
        assert await states(b) == (NetworkState.IMPLEMENTED, [NicState.RESERVED, NicState.RESERVING])
        life.realised([network])
        life.unplaced([place(one)])
        await life.step()
        assert await states(b) == (NetworkState.IMPLEMENTED, [NicState.RELEASING, NicState.RESERVING])
        life.realised([network])
        await life.step()
        assert await states(b) == (NetworkState.IMPLEMENTED, [NicState.ALLOCATED, NicState.RESERVED])
        life.unplaced([place(two)])
        life.realised([network])
        await life.step()
        clock.time += 59
        await life.step()
        assert await states(b) == (NetworkState.IMPLEMENTED, [NicState.ALLOCATED, NicState.ALLOCATED])
        clock.time += 1
        assert await life.step() == 1
        assert await states(b) == (NetworkState.ALLOCATED, [NicState.ALLOCATED, NicState.ALLOCATED])
        assert await life.step() == 0


async def test_states_move_the_revision_and_not_the_generation(url: str) -> None:
    async with bed(url) as b:
        await b.network()
        nic = await b.nic("n")
        revision = b.store.revision
        life = Lifecycle(b.store)
        life.placed([place(nic)])
        await life.step()
        told = await b.store.changes(revision)
        assert {(c.kind, c.action, c.generation) for c in told} == {
            (Kind.NIC, Action.STATE, 1),
            (Kind.NETWORK, Action.STATE, 1),
        }
        after = await b.app.get(Kind.NIC, "n")
        assert (after.generation, after.updated_at) == (1, nic.updated_at)
        assert after.revision in {c.revision for c in told}


async def test_a_nic_that_comes_back_in_time_keeps_the_network_up(url: str) -> None:
    clock = HandClock()
    async with bed(url) as b:
        network = NetworkId((await b.network()).id)
        nic = await b.nic("n")
        life = Lifecycle(b.store, LifecycleOptions(shutdown_wait=10), clock=clock)
        life.placed([place(nic)])
        life.realised([network])
        await life.step()
        life.unplaced([place(nic)])
        await life.step()
        clock.time += 9
        life.placed([place(nic)])
        clock.time += 9
        await life.step()
        life.realised([network])
        await life.step()
        assert await states(b) == (NetworkState.IMPLEMENTED, [NicState.RESERVED])


async def test_a_deleted_nic_lets_its_network_go(url: str) -> None:
    clock = HandClock()
    async with bed(url) as b:
        await b.network()
        nic = await b.nic("n")
        life = Lifecycle(b.store, LifecycleOptions(shutdown_wait=0), clock=clock)
        life.placed([place(nic)])
        await life.step()
        await b.app.delete(Kind.NIC, "n")
        life.unplaced([place(nic)])
        await life.step()
        await life.step()
        assert await states(b) == (NetworkState.ALLOCATED, [])


async def test_a_restart_finds_what_was_left_half_way(url: str) -> None:
    clock = HandClock()
    async with bed(url) as b:
        network = NetworkId((await b.network()).id)
        stays, leaves = await b.nic("stays"), await b.nic("leaves")
        first = Lifecycle(b.store, clock=clock)
        first.placed([place(stays), place(leaves)])
        await first.step()
        second = Lifecycle(b.store, LifecycleOptions(shutdown_wait=5), clock=clock)
        second.placed([place(stays)])
        second.seen_whole()
        await second.step()
        second.realised([network])
        await second.step()
        await second.step()
        assert await states(b) == (NetworkState.IMPLEMENTED, [NicState.RESERVED, NicState.ALLOCATED])
        third = Lifecycle(b.store, LifecycleOptions(shutdown_wait=5), clock=clock)
        third.seen_whole()
        await third.step()
        clock.time += 5
        await third.step()
        assert await states(b) == (NetworkState.ALLOCATED, [NicState.ALLOCATED, NicState.ALLOCATED])


async def test_a_nic_that_vanished_while_nobody_looked_is_let_go_though_nothing_more_is_realised(
    sqlite_url: str,
) -> None:
    async with bed(sqlite_url) as b:
        network = NetworkId((await b.network()).id)
        stays, goes = await b.nic("stays"), await b.nic("goes")
        first = Lifecycle(b.store, clock=HandClock())
        first.placed([place(stays), place(goes)])
        await first.step()
        first.realised([network])
        await first.step()
        second = Lifecycle(b.store, clock=HandClock())
        second.placed([place(stays)])
        second.realised([network])
        second.seen_whole()
        await second.step()
        await second.step()
        assert await states(b) == (NetworkState.IMPLEMENTED, [NicState.RESERVED, NicState.ALLOCATED])


async def test_what_could_not_be_written_is_written_later(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bed(sqlite_url) as b:
        await b.network()
        nic = await b.nic("n")
        clock = HandClock()
        life = Lifecycle(b.store, clock=clock)
        life.placed([place(nic)])
        with monkeypatch.context() as broken:

            async def full(*_args: object, **_more: object) -> None:
                raise Unavailable("no room", code="store-full")

            broken.setattr(type(b.store), "write", full)
            with pytest.raises(Unavailable):
                await life.step()
        assert await life.step() == 2
        assert await states(b) == (NetworkState.IMPLEMENTING, [NicState.RESERVING])


async def test_running_it_gathers_many_into_one_write(sqlite_url: str) -> None:
    async with bed(sqlite_url) as b:
        network = NetworkId((await b.network(cidr="10.0.0.0/16")).id)
        nics = [await b.nic(f"n{i}") for i in range(30)]
        life = Lifecycle(b.store, LifecycleOptions(gather=0), clock=HandClock())
        commits = b.store.counters().commits
        revision = b.store.revision
        async with asyncio.TaskGroup() as group:
            running = group.create_task(life.run())
            life.placed(place(nic) for nic in nics)
            life.realised([network])
            while b.store.revision < revision + 31:
                await b.store.wait_beyond(b.store.revision, 10)
            running.cancel()
        assert b.store.counters().commits == commits + 1
        assert await states(b) == (NetworkState.IMPLEMENTED, [NicState.RESERVED] * 30)


@pytest.mark.parametrize(
    ("state", "placed", "realised"), list(itertools.product(NicState, (True, False), (True, False)))
)
def test_a_nic_comes_to_rest_at_its_levels(state: NicState, placed: bool, realised: bool) -> None:
    """Whatever the state was, the levels alone decide where it ends: that is what makes a lost event harmless."""
    after = nic_after(state, placed, realised)
    assert nic_after(after, placed, realised) is after
    if realised and state is not (NicState.RESERVED if placed else NicState.ALLOCATED):
        assert after is (NicState.RESERVED if placed else NicState.ALLOCATED)


@given(
    st.sampled_from([s for s in NetworkState if s not in (NetworkState.SETUP, NetworkState.DESTROY)]),
    st.booleans(),
)
def test_a_network_comes_to_rest_at_its_levels(state: NetworkState, placed: bool) -> None:
    after = network_after(state, placed, True, not placed)
    assert after is (NetworkState.IMPLEMENTED if placed else NetworkState.ALLOCATED)
    assert network_after(after, placed, True, not placed) is after


async def test_objects_tell_their_state(url: str) -> None:
    async with bed(url) as b:
        await b.network()
        nic = await b.nic("n")
        life = Lifecycle(b.store)
        life.placed([place(nic)])
        life.realised([nic.network_id])
        await life.step()
        network = await b.app.get(Kind.NETWORK, "blue")
        assert isinstance(network, Network)
        assert network.state is NetworkState.IMPLEMENTED
        assert network.state_since >= network.created_at
        page = await b.app.list(Kind.NIC, filters={"state": "Reserved"})
        assert [item.name for item in page.items] == ["n"]
