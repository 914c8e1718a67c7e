"""A host that is prepared for maintenance is left by its instances, those that have somewhere to go."""

from __future__ import annotations

from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.replay.server import in_process
from tests.faces.cloudstack.replay.stage import build


async def test_instances_leave_a_host_in_maintenance_while_there_is_another() -> None:
    async with in_process() as client:
        assert await build(client) == []
        zone = (await client.result("listZones"))["zone"][0]["id"]
        offering = (await client.result("listServiceOfferings"))["serviceoffering"][0]["id"]
        template = (await client.result("listTemplates", templatefilter="all"))["template"][0]["id"]
        l2 = (await client.result("listNetworkOfferings", name="DefaultL2NetworkOffering"))["networkoffering"]
        network = await client.result("createNetwork", name="l2", zoneid=zone, networkofferingid=l2[0]["id"])
        made = await client.result(
            "deployVirtualMachine",
            name="a",
            zoneid=zone,
            serviceofferingid=offering,
            templateid=template,
            networkids=network["network"]["id"],
        )
        first = made["virtualmachine"]["hostid"]
        await client.result("prepareHostForMaintenance", id=first)
        second = await moved(client, first)
        assert second != first
        assert await resource_state(client, first) == "Maintenance"

        await client.result("prepareHostForMaintenance", id=second)
        assert await resource_state(client, second) == "PrepareForMaintenance"
        events = await client.result("listEvents", type="MAINT.PREPARE", level="WARN")
        assert "can run instance a" in events["event"][0]["description"]
        assert (await machine(client))["hostid"] == second


async def machine(client: Client) -> dict[str, str]:
    found: dict[str, str] = (await client.result("listVirtualMachines"))["virtualmachine"][0]
    return found


async def moved(client: Client, source: str) -> str:
    """Where the instance runs when it has left a host."""
    for job in (await client.result("listAsyncJobs")).get("asyncjobs", []):  # one that ended is not in it
        await client.ended(job["jobid"])
    there = await machine(client)
    assert (there["state"], there["hostid"] != source) == ("Running", True)
    return there["hostid"]


async def resource_state(client: Client, host: str) -> str:
    state: str = (await client.result("listHosts", id=host))["host"][0]["resourcestate"]
    return state
