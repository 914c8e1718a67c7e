"""Sessions, target and planner against real ovsdb-server and ovs-vswitchd."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.sandbox.ovs import OvsSandbox
from tests.switches.stack import (
    Memory,
    Stack,
    eventually,
    host_id,
    host_view,
    network_id,
    network_view,
    nic_id,
    nic_view,
)

from netloom.model.kinds import Kind
from netloom.model.status import Phase
from netloom.plan.view import Remove


@pytest.fixture
def ovs() -> Iterator[OvsSandbox]:
    with OvsSandbox.started() as sandbox:
        yield sandbox


def plug(ovs: OvsSandbox, number: int, bridge: str = "br-int") -> None:
    ovs.vsctl(
        *("add-port", bridge, f"vif{number}", "--", "set", "interface", f"vif{number}"),
        *("type=internal", f"external_ids:iface-id=vif-{number}"),
    )


def flows(ovs: OvsSandbox, bridge: str = "br-int") -> list[str]:
    """All flows with what tells them apart, without what only counts."""
    text = ovs.ofctl("-OOpenFlow14", "--no-stats", "--no-names", "dump-flows", bridge)
    return sorted(line.strip() for line in text.splitlines() if "actions" in line)


def ours(ovs: OvsSandbox, bridge: str = "br-int") -> list[str]:
    return [line for line in flows(ovs, bridge) if "cookie=0x6e6c" in line]


async def test_a_bridge_is_made_filled_and_followed(ovs: OvsSandbox) -> None:
    async with Stack() as stack:
        stack.feed.put(host_view(1), network_view(1), nic_view(1), nic_view(2))
        stack.add_sandbox(1, ovs.directory)
        await stack.in_sync(1)
        assert "secure" in ovs.vsctl("get", "bridge", "br-int", "fail_mode")
        before = len(ours(ovs))
        assert before
        plug(ovs, 1)
        await eventually(lambda: stack.planner.view.placement(nic_id(1), host_id(1)) is not None)
        await stack.done(nic_id(1), 1)
        await eventually(lambda: "nl-geneve0" in ovs.vsctl("list-ports", "br-int"))
        await eventually(lambda: bool(stack.planner.view.facts[host_id(1)].tunnel_ports))
        await stack.in_sync(1)
        assert len(ours(ovs)) > before
        session = stack.sessions[host_id(1)]
        assert session.seen().datapath_id
        assert session.links()[1].version == "1.4"
        assert stack.book.status(nic_id(1)).phase is Phase.DONE
        ovs.vsctl("del-port", "vif1")
        await eventually(lambda: stack.planner.view.placement(nic_id(1), host_id(1)) is None)
        await eventually(lambda: len(ours(ovs)) == before)
        await eventually(lambda: "nl-geneve0" not in ovs.vsctl("list-ports", "br-int"))


async def test_adoption_sends_nothing_and_drift_is_put_right(ovs: OvsSandbox) -> None:
    memory = Memory()
    ovs.vsctl("add-br", "br-int")
    for number in range(1, 6):
        plug(ovs, number)
    edits = [host_view(1), host_view(2), network_view(1), *(nic_view(n) for n in range(1, 6))]
    async with Stack(memory) as stack:
        stack.feed.put(*edits)
        stack.add_sandbox(1, ovs.directory)
        await eventually(lambda: len(stack.planner.view.placements) == 5)
        await eventually(lambda: bool(stack.planner.view.facts[host_id(1)].tunnel_ports))
        await stack.in_sync(1)
        right = flows(ovs)
    ovs.ofctl("add-flow", "br-int", "cookie=0x77,priority=3,in_port=77,actions=drop")
    async with Stack(memory, refresh=0.2, generation=2) as stack:
        stack.feed.put(*edits)
        stack.add_sandbox(1, ovs.directory)
        await stack.in_sync(1)
        counters = stack.engine.counters(host_id(1))
        assert counters is not None
        assert counters.added + counters.changed + counters.removed == 0, counters
        assert stack.targets[host_id(1)].counts.foreign >= 1
        # Somebody removes one flow, changes another, and leaves one of a former version behind.
        victim = ours(ovs)[3].split(", ", 1)[1].split(" actions")[0]
        ovs.ofctl("-OOpenFlow14", "--strict", "del-flows", "br-int", victim.replace(" ", ""))
        ovs.ofctl("add-flow", "br-int", "cookie=0x6e6c000000000001,table=9,priority=9,actions=drop")
        assert flows(ovs) != right
        await eventually(lambda: [line for line in flows(ovs) if "0x77" not in line] == right)
        assert any("cookie=0x77" in line for line in flows(ovs))
        await eventually(lambda: counters.drift >= 2)


async def test_vswitchd_restarts_and_flows_come_back(ovs: OvsSandbox) -> None:
    ovs.bridge("br-int")
    plug(ovs, 1)
    async with Stack() as stack:
        stack.feed.put(host_view(1), network_view(1), nic_view(1))
        stack.add_sandbox(1, ovs.directory)
        await stack.in_sync(1)
        await eventually(lambda: bool(stack.planner.view.facts[host_id(1)].tunnel_ports))
        await stack.in_sync(1)
        right = ours(ovs)
        ovs.stop_switch()
        await eventually(lambda: not stack.book.in_sync(host_id(1)))
        assert stack.planner.view.placement(nic_id(1), host_id(1)) is not None
        ovs.vsctl("--no-wait", "set", "open", ".", "other_config:flow-restore-wait=true")
        ovs.start_switch()
        await stack.in_sync(1)
        await eventually(lambda: ours(ovs) == right)
        await eventually(lambda: "flow-restore-wait" not in ovs.vsctl("list", "open"))


async def test_the_database_restarts(ovs: OvsSandbox) -> None:
    ovs.bridge("br-int")
    plug(ovs, 1)
    async with Stack() as stack:
        stack.feed.put(host_view(1), network_view(1), nic_view(1), nic_view(2))
        stack.add_sandbox(1, ovs.directory)
        await stack.in_sync(1)
        ovs._stop("ovsdb-server")
        await eventually(lambda: not stack.book.in_sync(host_id(1)))
        assert stack.book.host_status(host_id(1)).phase is Phase.ERROR
        ovs.start_database()
        await stack.in_sync(1)
        kept = stack.sessions[host_id(1)].links()[0].last_error
        assert kept is not None, "why it broke last is kept after it came back"
        plug(ovs, 2)
        await eventually(lambda: stack.planner.view.placement(nic_id(2), host_id(1)) is not None)
        await stack.done(nic_id(2), 1)


async def test_changes_made_while_a_host_is_away_arrive_when_it_is_back(ovs: OvsSandbox) -> None:
    ovs.bridge("br-int")
    plug(ovs, 1)
    async with Stack() as stack:
        stack.feed.put(host_view(1), network_view(1), nic_view(1))
        stack.add_sandbox(1, ovs.directory)
        await stack.in_sync(1)
        with_nic = len(ours(ovs))
        ovs._stop("ovsdb-server")
        await eventually(lambda: not stack.book.in_sync(host_id(1)))
        stack.feed.put(Remove(Kind.NIC, nic_id(1)))
        await eventually(lambda: nic_id(1) not in stack.planner.view.nics)
        assert stack.book.status(network_id(1)).behind == (host_id(1),)
        # (Open vSwitch 3.1 answers no OpenFlow while its database is away: the flows cannot be looked at now.)
        ovs.start_database()
        await stack.in_sync(1)
        assert len(ours(ovs)) < with_nic


async def test_a_foreign_flow_in_the_place_of_ours_stays_and_is_reported(ovs: OvsSandbox) -> None:
    ovs.bridge("br-int")
    async with Stack() as stack:
        stack.feed.put(host_view(1), network_view(1))
        stack.add_sandbox(1, ovs.directory)
        await stack.in_sync(1)
        line = next(line for line in ours(ovs) if "table=0" in line or "table=" not in line)
    match = line.split(", ", 1)[1].split(" actions")[0].replace(" ", "")
    ovs.ofctl("-OOpenFlow14", "add-flow", "br-int", f"cookie=0x55,{match},actions=normal")
    async with Stack(generation=2) as stack:
        stack.feed.put(host_view(1), network_view(1))
        stack.add_sandbox(1, ovs.directory)
        await eventually(lambda: bool(stack.book.refusals(host_id(1))))
        assert any("cookie=0x55" in line for line in flows(ovs))
        status = stack.book.host_status(host_id(1))
        assert status.phase is Phase.ERROR
        assert status.code == "foreign-flow"
        ovs.ofctl("-OOpenFlow14", "del-flows", "br-int", "cookie=0x55/-1")
        await stack.in_sync(1)


async def test_a_host_is_let_go_clean(ovs: OvsSandbox) -> None:
    ovs.bridge("br-int")
    ovs.ofctl("add-flow", "br-int", "cookie=0x77,priority=3,in_port=77,actions=drop")
    plug(ovs, 1)
    async with Stack() as stack:
        stack.feed.put(host_view(1), network_view(1), nic_view(1))
        stack.add_sandbox(1, ovs.directory)
        await stack.in_sync(1)
        await eventually(lambda: "nl-geneve0" in ovs.vsctl("list-ports", "br-int"))
        await stack.in_sync(1)
        await stack.engine.remove(host_id(1))
        await stack.targets[host_id(1)].sweep()
        assert not ours(ovs)
        assert len(flows(ovs)) == 1
        assert ovs.vsctl("list-ports", "br-int").split() == ["vif1"]
        assert "netloom" not in ovs.vsctl("get", "bridge", "br-int", "external_ids")
