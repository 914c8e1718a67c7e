"""Pods, their ranges, IPv6 pools and projects' roles over the native API and in files: what an operator declares once."""

from __future__ import annotations

import httpx
import pytest
from tests.app.cloud.people import People
from tests.faces.rest.cloud.conftest import shown_keys
from tests.faces.rest.cloud.test_documents import applied

from netloom.app.cloud.cloud import Cloud

RACKS = """\
kind: Pod
name: rack1
gateway: 192.0.2.1
netmask: 255.255.255.0
start_ip: 192.0.2.10
end_ip: 192.0.2.19
---
kind: StorageRange
name: storage of rack1
pod: rack1
gateway: 198.51.100.1
netmask: 255.255.255.0
start: 198.51.100.10
end: 198.51.100.19
vlan: 60
---
kind: Ipv6Pool
name: guests
prefix: 2001:db8:100::/56
"""


async def test_what_a_file_says_of_a_zone_is_there_and_stays(http: httpx.AsyncClient) -> None:
    first = await applied(http, RACKS)
    assert (first.created, [item.action for item in first.items]) == (3, ["created"] * 3)
    [storage] = (await http.get("/v1/storage-ranges?pod=rack1")).json()["items"]
    assert (storage["vlan"], storage["v4"]["end"]) == (60, "198.51.100.19")
    [pool] = (await http.get("/v1/ipv6-pools")).json()["items"]
    assert (pool["prefix"], pool["zone"]) == ("2001:db8:100::/56", "default")
    again = await applied(http, RACKS)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 3)
    changed = await applied(http, RACKS.replace("end: 198.51.100.19", "end: 198.51.100.29"))
    assert [item.name for item in changed.items if item.action == "updated"] == ["storage of rack1"]


async def test_a_pod_gets_a_range_and_gives_it_back(http: httpx.AsyncClient) -> None:
    await applied(http, RACKS)
    more = {"start": "192.0.2.30", "end": "192.0.2.39"}
    answer = await http.post("/v1/pods/rack1/add-range?wait=10", json=more)
    assert answer.status_code in {200, 202}, answer.text
    [span] = (await http.get("/v1/pods/rack1")).json()["spans"]
    assert (span["start"], span["end"], span["vlan"]) == ("192.0.2.30", "192.0.2.39", "vlan://untagged")
    clash = await http.post("/v1/pods/rack1/add-range", json=more)
    assert (clash.status_code, clash.json()["code"]) == (409, "range-overlaps")
    answer = await http.post("/v1/pods/rack1/remove-range?wait=10", json=more)
    assert answer.status_code in {200, 202}, answer.text
    assert (await http.get("/v1/pods/rack1")).json()["spans"] == []


@pytest.fixture
async def alice(cloud: Cloud, who: People) -> dict[str, str]:
    return await shown_keys(cloud, who.alice)


async def test_an_invitation_is_answered_by_its_id(
    http: httpx.AsyncClient, anybody: httpx.AsyncClient, cloud: Cloud, who: People, alice: dict[str, str]
) -> None:
    carol = await shown_keys(cloud, who.boss)
    await http.patch("/v1/configurations/project.invite.required", json={"value": "true"})
    answer = await anybody.post(
        f"/v1/projects/{who.common.id}/add-account?wait=10", json={"account": "boss"}, headers=alice
    )
    assert answer.status_code in {200, 202}, answer.text
    [seen] = (await anybody.get("/v1/project-invitations", headers=carol)).json()["items"]
    assert (seen["project_id"], seen["state"]) == (who.common.id, "Pending")
    path = f"/v1/project-invitations/{seen['id']}/answer?wait=10"
    assert (await anybody.post(path, json={"accept": True}, headers=alice)).status_code == 404
    answer = await anybody.post(path, json={"accept": True}, headers=carol)
    assert answer.status_code in {200, 202}, answer.text
    assert (await http.get(f"/v1/project-invitations/{seen['id']}")).json()["state"] == "Completed"


async def test_a_role_of_a_project_binds_here_too(
    anybody: httpx.AsyncClient, cloud: Cloud, who: People, alice: dict[str, str]
) -> None:
    role = {"name": "reader", "project": who.common.id}
    made = await anybody.post("/v1/project-roles", json=role, headers=alice)
    assert made.status_code == 201, made.text
    path = f"/v1/project-roles/{made.json()['id']}/add-rule"
    for command in ("createSecurityGroup", "listSecurityGroups"):
        rule = {"project": who.common.id, "pattern": command, "permission": "deny"}
        answer = await anybody.post(path, json=rule, headers=alice)
        assert answer.status_code == 200, answer.text
    bob = await shown_keys(cloud, who.bob)
    await anybody.post(
        f"/v1/projects/{who.common.id}/remove-account?wait=10", json={"account": "bob"}, headers=alice
    )
    again = {"account": "bob", "project_role": made.json()["id"]}
    answer = await anybody.post(
        f"/v1/projects/{who.common.id}/add-account?wait=10", json=again, headers=alice
    )
    assert answer.status_code in {200, 202}, answer.text
    group = {"name": "web", "project": who.common.id}
    assert (await anybody.post("/v1/security-groups", json=group, headers=bob)).status_code == 403
    assert (await anybody.get(f"/v1/security-groups?project={who.common.id}", headers=bob)).status_code == 403
    assert (await anybody.post("/v1/security-groups", json={"name": "own"}, headers=bob)).status_code == 201
