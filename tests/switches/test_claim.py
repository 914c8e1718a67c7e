"""Who may write to a switch: a claim that was lost is made again, later each time; and what is said about it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.sandbox.ovs import OvsSandbox
from tests.switches.stack import Counted, Stack, eventually, host_id, host_view, network_view, nic_view

from netloom.aio.backoff import BackoffPolicy
from netloom.aio.tasks import TaskKit
from netloom.model.endpoints import Endpoint, Scheme
from netloom.switches.claim import HELD, Claim
from netloom.switches.openflow_client import OpenFlowClient
from netloom.switches.pump import PumpSettings
from netloom.switches.stream import Dialling, dial
from netloom.wire.openflow.messages.role import ControllerRole, RoleReply, RoleRequest

POLICY = BackoffPolicy(first=1.0, limit=8.0, spread=0.0)


class Hands:
    """A clock that is put."""

    def __init__(self) -> None:
        self.at = 1000.0

    def now(self) -> float:
        return self.at

    def wall(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds


@pytest.fixture
def ovs() -> Iterator[OvsSandbox]:
    with OvsSandbox.started() as sandbox:
        yield sandbox


async def rival(kit: TaskKit, ovs: OvsSandbox) -> OpenFlowClient:
    """Another controller's connection to the switch."""
    endpoint = Endpoint(Scheme.UNIX, path=str(ovs.directory / "br-int.mgmt"))
    client = OpenFlowClient(await dial(endpoint, Dialling()), PumpSettings())
    kit.launch(client.run(), "rival")
    await client.negotiated()
    return client


async def test_two_that_claim_in_turn_do_it_more_and_more_slowly(ovs: OvsSandbox) -> None:
    ovs.bridge("br-int")
    clock, counted = Hands(), Counted(5)
    claim = Claim(counted, POLICY, jitter=lambda: 0.0, clock=clock)
    async with TaskKit("test") as kit:
        ours, other = await rival(kit, ovs), await rival(kit, ovs)
        await claim.make(ours)
        assert claim.finding() is None
        waits = []
        for turn in range(5):
            await other.request(RoleRequest(ControllerRole.PRIMARY, 100 * turn + 100), RoleReply)
            waits.append(claim.lost())
            lost = claim.finding()
            assert lost is not None
            assert "about to take it back" in lost.message
            await claim.make_anew(ours)
            assert counted.generation == 100 * turn + 101
            clock.at += 1
        assert waits == [1.0, 2.0, 4.0, 8.0, 8.0]
        found = claim.finding()
        assert found is not None
        assert "5 times" in found.message
        clock.at += HELD
        assert claim.finding() is None, "it held: what was is forgotten"
        assert claim.lost() == 1.0


async def test_a_switch_that_another_controller_took_is_taken_back(ovs: OvsSandbox) -> None:
    """Without a change to make: the switch tells. What the other one broke meanwhile is put right."""
    ovs.bridge("br-int")
    async with Stack() as stack, TaskKit("test") as kit:
        stack.feed.put(host_view(1), network_view(1), nic_view(1))
        session = stack.add_sandbox(1, ovs.directory)
        await stack.in_sync(1)
        assert session.findings() == ()
        connected = session.links()[1].since
        other = await rival(kit, ovs)
        await other.request(RoleRequest(ControllerRole.PRIMARY, 1 << 40), RoleReply)
        ovs.ofctl("-OOpenFlow14", "del-flows", "br-int", "cookie=0x6e6c000000000000/0xffff000000000000")
        await eventually(lambda: bool(session.findings()))
        await stack.in_sync(1)
        counters = stack.engine.counters(host_id(1))
        assert counters is not None
        await eventually(lambda: "cookie=0x6e6c" in ovs.ofctl("-OOpenFlow14", "dump-flows", "br-int"))
        role = await other.request(RoleRequest(ControllerRole.NO_CHANGE), RoleReply)
        assert (role.role, role.generation_id) == (ControllerRole.SECONDARY, (1 << 40) + 1)
        (found,) = session.findings()
        assert found.code == "controller-contended"
        assert "once" in found.message
        assert session.links()[1].since == connected, "the connection was kept"


async def test_a_newer_claim_that_is_there_at_the_start_is_overtaken(ovs: OvsSandbox) -> None:
    ovs.bridge("br-int")
    async with Stack(generation=3) as stack, TaskKit("test") as kit:
        other = await rival(kit, ovs)
        await other.request(RoleRequest(ControllerRole.PRIMARY, 1 << 40), RoleReply)
        stack.feed.put(host_view(1), network_view(1), nic_view(1))
        session = stack.add_sandbox(1, ovs.directory)
        await stack.in_sync(1)
        assert [finding.code for finding in session.findings()] == ["controller-contended"]
