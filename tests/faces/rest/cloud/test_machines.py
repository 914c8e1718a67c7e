"""Machines that a hypervisor had before: listed for operators, and taken over by name."""

from __future__ import annotations

import httpx
import pytest
from tests.app.cloud.people import People
from tests.faces.cloudstack.replay.server import two_hosts
from tests.faces.rest.cloud.conftest import shown_keys
from tests.faces.rest.test_resources import problem
from tests.testing.memory_hypervisor import MemoryHypervisor, with_machines

from netloom.app.cloud.backends import Backends
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.hypervisors import GuestSeen, NicSeen
from netloom.app.cloud.visibility import system_caller
from netloom.contract.machines import Machines

MAC = "52:54:00:00:00:01"
OLD = GuestSeen(
    name="old-db", host="simulated-2", running=True,
    nics=(NicSeen(mac=MAC, identity="tap-7", addresses=("10.1.1.9",)),),
)  # fmt: skip


@pytest.fixture
def hypervisor() -> MemoryHypervisor:
    return MemoryHypervisor()


@pytest.fixture
def backends(hypervisor: MemoryHypervisor) -> Backends:
    return with_machines(Backends(), hypervisor)


async def test_a_machine_is_taken_over_by_its_name(
    http: httpx.AsyncClient, cloud: Cloud, hypervisor: MemoryHypervisor
) -> None:
    await cloud.write_as(system_caller(), "test", two_hosts)
    hypervisor.foreign["old-db"] = OLD
    listed = Machines.model_validate_json((await http.get("/v1/unmanaged-instances")).content, strict=False)
    assert [(each.name, each.host, each.nics[0].mac) for each in listed.items] == [
        ("old-db", "simulated-2", MAC)
    ]
    offering = {"name": "home", "offering": "DefaultOvsIsolatedNetworkOffering"}
    assert (await http.post("/v1/guest-networks", json=offering)).status_code == 201
    wish = {"machine": "old-db", "service_offering": "Small Instance", "networks": {MAC.upper(): "home"}}
    for wrong, field, status in (
        ({"machine": "new-db"}, "machine", 404),
        ({"machine": "old-db", "host": "simulated-1"}, "machine", 404),
        ({"machine": None}, "machine", 422),
        ({"networks": {"x": "home"}}, "networks", 422),
        ({"networks": {MAC: "away"}}, f"networks.{MAC}", 404),
        ({"networks": 5}, "networks", 422),
        ({"stray": {}}, "stray", 422),
    ):
        answer = await http.post("/v1/instances/import", json=wish | wrong)
        assert (answer.status_code, answer.json().get("field")) == (status, field), (wrong, answer.text)
    done = await http.post("/v1/instances/import", json=wish, params={"wait": 10})
    assert done.status_code == 201, done.text
    assert (done.json()["state"], done.json()["host"]) == ("Running", "simulated-2")
    [nic] = (await http.get("/v1/instance-nics", params={"instance": done.json()["id"]})).json()["items"]
    assert (nic["mac"], nic["ipv4"], nic["network"]) == (MAC, "10.1.1.9", "home")
    hypervisor.foreign.clear()
    assert (await http.get("/v1/unmanaged-instances")).json() == {"items": []}


async def test_machines_are_the_operator_s_to_see(
    anybody: httpx.AsyncClient, cloud: Cloud, who: People, hypervisor: MemoryHypervisor
) -> None:
    await cloud.write_as(system_caller(), "test", two_hosts)
    hypervisor.foreign["old-db"] = OLD
    headers = await shown_keys(cloud, who.alice)
    problem(await anybody.get("/v1/unmanaged-instances", headers=headers), 403, "operators-only")
    wish = {"machine": "old-db", "service_offering": "Small Instance", "networks": {}}
    answer = await anybody.post("/v1/instances/import", json=wish, headers=headers)
    assert answer.status_code == 403, answer.text
