"""Internal balancers as CloudStack's clients see them, members by the commands of any balancer."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.app.cloud.people import keys
from tests.app.cloud.test_load_balancers_internal import Inside, built
from tests.app.cloud.vpcs import vpc_staged
from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.replay.server import face_on, http_to
from tests.testing.reads import statements


@dataclass
class Seen:
    """Alice's tier, her client, and somebody else's."""

    inside: Inside
    alice: Client
    mallory: Client

    async def made(self, port: int = 80, **more: str) -> str:
        """A balancer's id."""
        answer = await self.alice.result(
            "createLoadBalancer",
            **{
                "name": f"lb{port}",
                "networkid": self.inside.tier.id,
                "sourceipaddressnetworkid": self.inside.tier.id,
                "scheme": "internal",
                "sourceport": str(port),
                "instanceport": "8080",
                "algorithm": "leastconn",
                **more,
            },
        )
        return str(answer["loadbalancer"]["id"])

    async def listed(self, client: Client | None = None, **params: str) -> list[dict[str, Any]]:
        """What the list shows."""
        found = await (client or self.alice).result("listLoadBalancers", **params)
        rows: list[dict[str, Any]] = found.get("loadbalancer", [])
        return rows


@pytest.fixture
async def seen(tmp_path: pathlib.Path) -> AsyncIterator[Seen]:
    async with vpc_staged(f"sqlite:///{tmp_path}/cloud.db") as vpcs:
        inside, cloud = await built(vpcs), vpcs.stage.cloud
        async with http_to(face_on(cloud)) as http:
            clients = []
            for who in (vpcs.stage.who.alice, vpcs.stage.who.mallory):
                key = await keys(cloud, who)
                clients.append(
                    Client(http, key.key, cloud.backends.vault.open(key.secret, f"api_key/{key.id}"))
                )
            yield Seen(inside, *clients)


async def test_a_balancer_from_its_making_to_its_end(seen: Seen) -> None:
    made, web = await seen.made(sourceipaddress="10.1.1.88", description="inside"), seen.inside.web
    assert await seen.alice.result("assignToLoadBalancerRule", id=made, virtualmachineids=web.id) == {
        "success": True
    }
    [row] = await seen.listed()
    assert row["loadbalancerrule"] == [{"sourceport": 80, "instanceport": 8080, "state": "Active"}]
    [member] = row["loadbalancerinstance"]
    assert (member["id"], member["name"], member["state"]) == (web.id, "web1", "Running")
    assert (row["sourceipaddress"], row["sourceipaddressnetworkid"], row["networkid"]) == (
        "10.1.1.88",
        seen.inside.tier.id,
        seen.inside.tier.id,
    )
    assert (row["algorithm"], row["account"], row["description"]) == ("leastconn", "alice", "inside")
    there = await seen.alice.result("listLoadBalancerRuleInstances", id=made, lbvmips="true")
    assert there["lbrulevmidip"][0]["lbvmipaddresses"] == [member["ipaddress"]]
    others = await seen.alice.result("listLoadBalancerRuleInstances", id=made, applied="false")
    assert [each["id"] for each in others["loadbalancerruleinstance"]] == [seen.inside.db.id]
    assert (await seen.alice.result("listLoadBalancerRules", listall="true")).get("count") is None
    hidden = await seen.alice.result("updateLoadBalancer", id=made, fordisplay="false")
    assert hidden["loadbalancer"]["fordisplay"] is False
    tagged = {
        "resourceids": made,
        "resourcetype": "LoadBalancer",
        "tags[0].key": "a",
        "tags[0].value": "b",
    }
    await seen.alice.result("createTags", **tagged)
    assert [each["id"] for each in await seen.listed(**{"tags[0].key": "a", "tags[0].value": "b"})] == [made]
    await seen.alice.result("removeFromLoadBalancerRule", id=made, virtualmachineids=web.id)
    assert (await seen.listed())[0].get("loadbalancerinstance", []) == []
    assert await seen.alice.result("deleteLoadBalancer", id=made) == {"success": True}
    assert await seen.listed() == []


async def test_lists_are_asked_by_what_is_known_of_a_balancer(seen: Seen) -> None:
    first, second = await seen.made(80, sourceipaddress="10.1.1.88"), await seen.made(81)

    async def found(**params: str) -> set[str]:
        return {row["id"] for row in await seen.listed(**params)}

    assert await found() == {first, second}
    assert await found(sourceipaddress="10.1.1.88") == {first}
    assert await found(name="lb81") == {second}
    assert await found(id=first, scheme="Internal") == {first}
    assert await found(scheme="public") == set()
    assert await found(sourceipaddressnetworkid=seen.inside.tier.id, keyword="lb8") == {first, second}
    assert await seen.listed(seen.mallory, listall="true") == []
    assert (await seen.mallory.call("listLoadBalancers", id=first))[0] == 431


async def test_a_page_costs_a_few_reads_whatever_is_on_it(seen: Seen) -> None:
    for port in range(80, 88):
        made = await seen.made(port)
        await seen.alice.result("assignToLoadBalancerRule", id=made, virtualmachineids=seen.inside.web.id)
    reads: list[int] = []
    for size in ("1", "8"):
        with statements() as said:
            assert len(await seen.listed(page="1", pagesize=size)) == int(size)
        reads.append(len(said))
    assert reads[1] <= reads[0], reads


async def test_refusals_have_cloudstacks_numbers(seen: Seen) -> None:
    await seen.made(80, sourceipaddress="10.1.1.88")

    async def refused(client: Client, command: str, **params: str) -> tuple[int, int]:
        status, body = await client.call(command, **params)
        return status, next(iter(body.values()))["cserrorcode"]

    asked = {
        "name": "lb",
        "networkid": seen.inside.tier.id,
        "sourceipaddressnetworkid": seen.inside.tier.id,
        "scheme": "Internal",
        "sourceport": "80",
        "instanceport": "80",
        "algorithm": "source",
        "sourceipaddress": "10.1.1.88",
    }
    assert await refused(seen.alice, "createLoadBalancer", **asked) == (537, 4360)
    assert await refused(seen.alice, "createLoadBalancer", **asked | {"scheme": "Public"}) == (431, 4350)
    assert (await refused(seen.mallory, "createLoadBalancer", **asked))[0] == 431
    made = (await seen.listed())[0]["id"]
    for command in ("deleteLoadBalancer", "deleteLoadBalancerRule", "assignToLoadBalancerRule"):
        assert await refused(seen.mallory, command, id=made, virtualmachineids=seen.inside.web.id) == (
            431,
            9999,
        )
    assert await refused(seen.alice, "deleteLoadBalancerRule", id=made) == (431, 9999)
