"""Interfaces of instances that are there: added, taken away, swapped, given other addresses."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator

import pytest
from tests.app.cloud.instance_stage import Stage, on_stage

from netloom.app.cloud.instances_attach import ADD_NIC, DEFAULT_NIC, REMOVE_NIC, AddNic, RemoveNic, UseNic
from netloom.app.cloud.instances_ips import (
    ADD_IP,
    REMOVE_IP,
    UPDATE_IP,
    AddSecondary,
    ChangeAddress,
    RemoveSecondary,
)
from netloom.app.cloud.instances_run import STOP, StopInstance
from netloom.base.errors import Conflict, Exhausted, InvalidInput, NetloomError, NotFound, Unavailable
from netloom.model.cloud.instances import MAX_SECONDARY, SecondaryIp
from netloom.model.cloud.networks import GuestNetwork


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[Stage]:
    async with on_stage(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


@pytest.fixture
async def other(stage: Stage) -> GuestNetwork:
    return await stage.a_network("back", cidr="10.2.2.0/24")


async def test_a_further_interface_is_plugged_while_the_instance_runs(
    stage: Stage, other: GuestNetwork
) -> None:
    web = await stage.deploy("web1")
    await stage.do(ADD_NIC, AddNic(instance_id=web.id, network_id=other.id, ipv4="10.2.2.9"))
    front, back = await stage.nics(web)
    assert (front.is_default, back.is_default, back.device_number, back.ipv4) == (True, False, 1, "10.2.2.9")
    plan = stage.machines.guests[web.internal_name].plan
    assert [(nic.id, nic.is_default) for nic in plan.nics] == [(front.id, True), (back.id, False)]


async def test_an_interface_that_cannot_be_plugged_is_gone_again(stage: Stage, other: GuestNetwork) -> None:
    web = await stage.deploy("web1")
    stage.machines.refusals["start"] = Unavailable("no slot is free")
    with pytest.raises(NetloomError, match="slot"):
        await stage.do(ADD_NIC, AddNic(instance_id=web.id, network_id=other.id, ipv4="10.2.2.9"))
    assert len(await stage.nics(web)) == 1
    stage.machines.refusals.clear()
    await stage.do(ADD_NIC, AddNic(instance_id=web.id, network_id=other.id, ipv4="10.2.2.9"))
    assert len(await stage.nics(web)) == 2


async def test_the_default_interface_moves_and_then_the_old_one_may_go(
    stage: Stage, other: GuestNetwork
) -> None:
    web = await stage.deploy("web1")
    await stage.do(ADD_NIC, AddNic(instance_id=web.id, network_id=other.id))
    front, back = await stage.nics(web)
    with pytest.raises(NetloomError, match="default"):
        await stage.do(REMOVE_NIC, RemoveNic(instance_id=web.id, nic_id=front.id))
    await stage.do(DEFAULT_NIC, UseNic(instance_id=web.id, nic_id=back.id))
    assert [(n.id, n.is_default, n.device_number) for n in await stage.nics(web)] == [
        (back.id, True, 0),
        (front.id, False, 1),
    ]
    with pytest.raises(InvalidInput, match="already"):
        await stage.do(DEFAULT_NIC, UseNic(instance_id=web.id, nic_id=back.id))
    await stage.do(REMOVE_NIC, RemoveNic(instance_id=web.id, nic_id=front.id))
    assert [nic.id for nic in await stage.nics(web)] == [back.id]
    assert await stage.natives([front]) == {}
    assert [nic.id for nic in stage.machines.guests[web.internal_name].plan.nics] == [back.id]


async def test_what_is_refused_of_interfaces(stage: Stage, other: GuestNetwork) -> None:
    web, second = await stage.deploy("web1"), await stage.deploy("web2")
    third = await stage.deploy("web3", other)
    (theirs,) = await stage.nics(second)
    with pytest.raises(InvalidInput, match="has an interface"):
        await stage.do(ADD_NIC, AddNic(instance_id=web.id, network_id=stage.network.id))
    with pytest.raises(Conflict, match="another interface's"):
        await stage.do(ADD_NIC, AddNic(instance_id=third.id, network_id=stage.network.id, mac=theirs.mac))
    with pytest.raises(NotFound):
        await stage.do(REMOVE_NIC, RemoveNic(instance_id=web.id, nic_id=theirs.id))
    with pytest.raises(NotFound):
        await stage.do(ADD_IP, AddSecondary(nic_id=theirs.id), stage.who.mallory)


async def test_secondary_addresses_are_taken_and_given_back(stage: Stage) -> None:
    web = await stage.deploy("web1")
    (nic,) = await stage.nics(web)
    chosen = await stage.do(ADD_IP, AddSecondary(nic_id=nic.id))
    assert chosen.address not in (nic.ipv4, "10.1.1.1")
    with pytest.raises(Conflict, match="secondary"):
        await stage.deploy("web2", ipv4=chosen.address)
    with pytest.raises(Conflict, match="another interface's"):
        await stage.do(ADD_IP, AddSecondary(nic_id=nic.id, address=nic.ipv4))
    told = stage.machines.guests[web.internal_name].plan.nics[0]
    assert told.secondary == (f"{chosen.address}/24",)
    await stage.do(REMOVE_IP, RemoveSecondary(id=chosen.id))
    assert await stage.read(lambda view: view.records.count(SecondaryIp)) == 0
    assert (await stage.nics(await stage.deploy("web2", ipv4=chosen.address)))[0].ipv4 == chosen.address


async def test_secondary_addresses_are_bounded(stage: Stage) -> None:
    (nic,) = await stage.nics(await stage.deploy("web1", start=False))
    for _ in range(MAX_SECONDARY):
        await stage.do(ADD_IP, AddSecondary(nic_id=nic.id))
    with pytest.raises(Exhausted):
        await stage.do(ADD_IP, AddSecondary(nic_id=nic.id))


async def test_the_address_of_an_interface_changes_while_its_instance_is_stopped(stage: Stage) -> None:
    web = await stage.deploy("web1")
    (nic,) = await stage.nics(web)
    with pytest.raises(Conflict, match="stop it first"):
        await stage.do(UPDATE_IP, ChangeAddress(nic_id=nic.id, address="10.1.1.99"))
    await stage.do(STOP, StopInstance(id=web.id))
    await stage.do(UPDATE_IP, ChangeAddress(nic_id=nic.id, address="10.1.1.99"))
    (after,) = await stage.nics(web)
    assert after.ipv4 == (await stage.natives([after]))[after.id].ipv4 == "10.1.1.99"
    assert after.mac == nic.mac
