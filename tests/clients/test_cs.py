"""`cs`, the command line and library of CloudStack's Python users, with API keys over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.clients.conftest import RunningCloud

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]


def cs(cloud: RunningCloud, command: str, *parameters: str) -> dict[str, Any]:
    """What a command answered, its job followed to the end by the client."""
    answer: dict[str, Any] = json.loads(cloud.run("cs", command, *parameters).stdout or "{}")
    return answer


def test_a_network_is_made_shown_and_deleted(cloud: RunningCloud) -> None:
    zone = cs(cloud, "listZones")["zone"][0]["id"]
    offerings = cs(cloud, "listNetworkOfferings", "forvpc=false", "guestiptype=Isolated", "state=Enabled")
    offering = next(o for o in offerings["networkoffering"] if o["name"].endswith("SourceNatService"))
    made = cs(
        cloud, "createNetwork", "name=cs", "displaytext=made by cs", f"zoneid={zone}", f"networkofferingid={offering['id']}"
    )["network"]  # fmt: skip
    assert made["state"] == "Allocated"
    shown = cs(cloud, "listNetworks", f"id={made['id']}")
    assert shown["count"] == 1
    assert shown["network"][0]["cidr"] == "10.1.1.0/24"

    address = cs(cloud, "associateIpAddress", f"networkid={made['id']}")["ipaddress"]
    rule = cs(
        cloud, "createFirewallRule", f"ipaddressid={address['id']}", "protocol=tcp", "startport=22", "endport=22",
        "cidrlist=198.51.100.0/24",
    )["firewallrule"]  # fmt: skip
    assert rule["state"] == "Active"
    listed = cs(cloud, "listFirewallRules", f"ipaddressid={address['id']}")
    assert [each["id"] for each in listed["firewallrule"]] == [rule["id"]]

    assert cs(cloud, "deleteNetwork", f"id={made['id']}")["success"] in {True, "true"}
    assert cs(cloud, "listNetworks", "keyword=cs") == {}


def test_a_wrong_secret_is_refused(cloud: RunningCloud) -> None:
    done = cloud.run("cs", "listZones", environment={"CLOUDSTACK_SECRET": "wrong"}, check=False)
    assert done.returncode != 0
    assert "401" in done.stdout + done.stderr


def test_a_refusal_says_why(cloud: RunningCloud) -> None:
    done = cloud.run("cs", "createNetwork", "name=nowhere", check=False)
    assert done.returncode != 0
    assert "missing parameter" in done.stdout + done.stderr
