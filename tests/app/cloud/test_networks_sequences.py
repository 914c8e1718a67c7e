"""Lives of a network in any order: whatever is asked, fails and comes and goes, it ends as it should be."""

from __future__ import annotations

import contextlib
import pathlib
import random

import pytest
from tests.app.cloud.nets import SOURCE_NAT, Nets, nets
from tests.app.cloud.test_networks_life import Hand

from netloom.app.cloud.networks_change import UPDATE, UpdateNetwork
from netloom.app.cloud.networks_keeper import NetworkKeeper
from netloom.app.cloud.networks_life import IMPLEMENT, SHUT_DOWN, OneNetwork
from netloom.app.cloud.networks_restart import RESTART, RestartNetwork
from netloom.app.states import write_states
from netloom.base.errors import Conflict
from netloom.base.ids import NetworkId, Uuid
from netloom.model.cloud.jobs import Job
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.kinds import Kind
from netloom.model.states import NetworkState, NicState
from netloom.plan.elements import Outcome
from netloom.store.cloud.records import columns

WAIT = 600.0
STEPS = 25
FAILURES = ("implement", "shutdown")


class Life:
    """A network, a NIC that is somewhere or nowhere, and a keeper with a clock of its own."""

    def __init__(self, it: Nets, network: GuestNetwork, nic: Uuid, dice: random.Random) -> None:
        self.it = it
        self.network = network
        self.nic = nic
        self.dice = dice
        self.clock = Hand()
        self.keeper = NetworkKeeper(it.cloud, self.clock)
        self.plugged = False

    async def step(self) -> str:
        """One thing happens; what."""
        what = self.dice.choice(("up", "down", "restart", "rename", "plug", "wait", "keep", "fail", "mend"))
        await getattr(self, what)()
        return what

    async def up(self) -> None:
        await self.it.do(IMPLEMENT, OneNetwork(id=self.network.id), self.it.who.root)

    async def down(self) -> None:
        await self.it.do(SHUT_DOWN, OneNetwork(id=self.network.id), self.it.who.root)

    async def restart(self) -> None:
        with contextlib.suppress(Conflict):  # there is nothing to restart
            await self.it.do(RESTART, RestartNetwork(id=self.network.id))

    async def rename(self) -> None:
        await self.it.do(UPDATE, UpdateNetwork(id=self.network.id, name=f"n{self.dice.randrange(99)}"))

    async def plug(self) -> None:
        self.plugged = not self.plugged
        to = NicState.RESERVED if self.plugged else NicState.ALLOCATED
        await self.it.write(lambda work: write_states(work.tx, [(Kind.NIC, self.nic, "nic", 1, to.value)]))
        if self.dice.random() < 0.5:  # or it is lost on the way
            self.keeper.told([NetworkId(self.network.id)])

    async def wait(self) -> None:
        self.clock.at += WAIT

    async def keep(self) -> None:
        await self.keeper.step()
        await self.quiet()

    async def fail(self) -> None:
        self.it.notebook.refusals[self.dice.choice(FAILURES)] = Outcome(done=False, reason="dice")

    async def mend(self) -> None:
        self.it.notebook.refusals.clear()

    async def quiet(self) -> None:
        """Wait until no job is open."""
        c = columns(Job)
        for job in await self.it.read(
            lambda view: view.records.select(
                Job, c.resource_id == self.network.id, c.state.in_(["Queued", "Running"])
            )
        ):
            await self.it.cloud.jobs.settled(job.id, 30.0)

    async def settle(self) -> NetworkState:
        """All is mended, and time passes; the state that it comes to."""
        await self.mend()
        for _ in range(4):
            await self.keep()
            await self.wait()
        await self.keep()
        return (await self.it.native(self.network)).state


@pytest.mark.parametrize("seed", range(4))
async def test_any_life_ends_up_when_it_is_used_and_down_when_not(tmp_path: pathlib.Path, seed: int) -> None:
    dice = random.Random(seed)
    async with nets(tmp_path) as it:
        network = await it.make("web", SOURCE_NAT)
        life = Life(it, network, await it.plug(network), dice)
        told: list[str] = []
        for _ in range(3):
            for _ in range(STEPS):
                told.append(await life.step())
                state = (await it.native(network)).state
                assert state is not NetworkState.IMPLEMENTING, told
                if state is NetworkState.ALLOCATED:
                    kept = [stage for at, stage in it.notebook.rules if at == network.id]
                    assert kept == [], told
            wanted = NetworkState.IMPLEMENTED if life.plugged else NetworkState.ALLOCATED
            assert await life.settle() is wanted, told
