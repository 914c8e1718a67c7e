"""VPNs through the API where the recorded tour does not go: remote access, users, changes, who is told which key."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.app.cloud.vpcs import VpcStage, vpc_staged
from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.replay.server import administrator_keys, face_on, http_to
from tests.faces.cloudstack.test_rules import Doors, content, doors

from netloom.app.cloud.visibility import system_caller

__all__ = ["doors"]

CUSTOMER = {
    "gateway": "vpn.example.org",
    "cidrlist": "172.30.0.0/16, 172.31.0.0/16",
    "ipsecpsk": "s3cret",
    "ikepolicy": "aes256-sha256;modp2048",
    "esppolicy": "aes256-sha256",
}


@pytest.fixture
async def site(tmp_path: pathlib.Path) -> AsyncIterator[tuple[VpcStage, Client]]:
    async with vpc_staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        cloud = stage.stage.cloud
        key, secret = await cloud.write_as(system_caller(), "test", administrator_keys)
        async with http_to(face_on(cloud)) as http:
            yield stage, Client(http, key, secret)


async def listed(client: Client, command: str, key: str, **params: str) -> list[dict[str, Any]]:
    return list((await client.result(command, listall="true", **params)).get(key, []))


async def test_a_connection_from_its_ends_to_its_reset(site: tuple[VpcStage, Client]) -> None:
    stage, admin = site
    vpc = await stage.vpc()
    gateway = (await admin.result("createVpnGateway", vpcid=vpc.id))["vpngateway"]
    (same,) = await listed(admin, "listVpnGateways", "vpngateway", vpcid=vpc.id)
    assert (same["id"], same["publicip"], same["vpcname"]) == (gateway["id"], gateway["publicip"], vpc.name)
    owner = {"account": "alice", "domainid": stage.stage.who.acme.id}
    customer = (await admin.result("createVpnCustomerGateway", **CUSTOMER, **owner))["vpncustomergateway"]
    assert customer["name"] == "VPN-vpn.example.org"
    assert customer["cidrlist"] == "172.30.0.0/16,172.31.0.0/16"
    ends = {"s2svpngatewayid": gateway["id"], "s2scustomergatewayid": customer["id"]}
    made = (await admin.result("createVpnConnection", **ends, passive="true"))["vpnconnection"]
    assert (made["state"], made["passive"], made["gateway"]) == ("Connecting", True, "vpn.example.org")
    changed = await admin.result(
        "updateVpnCustomerGateway",
        id=customer["id"],
        **{**CUSTOMER, "ipsecpsk": "other", "dpd": "true", "ikeversion": "ikev2"},
    )
    assert changed["vpncustomergateway"]["name"] == "VPN-vpn.example.org"
    (now,) = await listed(admin, "listVpnConnections", "vpnconnection", vpcid=vpc.id)
    assert (now["ipsecpsk"], now["dpd"], now["ikeversion"]) == ("other", True, "ikev2")
    hidden = await admin.result("updateVpnConnection", id=made["id"], fordisplay="false")
    assert hidden["vpnconnection"]["fordisplay"] is False
    again = await admin.result("resetVpnConnection", id=made["id"])
    assert again["vpnconnection"]["state"] == "Connecting"
    await admin.result("deleteVpnConnection", id=made["id"])
    await admin.result("deleteVpnCustomerGateway", id=customer["id"])
    await admin.result("deleteVpnGateway", id=gateway["id"])
    assert await listed(admin, "listVpnConnections", "vpnconnection") == []


async def test_a_key_that_the_vault_does_not_open_is_left_out(site: tuple[VpcStage, Client]) -> None:
    stage, admin = site
    customer = (await admin.result("createVpnCustomerGateway", **CUSTOMER))["vpncustomergateway"]
    assert customer["ipsecpsk"] == "s3cret"
    stage.stage.cloud.backends.vault.__init__("another file")  # type: ignore[misc]
    key, secret = await stage.stage.cloud.write_as(system_caller(), "test", administrator_keys)
    async with http_to(face_on(stage.stage.cloud)) as http:
        (told,) = await listed(Client(http, key, secret), "listVpnCustomerGateways", "vpncustomergateway")
    assert told["id"] == customer["id"]
    assert "ipsecpsk" not in told


async def test_remote_access_to_a_network_and_its_users(doors: Doors) -> None:
    ip, alice = await doors.address(), doors.alice
    vpn = (await alice.result("createRemoteAccessVpn", publicipid=ip))["remoteaccessvpn"]
    assert (vpn["state"], vpn["iprange"]) == ("Running", "10.1.2.2-10.1.2.8")
    assert len(vpn["presharedkey"]) >= 8
    rules = await alice.result("listFirewallRules", listall="true")
    assert sorted(rule["startport"] for rule in rules["firewallrule"]) == [500, 1701, 4500]
    (same,) = await listed(alice, "listRemoteAccessVpns", "remoteaccessvpn", publicipid=ip)
    assert same["presharedkey"] == vpn["presharedkey"]
    hidden = await alice.result("updateRemoteAccessVpn", id=vpn["id"], fordisplay="false")
    assert hidden["remoteaccessvpn"]["fordisplay"] is False
    user = (await alice.result("addVpnUser", username="ann", password="pw-of-ann"))["vpnuser"]
    assert (user["username"], user["state"], "password" in user) == ("ann", "Active", False)
    assert [each["username"] for each in await listed(alice, "listVpnUsers", "vpnuser")] == ["ann"]
    await alice.result("removeVpnUser", username="ann")
    assert await listed(alice, "listVpnUsers", "vpnuser") == []
    for command, params in (
        ("deleteRemoteAccessVpn", {"publicipid": ip}),
        ("updateRemoteAccessVpn", {"id": vpn["id"]}),
        ("listRemoteAccessVpns", {"publicipid": ip}),
    ):
        status, answer = await doors.mallory.call(command, **params)
        assert (status, content((status, answer))["cserrorcode"]) == (431, 9999)
    assert await listed(doors.mallory, "listRemoteAccessVpns", "remoteaccessvpn") == []
    await alice.result("deleteRemoteAccessVpn", publicipid=ip)
    assert await listed(alice, "listRemoteAccessVpns", "remoteaccessvpn") == []
