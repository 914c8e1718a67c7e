"""The lab as a hypervisor: idempotent starts, stops and moves of machines with several interfaces."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from netloom.app.cloud.hypervisors import GuestPlan, HostFacts, NicPlan
from netloom.base.errors import InvalidInput, PeerError
from netloom.base.ids import HostId, NicId, Uuid
from netloom.lab import Lab
from netloom.lab.hypervisor import LabHypervisor, hypervisor

H1, H2 = (HostFacts(id=HostId(Uuid(f"h{n}")), name=f"h{n}") for n in (1, 2))


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab.up(hosts=2) as lab:
        yield lab


@pytest.fixture
def adapter(lab: Lab) -> Iterator[LabHypervisor]:
    yield LabHypervisor(lab)
    for name in lab.guests:
        lab.remove_guest(name)


def nic(number: int) -> NicPlan:
    return NicPlan(
        id=NicId(Uuid(f"nic-{number}")),
        identity=f"identity-{number}",
        device_number=number,
        mac=f"02:00:00:00:00:1{number}",
        ipv4=f"10.{number}.0.5/24",
        gateway=f"10.{number}.0.1" if number == 0 else None,
        is_default=number == 0,
    )


def plan(*nics: NicPlan) -> GuestPlan:
    return GuestPlan(
        id=Uuid("web"), name="i-7-VM", hostname="web", image="namespace", cpu_number=1, cpu_speed=500, memory=512,
        nics=nics,
    )  # fmt: skip


async def test_a_machine_is_made_once_and_gets_and_loses_interfaces(lab: Lab, adapter: LabHypervisor) -> None:
    for _ in range(2):
        await adapter.start(plan(nic(0)), H1)
    assert list(lab.guests) == ["i-7-VM+0"]
    before = lab.guests["i-7-VM+0"].state
    await adapter.start(plan(nic(0), nic(1)), H1)
    assert {guest.state.identity for guest in lab.guests.values()} == {"identity-0", "identity-1"}
    assert lab.guests["i-7-VM+0"].state == before  # what was there was not touched
    assert "identity-1" in lab.host("h1").vsctl(
        "get", "interface", lab.guests["i-7-VM+1"].port, "external_ids"
    )
    routes = lab.guests["i-7-VM+1"].exec(["ip", "route"]).stdout
    assert "default via 10.0.0.1 dev eth0" in routes
    assert "10.1.0.0/24 dev eth1" in routes
    await adapter.start(plan(nic(1)), H1)
    assert [guest.state.identity for guest in lab.guests.values()] == ["identity-1"]


async def test_secondary_addresses_come_and_go(lab: Lab, adapter: LabHypervisor) -> None:
    more = msgspec.structs.replace(nic(0), secondary=("10.0.0.77/24",))
    await adapter.start(plan(more), H1)
    guest = lab.guests["i-7-VM+0"]
    assert "10.0.0.77/24" in guest.exec(["ip", "addr"]).stdout
    await adapter.start(plan(nic(0)), H1)
    shown = guest.exec(["ip", "addr"]).stdout
    assert "10.0.0.77/24" not in shown
    assert "10.0.0.5/24" in shown


async def test_a_machine_moves_with_all_its_interfaces_and_is_seen_there(
    lab: Lab, adapter: LabHypervisor
) -> None:
    await adapter.start(plan(nic(0), nic(1)), H1)
    for _ in range(2):
        await adapter.migrate(plan(nic(0), nic(1)), H1, H2)
    assert {guest.state.host for guest in lab.guests.values()} == {"h2"}
    (seen,) = await adapter.report([H1, H2])
    assert (seen.name, seen.host, seen.running) == ("i-7-VM", "h2", True)
    assert {(each.identity, *each.addresses) for each in seen.nics} == {
        ("identity-0", "10.0.0.5"),
        ("identity-1", "10.1.0.5"),
    }
    assert await adapter.report([H1]) == ()


async def test_a_machine_that_is_to_move_is_plugged_at_both_hosts_until_it_has(
    lab: Lab, adapter: LabHypervisor
) -> None:
    await adapter.start(plan(nic(0), nic(1)), H1)
    for _ in range(2):
        await adapter.prepare(plan(nic(0), nic(1)), H1, H2)
    assert {guest.state.host for guest in lab.guests.values()} == {"h1"}
    assert [identities(lab, host) for host in ("h1", "h2")] == [["identity-0", "identity-1"]] * 2
    await adapter.migrate(plan(nic(0), nic(1)), H1, H2)
    assert [identities(lab, host) for host in ("h1", "h2")] == [[], ["identity-0", "identity-1"]]
    assert {guest.state.host for guest in lab.guests.values()} == {"h2"}


async def test_a_move_that_was_given_up_leaves_nothing_at_its_target(
    lab: Lab, adapter: LabHypervisor
) -> None:
    await adapter.start(plan(nic(0), nic(1)), H1)
    await adapter.prepare(plan(nic(0), nic(1)), H1, H2)
    for _ in range(2):
        await adapter.abandon(plan(nic(0), nic(1)), H2)
    assert [identities(lab, host) for host in ("h1", "h2")] == [["identity-0", "identity-1"], []]
    await adapter.migrate(plan(nic(0), nic(1)), H1, H2)
    await adapter.abandon(plan(nic(0), nic(1)), H2)
    assert [identities(lab, host) for host in ("h1", "h2")] == [[], ["identity-0", "identity-1"]]


def identities(lab: Lab, host: str) -> list[str]:
    """Whose ports are on a host's switch."""
    found = lab.host(host).vsctl("--bare", "--columns=external_ids", "list", "interface").split()
    return sorted(word.removeprefix("iface-id=").strip('"') for word in found if word.startswith("iface-id="))


async def test_a_machine_stops_where_it_runs_and_only_there(lab: Lab, adapter: LabHypervisor) -> None:
    await adapter.start(plan(nic(0), nic(1)), H1)
    await adapter.stop(plan(nic(0)), H2, forced=False)
    assert len(lab.guests) == 2
    for _ in range(2):
        await adapter.stop(plan(nic(0)), H1, forced=False)
    assert lab.guests == {}
    await adapter.remove(plan(nic(0)))


async def test_what_the_lab_refuses_is_told(lab: Lab, adapter: LabHypervisor) -> None:
    assert not adapter.runs_on(msgspec.structs.replace(H1, name="elsewhere"))
    with pytest.raises(PeerError, match="no host"):
        await adapter.start(plan(nic(0)), msgspec.structs.replace(H1, name="elsewhere"))


def test_settings_name_a_lab_that_is_there(lab: Lab) -> None:
    assert hypervisor({"lab": lab.name}).name == "Simulator"
    for wrong in ({}, {"lab": "no-such-lab"}, {"lab": lab.name, "image": "x"}):
        with pytest.raises(InvalidInput):
            hypervisor(wrong)
