"""Instances, templates, keys and user data through CloudStack's API, where the tour does not go."""

from __future__ import annotations

import base64
import pathlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.app.cloud.people import People, keys, people
from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.replay.server import (
    administrator_keys,
    face_on,
    http_to,
    running_cloud,
    stand_ins,
    two_hosts,
)

from netloom.app.cloud import instances_terms
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.visibility import system_caller
from netloom.model.cloud.usage import UsageSpan, UsageType
from netloom.store.cloud.records import columns

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKHEChAnb3ac+8LLS5Cu6mJMZFVIiHeeXmZGXjPvfWzk someone@example.org"


@dataclass
class Place:
    """Alice's client and what she makes instances of."""

    root: Client
    alice: Client
    mallory: Client
    who: People
    common: dict[str, str]

    async def network(self, name: str, **more: str) -> str:
        """A network of Alice's."""
        made = await self.alice.result(
            "createNetwork",
            name=name,
            zoneid=self.common["zoneid"],
            networkofferingid=self.common["offering"],
            **more,
        )
        network_id: str = made["network"]["id"]
        return network_id

    async def deploy(self, name: str, **more: str) -> dict[str, Any]:
        """An instance of Alice's."""
        parts = {key: self.common[key] for key in ("zoneid", "templateid", "serviceofferingid")}
        made = await self.alice.result("deployVirtualMachine", name=name, **parts, **more)
        instance: dict[str, Any] = made["virtualmachine"]
        return instance

    async def names(self, client: Client | None = None, **filters: str) -> list[str]:
        """The names that a list has."""
        found = await (client or self.alice).result("listVirtualMachines", **filters)
        return [row["name"] for row in found.get("virtualmachine", [])]


async def refusal(client: Client, command: str, **params: str) -> tuple[int, int]:
    status, body = await client.call(command, **params)
    return status, next(iter(body.values())).get("cserrorcode")


@pytest.fixture
async def cloud(tmp_path: pathlib.Path) -> AsyncIterator[Cloud]:
    async with running_cloud(tmp_path / "netloom.db", stand_ins()) as cloud:
        yield cloud


@pytest.fixture
async def place(cloud: Cloud) -> AsyncIterator[Place]:
    await cloud.write_as(system_caller(), "test", two_hosts)
    who = await people(cloud)
    async with http_to(face_on(cloud)) as http:
        root = Client(http, *await cloud.write_as(system_caller(), "test", administrator_keys))

        async def signing(name: str) -> Client:
            made = await keys(cloud, getattr(who, name))
            return root.signing(made.key, cloud.backends.vault.open(made.secret, f"api_key/{made.id}"))

        zone = (await root.result("listZones"))["zone"][0]["id"]
        template = (await root.result("listTemplates", templatefilter="featured"))["template"][0]["id"]
        sizes = (await root.result("listServiceOfferings", name="Small Instance"))["serviceoffering"]
        offerings = await root.result("listNetworkOfferings", name="DefaultOvsIsolatedNetworkOffering")
        common = {
            "zoneid": zone,
            "templateid": template,
            "serviceofferingid": sizes[0]["id"],
            "offering": offerings["networkoffering"][0]["id"],
        }
        yield Place(root, await signing("alice"), await signing("mallory"), who, common)


async def test_lists_filter_and_page(place: Place) -> None:
    front = await place.network("front")
    back = await place.network("back", gateway="10.2.2.1", netmask="255.255.255.0")
    web = await place.deploy("web1", networkids=front)
    await place.deploy("web2", networkids=front)
    db = await place.deploy("db", networkids=back)
    await place.alice.result("stopVirtualMachine", id=db["id"])
    assert await place.names() == ["web1", "web2", "db"]
    assert await place.names(networkid=back) == ["db"]
    assert await place.names(state="Stopped") == ["db"]
    assert await place.names(state="Present", keyword="WEB") == ["web1", "web2"]
    assert await place.names(name="web2") == ["web2"]
    assert await place.names(ids=f"{web['id']},{db['id']}") == ["web1", "db"]
    assert await place.names(page="2", pagesize="1") == ["web2"]
    assert await place.names(place.mallory, listall="true") == []
    assert await place.names(place.root) == []
    assert await place.names(place.root, listall="true") == ["web1", "web2", "db"]
    assert await refusal(place.alice, "listVirtualMachines", state="Sleeping") == (431, 9999)
    row = (await place.alice.result("listVirtualMachines", id=web["id"]))["virtualmachine"][0]
    assert "hostid" not in row  # where it runs is the operators'
    assert "instancename" not in row


async def test_instances_are_listed_by_pod_and_cluster(place: Place) -> None:
    network = await place.network("blue")
    await place.deploy("web", networkids=network)
    hosts = (await place.root.result("listHosts"))["host"]
    zone = place.common["zoneid"]
    pod = (
        await place.root.result(
            "createPod", name="p", zoneid=zone, gateway="172.16.15.1", netmask="255.255.255.0",
            startip="172.16.15.2", endip="172.16.15.9",
        )
    )["pod"]["id"]  # fmt: skip
    made = await place.root.result(
        "addCluster", clustername="c", clustertype="CloudManaged", hypervisor=hosts[0]["hypervisor"], podid=pod, zoneid=zone
    )  # fmt: skip
    cluster = made["cluster"][0]["id"]
    assert await place.names(place.root, listall="true") == ["web"]
    assert await place.names(place.root, listall="true", podid=pod) == []
    for host in hosts:
        await place.root.result(
            "addHost", url=f"http://{host['name']}", hypervisor=host["hypervisor"], username="root", password="",
            podid=pod, clusterid=cluster, zoneid=zone,
        )  # fmt: skip
    assert await place.names(place.root, listall="true", podid=pod, clusterid=cluster) == ["web"]


async def test_addresses_by_network_and_what_is_wrong_with_them(place: Place) -> None:
    front = await place.network("front")
    back = await place.network("back", gateway="10.2.2.1", netmask="255.255.255.0")
    wishes = {
        "iptonetworklist[0].networkid": front,
        "iptonetworklist[0].ip": "10.1.1.50",
        "iptonetworklist[1].networkid": back,
        "iptonetworklist[1].mac": "02:00:4c:5f:00:07",
    }
    made = await place.deploy("web1", **wishes)
    nics = {nic["networkid"]: nic for nic in made["nic"]}
    assert (nics[front]["ipaddress"], nics[front]["isdefault"]) == ("10.1.1.50", True)
    assert (nics[back]["macaddress"], nics[back]["isdefault"]) == ("02:00:4c:5f:00:07", False)
    plain = {key: place.common[key] for key in ("zoneid", "templateid", "serviceofferingid")}
    both = {**plain, **wishes, "networkids": front}
    assert await refusal(place.alice, "deployVirtualMachine", **both) == (431, 9999)
    nowhere = {**plain, "iptonetworklist[0].networkid": "here"}
    assert await refusal(place.alice, "deployVirtualMachine", **nowhere) == (431, 9999)
    taken = {**plain, "networkids": front, "ipaddress": "10.1.1.50"}
    assert await refusal(place.alice, "deployVirtualMachine", **taken) == (530, 0)
    theirs = {**plain, "networkids": front}
    assert await refusal(place.mallory, "deployVirtualMachine", **theirs) == (431, 9999)
    assert await refusal(place.mallory, "listNics", virtualmachineid=made["id"]) == (431, 9999)


async def test_the_end_of_an_instance(place: Place) -> None:
    web = await place.deploy("web1", networkids=await place.network("front"))
    protected = await place.alice.result("updateVirtualMachine", id=web["id"], deleteprotection="true")
    assert protected["virtualmachine"]["deleteprotection"] is True
    assert await refusal(place.alice, "destroyVirtualMachine", id=web["id"]) == (431, 4350)
    await place.alice.result("updateVirtualMachine", id=web["id"], deleteprotection="false")
    gone = await place.alice.result("destroyVirtualMachine", id=web["id"])
    assert gone["virtualmachine"]["state"] == "Destroyed"
    assert await place.names() == []
    back = await place.root.result("recoverVirtualMachine", id=web["id"])
    assert back["virtualmachine"]["state"] == "Stopped"
    await place.alice.result("destroyVirtualMachine", id=web["id"])
    await place.root.result("expungeVirtualMachine", id=web["id"])
    assert await refusal(place.alice, "startVirtualMachine", id=web["id"]) == (431, 9999)


async def test_where_an_instance_could_go(place: Place) -> None:
    web = await place.deploy("web1", networkids=await place.network("front"))
    here = (await place.root.result("listVirtualMachines", id=web["id"]))["virtualmachine"][0]["hostname"]
    found = (await place.root.result("findHostsForMigration", virtualmachineid=web["id"]))["host"]
    (there,) = [row["name"] for row in found if row["suitableformigration"]]
    assert {here, there} == {"simulated-1", "simulated-2"}
    assert await refusal(place.alice, "findHostsForMigration", virtualmachineid=web["id"]) == (531, 4365)
    await place.root.result("migrateVirtualMachine", virtualmachineid=web["id"], hostid=found[0]["id"])
    moved = (await place.root.result("listVirtualMachines", id=web["id"]))["virtualmachine"][0]
    assert moved["hostname"] == there


async def test_keys_are_made_registered_used_and_deleted(place: Place) -> None:
    made = (await place.alice.result("createSSHKeyPair", name="mine"))["keypair"]
    assert made["privatekey"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    registered = (await place.alice.result("registerSSHKeyPair", name="laptop", publickey=KEY))["keypair"]
    assert len(registered["fingerprint"].split(":")) == 16
    assert "privatekey" not in registered
    again = await refusal(place.alice, "registerSSHKeyPair", name="other", publickey=KEY)
    assert again == (431, 4350)
    assert await refusal(place.alice, "registerSSHKeyPair", name="x", publickey="ssh-rsa !") == (431, 4350)
    listed = await place.alice.result("listSSHKeyPairs")
    assert [row["name"] for row in listed["sshkeypair"]] == ["mine", "laptop"]
    assert await place.mallory.result("listSSHKeyPairs", listall="true") == {}
    web = await place.deploy(
        "web1", networkids=await place.network("front"), keypairs="mine,laptop", startvm="false"
    )
    assert (web["state"], web["keypairs"]) == ("Stopped", "mine, laptop")
    reset = await place.alice.result("resetSSHKeyForVirtualMachine", id=web["id"], keypair="laptop")
    assert reset["virtualmachine"]["keypairs"] == "laptop"
    await place.alice.result("deleteSSHKeyPair", name="mine")
    assert await refusal(place.alice, "deleteSSHKeyPair", name="mine") == (431, 9999)


async def test_a_stopped_instance_gets_another_size(cloud: Cloud, place: Place) -> None:
    sizes = []
    for cpus in ("2", "64"):
        made = await place.root.result(
            "createServiceOffering",
            name=cpus,
            displaytext=cpus,
            cpunumber=cpus,
            cpuspeed="1000",
            memory="2048",
        )
        sizes.append(made["serviceoffering"]["id"])
    chosen = await place.root.result("createServiceOffering", name="own", displaytext="own")
    own = chosen["serviceoffering"]["id"]
    web = await place.deploy("web1", networkids=await place.network("front"))
    wish = {"id": web["id"], "serviceofferingid": sizes[0]}
    for command in ("changeServiceForVirtualMachine", "scaleVirtualMachine"):
        assert await refusal(place.alice, command, **wish) == (431, 4350)  # it runs
    await place.alice.result("stopVirtualMachine", id=web["id"])
    assert await refusal(place.mallory, "changeServiceForVirtualMachine", **wish) == (431, 9999)
    changed = (await place.alice.result("changeServiceForVirtualMachine", **wish))["virtualmachine"]
    assert [changed[name] for name in ("serviceofferingid", "cpunumber", "memory")] == [sizes[0], 2, 2048]
    assert await refusal(place.alice, "changeServiceForVirtualMachine", **wish) == (431, 4350)  # it has it

    alice = await place.root.result("listAccounts", name="alice", listall="true")
    owner = {"account": "alice", "domainid": alice["account"][0]["domainid"]}
    await place.root.result("updateResourceLimit", resourcetype="8", max="8", **owner)
    larger = {**wish, "serviceofferingid": sizes[1]}
    assert await refusal(place.alice, "scaleVirtualMachine", **larger) == (535, 4370)
    own_wish = {**wish, "serviceofferingid": own}
    assert await refusal(place.alice, "scaleVirtualMachine", **own_wish) == (431, 4350)  # how large?
    details = {"details[0].cpuNumber": "8", "details[0].cpuSpeed": "500", "details[0].memory": "64"}
    assert await place.alice.result("scaleVirtualMachine", **own_wish, **details) == {"success": True}
    [now] = (await place.alice.result("listVirtualMachines", id=web["id"]))["virtualmachine"]
    assert [now[name] for name in ("serviceofferingid", "cpunumber", "memory")] == [own, 8, 64]
    others = await place.alice.result("listServiceOfferings", virtualmachineid=web["id"])
    assert own not in {row["id"] for row in others["serviceoffering"]}

    events = (await place.alice.result("listEvents", resourceid=web["id"]))["event"]
    assert {"VM.UPGRADE", "VM.SCALE"} <= {event["type"] for event in events}
    c = columns(UsageSpan)
    spans = await cloud.read_as(
        system_caller(),
        lambda view: view.records.select(
            UsageSpan, c.resource_id == web["id"], c.type == UsageType.ALLOCATED_VM.value
        ),
    )
    assert [span.facts.offering_id for span in spans if span.ended_at is None] == [own]
    assert {span.facts.offering_id for span in spans} == {web["serviceofferingid"], sizes[0], own}
    started = await place.alice.result("startVirtualMachine", id=web["id"])
    assert (started["virtualmachine"]["state"], started["virtualmachine"]["cpunumber"]) == ("Running", 8)


async def test_keys_are_bounded(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instances_terms, "MAX_KEPT", 2)
    for name in ("one", "two"):
        await place.alice.result("createSSHKeyPair", name=name)
    assert await refusal(place.alice, "createSSHKeyPair", name="three") == (533, 4325)


async def test_user_data_is_kept_linked_and_told(place: Place) -> None:
    text = base64.b64encode(b"#cloud-config\n").decode()
    kept = (await place.alice.result("registerUserData", name="init", userdata=text, params="a,b"))[
        "userdata"
    ]
    assert (kept["userdata"], kept["params"]) == (text, "a,b")
    front = await place.network("front")
    web = await place.deploy("web1", networkids=front, userdataid=kept["id"])
    assert web["userdataname"] == "init"
    assert await refusal(place.alice, "deleteUserData", id=kept["id"]) == (530, 4250)
    assert await refusal(place.mallory, "deleteUserData", id=kept["id"]) == (431, 9999)
    own = await place.deploy("web2", networkids=front, userdata=text)
    told = await place.alice.result("getVirtualMachineUserData", virtualmachineid=own["id"])
    assert told["virtualmachineuserdata"]["userdata"] == text
    await place.alice.result("stopVirtualMachine", id=web["id"])
    await place.alice.result("resetUserDataForVirtualMachine", id=web["id"], userdata=text)
    await place.alice.result("deleteUserData", id=kept["id"])
    assert await place.alice.result("listUserData") == {}


async def test_a_template_brings_user_data_to_those_who_have_none(place: Place) -> None:
    text = base64.b64encode(b"#!/bin/sh\n").decode()
    kept = (await place.root.result("registerUserData", name="base", userdata=text))["userdata"]
    linked = await place.root.result(
        "linkUserDataToTemplate", templateid=place.common["templateid"], userdataid=kept["id"]
    )
    assert linked["template"]["userdataname"] == "base"
    front = await place.network("front")
    assert (await place.deploy("web1", networkids=front))["userdataid"] == kept["id"]
    assert "userdataid" not in await place.deploy("web2", networkids=front, userdata=text)
    assert await refusal(place.root, "deleteUserData", id=kept["id"]) == (530, 4250)
    own = {"templateid": place.common["templateid"], "userdataid": kept["id"]}
    assert await refusal(place.alice, "linkUserDataToTemplate", **own) == (531, 4365)


async def test_templates_are_the_operators(place: Place) -> None:
    wish = {
        "name": "mine",
        "displaytext": "Mine",
        "format": "RAW",
        "hypervisor": "Simulator",
        "url": "debian-12",
    }
    assert await refusal(place.alice, "registerTemplate", **wish) == (531, 4365)
    made = (await place.root.result("registerTemplate", **wish, ispublic="false"))["template"][0]
    assert (made["templatetype"], made["ispublic"]) == ("USER", False)

    async def seen() -> list[str]:
        found = await place.alice.result("listTemplates", templatefilter="executable")
        return [row["name"] for row in found.get("template", [])]

    builtin = place.common["templateid"]
    assert "mine" not in await seen()
    await place.root.result("updateTemplatePermissions", id=made["id"], ispublic="true")
    assert "mine" in await seen()
    assert await refusal(place.root, "deleteTemplate", id=builtin) == (431, 4350)
    await place.root.result("deleteTemplate", id=made["id"])
    assert "mine" not in await seen()
    assert await refusal(place.alice, "listTemplates", templatefilter="none") == (431, 9999)
    assert (await place.alice.result("listHypervisors"))["hypervisor"] == [{"name": "Simulator"}]
    types = (await place.alice.result("listOsTypes", keyword="debian"))["ostype"]
    assert {row["oscategoryname"] for row in types} == {"Debian"}
    assert len((await place.alice.result("listOsCategories", name="debian"))["oscategory"]) == 1
