"""VPCs and their lists as CloudStack's clients see them: whose a list shows, filters, and what is told of them."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from tests.app.cloud.people import keys
from tests.app.cloud.vpcs import VpcStage, vpc_staged
from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.replay.server import face_on, http_to
from tests.testing.reads import statements

from netloom.app.cloud.vpc_life import CREATE, CreateVpc
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Caller
from netloom.model.cloud.vpc import Vpc


@dataclass
class Seen:
    """The stage, a VPC of Alice's, and who asks."""

    stage: VpcStage
    vpc: Vpc
    http: httpx.AsyncClient

    async def client(self, who: Caller) -> Client:
        """Somebody's client."""
        key = await keys(self.stage.stage.cloud, who)
        secret = self.stage.stage.cloud.backends.vault.open(key.secret, f"api_key/{key.id}")
        return Client(self.http, key.key, secret)


@pytest.fixture
async def seen(tmp_path: pathlib.Path) -> AsyncIterator[Seen]:
    async with (
        vpc_staged(f"sqlite:///{tmp_path}/cloud.db") as stage,
        http_to(face_on(stage.stage.cloud)) as http,
    ):
        yield Seen(stage, await stage.vpc(), http)


def names(answer: dict[str, Any], key: str, field: str = "name") -> list[Any]:
    return [row[field] for row in answer.get(key, [])]


async def test_the_systems_lists_are_in_everybodys(seen: Seen) -> None:
    await seen.stage.acl(seen.vpc, "web")
    who = seen.stage.stage.who
    built_in = ["default_deny", "default_allow"]
    for caller, wanted in ((who.alice, [*built_in, "web"]), (who.mallory, built_in), (who.root, built_in)):
        client = await seen.client(caller)
        assert sorted(names(await client.result("listNetworkACLLists"), "networkacllist")) == sorted(wanted)
    root = await seen.client(who.root)
    by_vpc = await root.result("listNetworkACLLists", vpcid=seen.vpc.id)
    assert "web" in names(by_vpc, "networkacllist"), "who asks about a VPC is told its lists"
    assert by_vpc["count"] == 3


async def test_items_by_list_tier_protocol_and_direction(seen: Seen) -> None:
    stage = seen.stage
    acl = await stage.acl(seen.vpc)
    tier = await stage.tier(seen.vpc, acl_id=Uuid(acl.id))
    await stage.item(acl, start_port=80, reason="web")
    await stage.item(acl, protocol="47", direction="Egress", action="Deny")
    alice = await seen.client(stage.stage.who.alice)
    for params, wanted in (
        ({"aclid": acl.id}, [1, 2]),
        ({"networkid": tier.id}, [1, 2]),
        ({"aclid": acl.id, "protocol": "TCP"}, [1]),
        ({"aclid": acl.id, "protocol": "47"}, [2]),
        ({"aclid": acl.id, "protocol": "4"}, []),
        ({"aclid": acl.id, "traffictype": "egress"}, [2]),
        ({"aclid": acl.id, "action": "allow"}, [1]),
        ({"aclid": acl.id, "keyword": "we"}, [1]),
        ({"aclid": acl.id, "page": "2", "pagesize": "1"}, [2]),
    ):
        assert names(await alice.result("listNetworkACLs", **params), "networkacl", "number") == wanted
    mallory = await seen.client(stage.stage.who.mallory)
    for params in ({"aclid": acl.id}, {"networkid": tier.id}):
        status, body = await mallory.call("listNetworkACLs", **params)
        assert (status, body["listnetworkaclsresponse"]["cserrorcode"]) == (431, 9999)
    theirs = await mallory.result("listNetworkACLs", listall="true")
    assert set(names(theirs, "networkacl", "aclname")) == {"default_deny", "default_allow"}
    status, _ = await alice.call("listNetworkACLs", action="Maybe")
    assert status == 431


async def test_an_item_moves_and_tells_its_new_number(seen: Seen) -> None:
    acl = await seen.stage.acl(seen.vpc)
    first, second = [await seen.stage.item(acl, start_port=port) for port in (1, 2)]
    alice = await seen.client(seen.stage.stage.who.alice)
    moved = await alice.result("moveNetworkAclItem", id=second.id, nextaclruleid=first.id)
    assert (moved["networkacl"]["id"], moved["networkacl"]["number"]) == (second.id, 1)
    status, _ = await alice.call("moveNetworkAclItem", id="nonsense", nextaclruleid=first.id)
    assert status == 431


async def test_a_vpc_is_shown_with_its_tiers_and_its_size_of_packets(seen: Seen) -> None:
    await seen.stage.made_tier(seen.vpc, "t1", "10.50.1.0/24")
    alice = await seen.client(seen.stage.stage.who.alice)
    [row] = (await alice.result("listVPCs", supportedservices="StaticNat,Lb"))["vpc"]
    assert (row["name"], row["publicmtu"], row["restartrequired"]) == ("v1", 1500, False)
    assert [(tier["name"], tier["vpcname"]) for tier in row["network"]] == [("t1", "v1")]
    assert await alice.result("listVPCs", supportedservices="SecurityGroup") == {}
    assert await alice.result("listVPCs", name="other") == {}
    status, _ = await alice.call("listVPCs", supportedservices="Nonsense")
    assert status == 431
    mallory = await seen.client(seen.stage.stage.who.mallory)
    assert await mallory.result("listVPCs", listall="true") == {}


async def test_ways_out_by_vlan_and_state(seen: Seen) -> None:
    gateway = await seen.stage.gateway(seen.vpc)
    root = await seen.client(seen.stage.stage.who.root)
    await root.result("createStaticRoute", cidr="10.77.0.0/24", gatewayid=gateway.id)
    for vlan, count in (("501", 1), ("vlan://501", 1), ("502", 0)):
        found = await root.result("listPrivateGateways", listall="true", vlan=vlan)
        assert found.get("count", 0) == count
    alice = await seen.client(seen.stage.stage.who.alice)
    found = await alice.result("listStaticRoutes", state="Active", gatewayid=gateway.id)
    assert names(found, "staticroute", "cidr") == ["10.77.0.0/24"]


async def test_a_page_of_vpcs_costs_as_many_reads_as_one(seen: Seen) -> None:
    stage = seen.stage.stage

    def make(number: int) -> CreateVpc:
        return CreateVpc(
            name=f"n{number}",
            zone_id=seen.stage.zone_id,
            offering_id=seen.stage.offering_id,
            cidr="10.50.0.0/16",
            start=False,
        )

    for number in range(12):
        await stage.do(CREATE, make(number), stage.who.root)
    root = await seen.client(stage.who.root)
    reads: list[int] = []
    for size in ("1", "12"):
        with statements() as said:
            found = await root.result("listVPCs", page="1", pagesize=size)
        assert len(found["vpc"]) == int(size)
        reads.append(len(said))
    assert reads[1] - reads[0] <= 2, reads
