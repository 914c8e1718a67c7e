"""Security groups through the API where the recorded tour does not go: names, directions, groups of groups, refusals."""

from __future__ import annotations

from typing import Any

import pytest
from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.test_rules import Doors, content, doors

__all__ = ["doors"]


async def made(client: Client, name: str, **params: str) -> dict[str, Any]:
    return (await client.result("createSecurityGroup", name=name, **params))["securitygroup"]


async def shown(client: Client, **params: str) -> list[dict[str, Any]]:
    found = await client.result("listSecurityGroups", **params)
    return list(found.get("securitygroup", []))


async def refused(client: Client, command: str, **params: str) -> tuple[int, int]:
    status, answer = await client.call(command, **params)
    (told,) = answer.values()
    return status, told["cserrorcode"]


async def test_rules_of_both_directions_by_network_and_by_group(doors: Doors) -> None:
    alice = doors.alice
    web, db = await made(alice, "web", description="in front"), await made(alice, "db")
    assert (web["description"], web["virtualmachinecount"]) == ("in front", 0)
    assert "description" not in db
    first = await alice.result(
        "authorizeSecurityGroupIngress",
        **{
            "securitygroupid": db["id"],
            "protocol": "TCP",
            "startport": "5432",
            "endport": "5433",
            "cidrlist": "192.0.2.0/24,2001:db8::/32",
            "usersecuritygrouplist[0].account": "alice",
            "usersecuritygrouplist[0].group": "web",
        },
    )
    told = first["securitygroup"]["ingressrule"]
    assert [(rule.get("cidr"), rule.get("account"), rule.get("securitygroupname")) for rule in told] == [
        ("192.0.2.0/24", None, None),
        ("2001:db8::/32", None, None),
        (None, "alice", "web"),
    ]
    second = await alice.result(
        "authorizeSecurityGroupEgress",
        securitygroupname="db",
        protocol="icmp",
        icmptype="8",
        icmpcode="-1",
        cidrlist="0.0.0.0/0",
    )
    assert second["securitygroup"]["ingressrule"] == []  # only what the request made
    (out,) = second["securitygroup"]["egressrule"]
    assert (out["protocol"], out["icmptype"], out["icmpcode"], "startport" in out) == ("icmp", 8, -1, False)
    (listed,) = await shown(alice, id=db["id"])
    assert (len(listed["ingressrule"]), len(listed["egressrule"])) == (3, 1)
    await alice.result("revokeSecurityGroupEgress", id=out["ruleid"])
    await alice.result("revokeSecurityGroupIngress", id=told[0]["ruleid"])
    (listed,) = await shown(alice, id=db["id"])
    assert (len(listed["ingressrule"]), listed["egressrule"]) == (2, [])


async def test_groups_are_found_renamed_and_deleted_by_name_or_id(doors: Doors) -> None:
    alice = doors.alice
    web = await made(alice, "web")
    await made(alice, "db")
    assert [group["name"] for group in await shown(alice)] == ["default", "web", "db"]
    assert [group["name"] for group in await shown(alice, securitygroupname="db")] == ["db"]
    assert [group["name"] for group in await shown(alice, keyword="e")] == ["default", "web"]
    page = await alice.result("listSecurityGroups", page="2", pagesize="2")
    assert (page["count"], [group["name"] for group in page["securitygroup"]]) == (3, ["db"])
    renamed = await alice.result("updateSecurityGroup", id=web["id"], name="front")
    assert renamed["securitygroup"]["name"] == "front"
    for params in ({"name": "front"}, {"id": (await shown(alice, securitygroupname="db"))[0]["id"]}):
        status, answer = await alice.call("deleteSecurityGroup", **params)
        assert (status, content((status, answer))) == (200, {"success": True})
    assert [group["name"] for group in await shown(alice)] == ["default"]


@pytest.mark.parametrize(
    ("command", "params", "told"),
    [
        ("createSecurityGroup", {"name": "default"}, (431, 4350)),
        ("createSecurityGroup", {"name": " "}, (431, 4350)),
        ("createSecurityGroup", {}, (431, 9999)),
        ("deleteSecurityGroup", {}, (431, 4350)),
        ("deleteSecurityGroup", {"name": "default"}, (431, 4350)),
        ("deleteSecurityGroup", {"name": "nobody's"}, (431, 9999)),
        ("authorizeSecurityGroupIngress", {"securitygroupname": "default"}, (431, 4350)),
        ("authorizeSecurityGroupIngress", {"cidrlist": "0.0.0.0/0"}, (431, 4350)),
        (
            "authorizeSecurityGroupIngress",
            {"securitygroupname": "default", "cidrlist": "10.0.0.0/33"},
            (431, 9999),
        ),
        (
            "authorizeSecurityGroupEgress",
            {"securitygroupname": "default", "cidrlist": "0.0.0.0/0", "protocol": "tcp", "startport": "0"},
            (431, 4350),
        ),
        (
            "authorizeSecurityGroupEgress",
            {"securitygroupname": "default", "usersecuritygrouplist[0].group": "nobody's"},
            (431, 9999),
        ),
    ],
)
async def test_refusals(doors: Doors, command: str, params: dict[str, str], told: tuple[int, int]) -> None:
    assert await refused(doors.alice, command, **params) == told


async def test_what_others_have_is_not_there(doors: Doors) -> None:
    web = await made(doors.alice, "web")
    rule = await doors.alice.result(
        "authorizeSecurityGroupIngress", securitygroupid=web["id"], protocol="47", cidrlist="0.0.0.0/0"
    )
    assert rule["securitygroup"]["ingressrule"][0]["protocol"] == "47"
    rule_id = rule["securitygroup"]["ingressrule"][0]["ruleid"]
    assert [group["name"] for group in await shown(doors.mallory, listall="true")] == ["default"]
    assert await shown(doors.mallory, id=web["id"]) == []
    for command, params in (
        ("deleteSecurityGroup", {"id": web["id"]}),
        ("updateSecurityGroup", {"id": web["id"], "name": "mine"}),
        ("authorizeSecurityGroupIngress", {"securitygroupid": web["id"], "cidrlist": "0.0.0.0/0"}),
        ("revokeSecurityGroupIngress", {"id": rule_id}),
    ):
        assert await refused(doors.mallory, command, **params) == (431, 9999)
    assert len(await shown(doors.admin, listall="true", securitygroupname="web")) == 1


async def test_tags_are_put_on_groups_and_found_by(doors: Doors) -> None:
    web = await made(doors.alice, "web")
    await doors.alice.result(
        "createTags",
        **{
            "resourcetype": "SecurityGroup",
            "resourceids": web["id"],
            "tags[0].key": "tier",
            "tags[0].value": "front",
        },
    )
    (found,) = await shown(doors.alice, **{"tags[0].key": "tier", "tags[0].value": "front"})
    assert (found["id"], found["tags"][0]["value"]) == (web["id"], "front")
