"""Offerings through CloudStack's API: made, found by every filter, changed, kept from others, deleted."""

from __future__ import annotations

from typing import Any

import pytest
from tests.app.cloud.people import people
from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.test_infrastructure import refused, signing

from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.offerings_seed import NETWORK_OFFERINGS, OVS_ISOLATED, SOURCE_NAT

ISOLATED = {
    "guestiptype": "Isolated",
    "traffictype": "Guest",
    "supportedservices": "Dhcp,Lb",
    "serviceproviderlist[0].service": "Dhcp",
    "serviceproviderlist[0].provider": "VirtualRouter",
    "serviceproviderlist[1].service": "Lb",
    "serviceproviderlist[1].provider": "virtualrouter",
    "servicecapabilitylist[0].service": "Lb",
    "servicecapabilitylist[0].capabilitytype": "SupportedLBIsolation",
    "servicecapabilitylist[0].capabilityvalue": "dedicated",
}


async def send(client: Client, command: str, params: dict[str, str]) -> dict[str, Any]:
    """A call whose parameters are no Python names; what it answered."""
    status, body = await client.send({"command": command, **params})
    content: dict[str, Any] = next(iter(body.values()))
    assert status == 200, content
    return content


async def offering(client: Client, name: str, **params: str) -> dict[str, Any]:
    """A new offering of isolated networks."""
    made: dict[str, Any] = (
        await send(client, "createNetworkOffering", {"name": name, **ISOLATED, **params})
    )["networkoffering"]
    return made


def values(row: dict[str, Any], service: str) -> dict[str, str]:
    """What a row tells of a service's capabilities."""
    found = next(each for each in row["service"] if each["name"] == service)
    return {each["name"]: each["value"] for each in found.get("capability", ())}


async def names(client: Client, command: str = "listNetworkOfferings", **params: str) -> list[str]:
    """What a list has."""
    found = await client.result(command, **params)
    return [each["name"] for rows in found.values() if isinstance(rows, list) for each in rows]


async def test_an_offering_says_what_was_chosen_and_what_holds_by_itself(admin: Client) -> None:
    made = await offering(admin, "mine", tags="fast,new", networkrate="100", egressdefaultpolicy="true")
    assert (made["state"], made["networkrate"], made["tags"], made["forvpc"]) == (
        "Disabled",
        100,
        "fast,new",
        False,
    )
    assert made["displaytext"] == "mine"
    assert values(made, "Lb") == {
        "SupportedLBIsolation": "dedicated",
        "ElasticLb": "false",
        "InlineMode": "false",
        "VmAutoScaling": "false",
    }
    assert values(made, "Dhcp") == {}
    assert (
        made["serviceofferingid"]
        == (await admin.result("listServiceOfferings", issystem="true"))["serviceoffering"][0]["id"]
    )


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"name": "mine"}, ["mine"]),
        (
            {"keyword": "L2 networks on"},
            ["DefaultL2NetworkOfferingVlan", "DefaultL2NetworkOfferingConfigDriveVlan"],
        ),
        ({"state": "disabled"}, ["mine"]),
        ({"isdefault": "false"}, ["mine"]),
        ({"istagged": "true"}, ["mine"]),
        ({"tags": "other,fast"}, ["mine"]),
        ({"tags": "other"}, []),
        ({"availability": "required"}, [SOURCE_NAT]),
        (
            {"guestiptype": "L2", "specifyvlan": "false"},
            ["DefaultL2NetworkOffering", "DefaultL2NetworkOfferingConfigDrive"],
        ),
        ({"supportedservices": "SourceNat,Firewall"}, [SOURCE_NAT]),
        ({"forvpc": "false", "sourcenatsupported": "true"}, [SOURCE_NAT]),
        ({"page": "1", "pagesize": "1"}, [OVS_ISOLATED]),
    ],
    ids=str,
)
async def test_offerings_are_found_by_what_they_are(
    admin: Client, filters: dict[str, str], expected: list[str]
) -> None:
    await offering(admin, "mine", tags="fast")
    assert await names(admin, **filters) == expected


async def test_a_page_tells_how_many_there_are(admin: Client) -> None:
    found = await admin.result("listNetworkOfferings", page="2", pagesize="5")
    assert (found["count"], len(found["networkoffering"])) == (len(NETWORK_OFFERINGS), 5)
    assert (await refused(admin, "listNetworkOfferings", supportedservices="Teleport"))[:2] == (431, 4350)


async def test_an_offering_of_a_domain_is_for_it_and_those_below(cloud: Cloud, admin: Client) -> None:
    who = await people(cloud)
    made = await offering(admin, "of-acme", domainid=who.acme.id, enable="true")
    assert made["domain"].rstrip("/").endswith("acme")
    for caller, sees in ((who.alice, True), (who.carol, True), (who.mallory, False)):
        client = await signing(admin, cloud, caller)
        assert ("of-acme" in await names(client)) is sees
        if not sees:
            assert (await refused(client, "listNetworkOfferings", id=made["id"]))[:2] == (431, 9999)
    assert "of-acme" not in await names(admin, domainid=who.other.id)
    opened = await admin.result("updateNetworkOffering", id=made["id"], domainid="all", displaytext="For all")
    assert "domainid" not in opened["networkoffering"]
    assert "of-acme" in await names(await signing(admin, cloud, who.mallory))
    status, _, text = await refused(admin, "updateNetworkOffering", id=made["id"], zoneid="here")
    assert (status, "is no id" in text) == (431, True)


async def test_built_in_offerings_are_disabled_and_not_deleted(admin: Client) -> None:
    (found,) = (await admin.result("listNetworkOfferings", name=SOURCE_NAT))["networkoffering"]
    status, code, text = await refused(admin, "deleteNetworkOffering", id=found["id"])
    assert (status, code, "came with netloom" in text) == (431, 4350, True)
    changed = await admin.result("updateNetworkOffering", id=found["id"], state="Disabled", sortkey="7")
    assert changed["networkoffering"]["state"] == "Disabled"
    mine = await offering(admin, "mine")
    await admin.result("deleteNetworkOffering", id=mine["id"])
    assert await names(admin, name="mine") == []


async def test_an_offering_of_vpcs(admin: Client) -> None:
    made = (await admin.result("createVPCOffering", name="v", supportedservices="Dhcp,Dns", enable="true"))[
        "vpcoffering"
    ]
    given = {(each["name"], one["name"]) for each in made["service"] for one in each["provider"]}
    assert given == {(name, "VpcVirtualRouter") for name in ("Dhcp", "Dns", "SourceNat", "NetworkACL")}
    assert made["state"] == "Enabled"
    assert await names(admin, "listVPCOfferings", isdefault="false") == ["v"]
    assert await names(admin, "listVPCOfferings", supportedservices="Vpn", state="Enabled") == [
        "Default VPC offering",
        "Redundant VPC offering",
    ]
    changed = await admin.result("updateVPCOffering", id=made["id"], name="w", state="Disabled")
    assert (changed["vpcoffering"]["name"], changed["vpcoffering"]["state"]) == ("w", "Disabled")
    assert (await refused(admin, "createVPCOffering", name="w"))[0] == 431
    assert (await refused(admin, "createVPCOffering", name="x", supportedservices="Firewall"))[0] == 431
    await admin.result("deleteVPCOffering", id=made["id"])
    assert await names(admin, "listVPCOfferings", isdefault="false") == []


async def test_sizes_of_instances(cloud: Cloud, admin: Client) -> None:
    assert await names(admin, "listServiceOfferings") == ["Small Instance", "Medium Instance"]
    made = (
        await admin.result(
            "createServiceOffering",
            name="Big",
            cpunumber="4",
            cpuspeed="2000",
            memory="8192",
            hosttags="fast",
            displaytext="Big one",
        )
    )["serviceoffering"]
    assert (made["cpunumber"], made["memory"], made["iscustomized"], made["hosttags"]) == (
        4,
        8192,
        False,
        "fast",
    )
    free = (await admin.result("createServiceOffering", name="Free"))["serviceoffering"]
    assert (free["iscustomized"], "cpunumber" in free) == (True, False)
    assert await names(admin, "listServiceOfferings", memory="8192") == ["Big"]
    for wrong in ({"cpunumber": "2"}, {"cpunumber": "0", "memory": "1"}, {"networkrate": "-1"}):
        assert (await refused(admin, "createServiceOffering", name="n", **wrong))[0] == 431
    changed = await admin.result("updateServiceOffering", id=made["id"], name="Bigger", state="Inactive")
    assert (changed["serviceoffering"]["name"], changed["serviceoffering"]["state"]) == ("Bigger", "Inactive")
    await admin.result("deleteServiceOffering", id=made["id"])
    assert await names(admin, "listServiceOfferings", name="Bigger") == []
    (size,) = (await admin.result("listServiceOfferings", issystem="true"))["serviceoffering"]
    assert (await refused(admin, "deleteServiceOffering", id=size["id"]))[0] == 431
    who = await people(cloud)
    alice = await signing(admin, cloud, who.alice)
    assert await names(alice, "listServiceOfferings") == ["Small Instance", "Medium Instance", "Free"]
    assert (await refused(alice, "listServiceOfferings", issystem="true"))[0] == 531


async def test_there_are_no_disks_to_offer(admin: Client) -> None:
    assert await admin.result("listDiskOfferings") == {}
