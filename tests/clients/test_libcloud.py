"""Apache libcloud's CloudStack driver: it signs without expiry, asks with GET, and needs fields that others do not.

The driver runs in a process of its own, with what it prints as JSON; see `libcloud_tour.py`.
"""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
from tests.clients.conftest import RunningCloud

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]

TOUR = pathlib.Path(__file__).parent / "libcloud_tour.py"


@pytest.fixture(scope="module")
def told(cloud: RunningCloud) -> dict[str, Any]:
    done = cloud.run("python", str(TOUR), seconds=200)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_networks_are_made_listed_and_deleted(told: dict[str, Any]) -> None:
    assert told["network"]["name"] == "libcloud"
    assert told["network"]["listed"]
    assert told["network"]["deleted"] is True


def test_addresses_firewalls_and_forwardings(told: dict[str, Any]) -> None:
    assert told["address"] == {"listed": True, "released": True}
    assert told["firewall"] == {
        "protocol": "tcp",
        "start": 443,
        "end": 443,
        "cidr": "198.51.100.0/24",
        "deleted": True,
    }
    assert told["egress"] == {"protocol": "tcp", "start": 25, "listed": True, "deleted": True}


def test_nodes_are_deployed_stopped_and_destroyed(told: dict[str, Any]) -> None:
    node = told["node"]
    assert (node["name"], node["state"]) == ("libcloud-node", "running")
    assert [address.rpartition(".")[0] for address in node["addresses"]] == ["10.1.1"]
    assert node["stopped"] == "Stopped"
    assert node["destroyed"] is True


def test_vpcs_tiers_and_access_lists(told: dict[str, Any]) -> None:
    assert told["vpc"] == {"name": "libcloud-vpc", "cidr": "10.9.0.0/16", "tier": "web", "deleted": True}
    assert told["acl"] == {"list": "libcloud-list", "protocol": "tcp", "port": 8080}


def test_refusals_are_told_with_the_servers_words(told: dict[str, Any]) -> None:
    assert "not inside 10.9.0.0/16" in told["refused"]
