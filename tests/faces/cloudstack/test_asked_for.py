"""Parameters that narrow a list, or say how a thing shall be done, each on a cloud in which there is something to find."""

from __future__ import annotations

from typing import Any

from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.replay.play import play
from tests.faces.cloudstack.replay.recording import load
from tests.faces.cloudstack.replay.server import in_process
from tests.faces.cloudstack.replay.stage import build
from tests.faces.cloudstack.test_fuzz import BEFORE_TEAR_DOWN

from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import Work
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import ADMIN_ACCOUNT_ID, Account
from netloom.model.cloud.jobs import Event, EventLevel, EventState

NOBODY = "00000000-0000-4000-8000-000000000007"


async def test_lists_are_narrowed_as_they_are_asked() -> None:
    async with in_process() as root:
        await build(root)
        await play(root, load()[:BEFORE_TEAR_DOWN])
        await instances(root)
        await infrastructure(root)
        await people(root)
        await happenings(root)


async def instances(root: Client) -> None:
    every = await ids(root, "listVirtualMachines")
    assert every
    assert await ids(root, "listVirtualMachines", arch="X86_64") == every
    assert await ids(root, "listVirtualMachines", arch="aarch64") == []
    assert await ids(root, "listVirtualMachines", isvnf="true") == []
    inside = await ids(root, "listVirtualMachines", forvirtualnetwork="true")
    outside = await ids(root, "listVirtualMachines", forvirtualnetwork="false")
    assert inside
    assert sorted(inside + outside) == sorted(every)
    counted = await root.result("listVirtualMachines", listall="true", retrieveonlyresourcecount="true")
    assert counted == {"count": len(every), "virtualmachine": []}
    [instance] = await rows(root, "listVirtualMachines", id=every[0])
    await root.result("updateVirtualMachine", id=every[0], userdata="aGVsbG8=")
    [told] = await rows(root, "listVirtualMachines", id=every[0], userdata="true")
    assert told["userdata"] == "aGVsbG8="
    assert "userdata" not in (await rows(root, "listVirtualMachines", id=every[0]))[0]

    others = await ids(root, "listServiceOfferings", virtualmachineid=every[0])
    assert sorted([str(instance["serviceofferingid"]), *others]) == sorted(
        await ids(root, "listServiceOfferings")
    )
    status, _ = await root.call("migrateVirtualMachine", virtualmachineid=every[0], autoselect="false")
    assert status == 431
    nics = await ids(root, "listNics", virtualmachineid=every[0])
    assert await ids(root, "listNics", virtualmachineid=every[0], fordisplay="true") == nics
    assert await ids(root, "listNics", virtualmachineid=every[0], fordisplay="false") == []

    near = await rows(root, "listHosts", type="Routing", virtualmachineid=every[0])
    assert near
    assert all(isinstance(row["suitableformigration"], bool) for row in near)
    assert (await root.call("listHosts", virtualmachineid=NOBODY))[0] == 431


async def infrastructure(root: Client) -> None:
    [zone] = await rows(root, "listZones", showcapacities="true")
    assert {each["zoneid"] for each in zone["capacity"]} == {zone["id"]}
    assert "capacity" not in (await rows(root, "listZones"))[0]
    assert await ids(root, "listZones", available="false") == []  # the administrator has no instance
    for name in ("listTemplates", "listHypervisors"):
        more = {"templatefilter": "all"} if name == "listTemplates" else {}
        assert await rows(root, name, zoneid=zone["id"], **more) == await rows(root, name, **more)
        assert (await root.call(name, zoneid=NOBODY, **more))[0] == 431
    kinds = {
        kind: await ids(root, "listTemplates", templatefilter="all", templatetype=kind)
        for kind in ("USER", "BUILTIN")
    }
    assert sorted(kinds["USER"] + kinds["BUILTIN"]) == sorted(
        await ids(root, "listTemplates", templatefilter="all")
    )
    assert await ids(root, "listTemplates", templatefilter="all", templatetype="ROUTING") == []
    [pod] = await ids(root, "listPods")
    assert await rows(root, "listCapacity")
    assert await rows(root, "listCapacity", podid=pod) == []
    assert (await root.call("listCapacity", podid=NOBODY))[0] == 431

    [cluster] = await rows(root, "listClusters")
    same = {"id": cluster["id"], "hypervisor": cluster["hypervisortype"], "clustertype": "CloudManaged"}
    assert (await root.call("updateCluster", **same))[0] == 200
    assert (await root.call("updateCluster", id=cluster["id"], hypervisor="Other"))[0] == 431
    assert {row["name"] for row in await rows(root, "listNetworkIsolationMethods", keyword="vx")} == {"VXLAN"}
    routed = await ids(root, "listNetworkOfferings", routingmode="Static")
    assert routed == [
        row["id"] for row in await rows(root, "listNetworkOfferings") if row.get("networkmode") == "ROUTED"
    ]
    assert await ids(root, "listNetworkOfferings", routingmode="Dynamic") == []


async def people(root: Client) -> None:
    users = await rows(root, "listUsers")
    admins = await ids(root, "listUsers", accounttype="1")
    assert admins == [user["id"] for user in users if user["accounttype"] == 1]
    assert await ids(root, "listUsers", accounttype="99") == []
    assert await ids(root, "listAccounts", iscleanuprequired="true") == []
    made = await root.result("createProject", name="asked", displaytext="asked")
    project = made["project"]["id"] if "project" in made else made["id"]
    assert project in await ids(root, "listProjects", username="admin")
    assert project not in await ids(root, "listProjects", username="alice")
    assert (await root.result("deleteProject", id=project, cleanup="false")) == {"success": True}


async def happenings(root: Client) -> None:
    assert await rows(root, "listEvents", duration="0", entrytime="3600") == []  # nothing is under way
    assert await rows(root, "listAsyncJobs", keyword="network") == []


async def test_events_are_found_that_have_not_ended(cloud: Cloud, root: Client) -> None:
    def begin(work: Work) -> list[Event]:
        owner = work.get(Account, ADMIN_ACCOUNT_ID)

        def one(description: str, state: EventState, parent_id: Uuid | None = None) -> Event:
            return work.insert(
                Event(
                    **work.owned(owner), user_id=None, type="X.Y", level=EventLevel.INFO, state=state,
                    description=description, parent_id=parent_id,
                )
            )  # fmt: skip

        lasting, ended = one("lasting", EventState.STARTED), one("ended", EventState.STARTED)
        one("the end", EventState.COMPLETED, ended.id)
        return [lasting, ended]

    lasting, _ = await cloud.write_as(system_caller(), "test", begin)
    assert await ids(root, "listEvents", type="X.Y", duration="0", entrytime="3600") == [lasting.id]
    assert await ids(root, "listEvents", type="X.Y", duration="600", entrytime="3600") == []
    for given in ({"duration": "5"}, {"entrytime": "5"}, {"duration": "10", "entrytime": "5"}):
        assert (await root.call("listEvents", **given))[0] == 431


async def rows(root: Client, command: str, **given: str) -> list[dict[str, Any]]:
    found = await root.result(command, listall="true", **given)
    return next((value for key, value in found.items() if key != "count"), [])


async def ids(root: Client, command: str, **given: str) -> list[str]:
    return [str(row["id"]) for row in await rows(root, command, **given)]
