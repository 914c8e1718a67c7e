"""The cloud's example files, with a test provider that keeps rules and a test hypervisor: applied, and applied again."""

from __future__ import annotations

import pathlib

import httpx
import pytest
from tests.app.cloud.people import People
from tests.faces.cloudstack.replay.server import stand_ins, two_hosts
from tests.faces.rest.cloud.conftest import shown_keys
from tests.faces.rest.cloud.test_documents import applied
from tests.faces.rest.test_files import post
from tests.faces.rest.test_resources import problem

from netloom.app.cloud.backends import Backends
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.visibility import system_caller
from netloom.contract.networks_explained import NetworkExplained
from netloom.contract.reports import PlanReport

EXAMPLES = pathlib.Path(__file__).parents[4] / "examples"


@pytest.fixture
def backends() -> Backends:
    return stand_ins()


def text_of(name: str) -> str:
    """An example for the test hypervisor's image."""
    text = (EXAMPLES / name).read_text()
    return text.replace("Lab guest", "CentOS 5.6 (64-bit) no GUI (Simulator)")


async def enable(http: httpx.AsyncClient, *providers: str) -> None:
    for name in providers:
        text = f"kind: ServiceProvider\nname: {name}\nphysical_network: default\nstate: Enabled\n"
        await applied(http, text)


async def test_a_vpc_with_three_tiers(http: httpx.AsyncClient, cloud: Cloud) -> None:
    await cloud.write_as(system_caller(), "test", two_hosts)
    await enable(http, "VirtualRouter", "VpcVirtualRouter")
    first = await applied(http, text_of("vpc-three-tiers.yaml"))
    assert first.created == len(first.items)
    tiers = (await http.get("/v1/guest-networks", params={"vpc": "shop"})).json()["items"]
    assert {tier["name"]: tier["acl"] for tier in tiers} == {"web": "web", "app": "app", "db": "db"}
    rules = (await http.get("/v1/acl-items")).json()["items"]
    assert {rule["state"] for rule in rules if rule["acl"] in {"web", "app", "db"}} == {"Active"}
    machines = (await http.get("/v1/instances")).json()["items"]
    assert {machine["state"] for machine in machines} == {"Running"}
    again = await applied(http, text_of("vpc-three-tiers.yaml"))
    assert (again.created, again.updated) == (0, 0)
    changed = await applied(
        http,
        text_of("vpc-three-tiers.yaml").replace(
            "start_port: 443\nend_port: 443", "start_port: 8443\nend_port: 8443"
        ),
    )
    assert [item.name for item in changed.items if item.action == "updated"] == ["the world to web"]


async def test_the_guides_internal_balancer(http: httpx.AsyncClient, cloud: Cloud) -> None:
    await cloud.write_as(system_caller(), "test", two_hosts)
    await enable(http, "VirtualRouter", "VpcVirtualRouter", "InternalLbVm")
    offering = "DefaultIsolatedNetworkOfferingForVpcNetworks"
    tiers = text_of("vpc-three-tiers.yaml").replace(f"{offering}NoLB", f"{offering}WithInternalLB")
    guide = (EXAMPLES.parent / "docs" / "guide-cloud.md").read_text()
    inside = guide.partition("```yaml\n")[2].partition("```")[0]
    assert "InternalLoadBalancer" in inside
    whole = f"{tiers}\n---\n{inside}"
    first = await applied(http, whole)
    assert first.created == len(first.items)
    [balancer] = (await http.get("/v1/internal-load-balancers")).json()["items"]
    assert (balancer["state"], balancer["address"], balancer["network"]) == ("Active", "10.20.2.100", "app")
    members = (await http.get("/v1/internal-lb-members", params={"load_balancer": "app"})).json()["items"]
    assert {(member["instance"], member["state"]) for member in members} == {
        ("app-1", "Active"),
        ("app-2", "Active"),
    }
    again = await applied(http, whole)
    assert (again.created, again.updated) == (0, 0)
    public = {"name": "lb", "network": "app", "source_port": 80, "instance_port": 80, "algorithm": "source"}
    problem(
        await http.post("/v1/internal-load-balancers", json=public | {"address": "10.20.2.100"}),
        409,
        "rule-conflict",
    )


async def test_three_tenants(http: httpx.AsyncClient, cloud: Cloud) -> None:
    await cloud.write_as(system_caller(), "test", two_hosts)
    first = await applied(http, text_of("three-tenants.yaml"))
    assert first.created == len(first.items)
    again = await applied(http, text_of("three-tenants.yaml"))
    assert again.unchanged == len(again.items)
    nics = (await http.get("/v1/instance-nics", params={"ipv4": "10.1.1.11"})).json()["items"]
    assert {nic["account"] for nic in nics} == {"alice", "bob", "carol"}


async def test_what_failed_is_tried_again_when_the_file_is_applied_again(
    http: httpx.AsyncClient, cloud: Cloud
) -> None:
    text = text_of("three-tenants.yaml")
    stopped = problem(await post(http, "/v1/apply", text), 422, "apply-stopped")
    assert "no host of zone 'default'" in stopped.detail
    problem(await post(http, "/v1/apply", text), 422, "apply-stopped")  # Error is no end, and no success
    await cloud.write_as(system_caller(), "test", two_hosts)
    planned = PlanReport.model_validate_json((await post(http, "/v1/plan", text)).content)
    assert {(each.name, each.action) for each in planned.objects} >= {("alice-1", "change")}
    await applied(http, text)
    machines = (await http.get("/v1/instances")).json()["items"]
    assert {machine["state"] for machine in machines} == {"Running"}
    assert len(machines) == 6
    left = (await http.post("/v1/instances/alice-1/stop", params={"wait": 10})).json()
    assert left["state"] == "Stopped"
    again = await applied(http, text)
    assert again.unchanged == len(again.items)
    assert (await http.get("/v1/instances/alice-1")).json()["state"] == "Stopped"


async def test_a_network_tells_who_designed_it_and_why_no_other(
    http: httpx.AsyncClient, cloud: Cloud
) -> None:
    await cloud.write_as(system_caller(), "test", two_hosts)
    await applied(http, text_of("three-tenants.yaml"))
    networks = (await http.get("/v1/guest-networks", params={"account": "bob", "domain": "tenants"})).json()[
        "items"
    ]
    found = NetworkExplained.model_validate_json(
        (await http.get(f"/v1/guest-networks/{networks[0]['id']}/explain")).content
    )
    assert (found.guru, found.needed) == ("OvsGuestNetworkGuru", True)
    assert [each.guru for each in found.gurus if each.designs_it] == ["OvsGuestNetworkGuru"]
    assert all(each.reason for each in found.gurus)
    assert {each.service: each.provider for each in found.services} == {"Connectivity": "Ovs"}
    below = await http.get(f"/v1/networks/{found.native_name}/explain")
    assert NetworkExplained.model_validate_json(below.content) == found
    made = await http.post("/v1/networks", json={"name": "bare", "isolation": "gre", "cidr": "10.0.0.0/24"})
    assert made.status_code == 201
    problem(await http.get("/v1/networks/bare/explain"), 404, "not-a-guest-network")
    problem(await http.get("/v1/networks/none/explain"), 404, "network-not-found")


async def test_tenants_see_and_use_what_is_shared_with_them(
    http: httpx.AsyncClient, anybody: httpx.AsyncClient, cloud: Cloud, who: People
) -> None:
    await cloud.write_as(system_caller(), "test", two_hosts)
    text = text_of("flat-shared.yaml").partition("---\nkind: Account")[0]
    await applied(http, text)
    alice = await shown_keys(cloud, who.alice)
    seen = (await anybody.get("/v1/guest-networks", headers=alice)).json()["items"]
    assert [network["name"] for network in seen] == ["flat"]
    body = {
        "name": "hers", "template": "CentOS 5.6 (64-bit) no GUI (Simulator)", "service_offering": "Small Instance",
        "nics": ["flat"], "zone": "default",
    }  # fmt: skip
    made = await anybody.post("/v1/instances", headers=alice, json=body, params={"wait": 20})
    assert made.status_code == 201, made.text
    assert (made.json()["state"], made.json()["account"]) == ("Running", "alice")
    mallory = await shown_keys(cloud, who.mallory)
    problem(await anybody.get("/v1/instances/hers", headers=mallory), 404, "instance-not-found")
    problem(
        await anybody.get(f"/v1/instances/{made.json()['id']}", headers=mallory), 404, "instance-not-found"
    )
    stop = await anybody.post(f"/v1/instances/{made.json()['id']}/stop", headers=mallory)
    problem(stop, 404, "instance-not-found")
