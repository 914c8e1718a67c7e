"""A tenant's network on real switches: up with its first NIC, down when it is empty, gone when it is deleted."""

from __future__ import annotations

from typing import Any

import pytest
from tests.system.cloud import Cloud, cloud, pings_go_by
from tests.system.cloudstack import CloudStack, Refused, cloudstack

from netloom.base.errors import NotFound
from netloom.client import calls
from netloom.contract.kinds import NETWORK, NIC
from netloom.lab import wait

pytestmark = [pytest.mark.lab, pytest.mark.alone, pytest.mark.timeout(120)]


def shown(api: CloudStack, network: dict[str, Any]) -> dict[str, Any]:
    """The network as it is now."""
    (found,) = api.all("listNetworks", "network", id=network["id"])
    return found


def becomes(api: CloudStack, network: dict[str, Any], state: str) -> None:
    """Wait for a state."""
    wait.until(lambda: shown(api, network)["state"] == state, f"{network['name']} is {state}", seconds=20)


def native(made: Cloud, network: dict[str, Any]) -> str:
    """What the network is called below."""
    return made.client.send(calls.get(NETWORK, network["id"])).name


def test_a_tenants_network_lives_with_its_nics() -> None:
    with cloud(2) as made, cloudstack(made) as api:
        api.call("updateConfiguration", name="network.gc.wait", value=1)
        (zone,) = api.all("listZones", "zone")
        (offering,) = api.all(
            "listNetworkOfferings", "networkoffering", name="DefaultOvsIsolatedNetworkOffering"
        )
        network = api.call(
            "createNetwork",
            name="blue",
            zoneid=zone["id"],
            networkofferingid=offering["id"],
            gateway="10.7.7.1",
            netmask="255.255.255.0",
        )["network"]
        assert (network["state"], network["cidr"]) == ("Allocated", "10.7.7.0/24")
        bare = made.flows()
        left, right = made.pair(native(made, network))
        becomes(api, network, "Implemented")
        assert shown(api, network)["broadcasturi"].startswith("geneve://")
        with pytest.raises(Refused) as refused:
            api.call("deleteNetwork", id=network["id"])
        assert refused.value.code == 530

        # A restart is a recompute: nothing is put anew, and no packet is lost, with a cleanup neither.
        made.in_sync()
        made.reaches(left, right)
        before = made.flows()
        with right.flood(left, interval=0.005) as flood:
            pings_go_by(left, 20)
            for cleanup in (False, True):
                api.call("restartNetwork", id=network["id"], cleanup=cleanup)
            pings_go_by(left, 50)
            result = flood.stop()
        assert result.sent >= 70
        assert result.lost == 0, result.missing
        made.in_sync()
        assert made.flows() == before, "a restart left other flows than it found"

        left.unplug()
        right.unplug()
        becomes(api, network, "Allocated")
        made.in_sync()
        assert made.flows() == bare, "a network that went down left flows"
        for guest in (left, right):
            made.client.send(calls.delete(NIC, guest.name))
        api.call("deleteNetwork", id=network["id"])
        assert api.all("listNetworks", "network") == []
        with pytest.raises(NotFound):
            native(made, network)
