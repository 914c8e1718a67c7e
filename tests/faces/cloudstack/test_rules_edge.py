"""IPv6 and routing firewall rules as CloudStack's clients see them, in networks that were made through the API."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
from tests.app.cloud.rules_stage import staged
from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.replay.server import administrator_keys, face_on, http_to

from netloom.app.cloud.visibility import system_caller

CIDR = "fd00:0:0:5::/64"


async def network_of(admin: Client, setting: str, mode: dict[str, str], *, nat: bool = True) -> str:
    """The id of an isolated network of an offering that has something special, with addresses of both families if it may."""
    await admin.result("updateConfiguration", name=setting, value="true")
    services = ("Dhcp", "Dns", "Firewall", *(("SourceNat",) if nat else ()))
    offering = await admin.result(
        "createNetworkOffering",
        name="special",
        displaytext="special",
        traffictype="Guest",
        guestiptype="Isolated",
        supportedservices=",".join(services),
        enable="true",
        **mode,
        **{
            f"serviceproviderlist[{i}].{key}": value
            for i, service in enumerate(services)
            for key, value in (("service", service), ("provider", "VirtualRouter"))
        },
    )
    zone = (await admin.result("listZones"))["zone"][0]["id"]
    v6 = {"ip6cidr": CIDR, "ip6gateway": "fd00:0:0:5::1"} if "internetprotocol" in mode else {}
    made = await admin.result(
        "createNetwork",
        name="special",
        zoneid=zone,
        networkofferingid=offering["networkoffering"]["id"],
        gateway="10.9.9.1",
        netmask="255.255.255.0",
        **v6,
    )
    return str(made["network"]["id"])


async def test_rules_of_a_routed_network(tmp_path: pathlib.Path) -> None:
    async with staged(f"sqlite:///{tmp_path}/cloud.db") as stage, http_to(face_on(stage.cloud)) as http:
        key, secret = await stage.cloud.write_as(system_caller(), "test", administrator_keys)
        admin = Client(http, key, secret)
        routed = {"networkmode": "ROUTED"}
        network = await network_of(admin, "routed.network.vpc.enabled", routed, nat=False)
        made = await admin.result(
            "createRoutingFirewallRule", networkid=network, protocol="tcp", startport="443"
        )
        rule = made["firewallrule"]
        assert (rule["startport"], rule["endport"], rule["cidrlist"]) == (443, 443, "0.0.0.0/0")
        assert (rule["destcidrlist"], rule["traffictype"]) == ("10.9.9.0/24", "Ingress")
        status, body = await admin.call(
            "createRoutingFirewallRule", networkid=stage.network.id, protocol="tcp", startport="443"
        )
        assert (status, next(iter(body.values()))["cserrorcode"]) == (431, 4350)
        hidden = await admin.result("updateRoutingFirewallRule", id=rule["id"], fordisplay="false")
        assert hidden["firewallrule"]["fordisplay"] is False
        listed = await admin.result("listRoutingFirewallRules", networkid=network)
        assert [each["id"] for each in listed["firewallrule"]] == [rule["id"]]
        assert (await admin.result("listIpv6FirewallRules", listall="true")).get("count") is None
        tag = {"tags[0].key": "team", "tags[0].value": "web"}
        await admin.result("createTags", resourcetype="FirewallRule", resourceids=rule["id"], **tag)
        listed = await admin.result("listRoutingFirewallRules", listall="true", **tag)
        assert listed["firewallrule"][0]["tags"][0]["resourcetype"] == "FirewallRule"
        found = await admin.result("listTags", resourcetype="FirewallRule", listall="true")
        assert [(each["resourceid"], each["resourcetype"]) for each in found["tag"]] == [
            (rule["id"], "FirewallRule")
        ]
        await admin.result("deleteTags", resourcetype="FirewallRule", resourceids=rule["id"])
        assert await admin.result("listTags", listall="true") == {}
        assert await admin.result("deleteRoutingFirewallRule", id=rule["id"]) == {"success": True}


async def test_rules_of_a_network_with_ipv6(tmp_path: pathlib.Path) -> None:
    async with staged(f"sqlite:///{tmp_path}/cloud.db") as stage, http_to(face_on(stage.cloud)) as http:
        key, secret = await stage.cloud.write_as(system_caller(), "test", administrator_keys)
        admin = Client(http, key, secret)
        network = await network_of(admin, "ipv6.offering.enabled", {"internetprotocol": "dualstack"})

        async def refused(command: str, **params: str) -> tuple[int, Any]:
            status, body = await admin.call(command, **params)
            return status, next(iter(body.values()))["cserrorcode"]

        made = await admin.result(
            "createIpv6FirewallRule",
            networkid=network,
            protocol="tcp",
            startport="80",
            endport="90",
            cidrlist="2001:db8::/32",
        )
        rule = made["firewallrule"]
        assert {name: rule[name] for name in ("startport", "endport", "cidrlist", "destcidrlist")} == {
            "startport": 80,
            "endport": 90,
            "cidrlist": "2001:db8::/32",
            "destcidrlist": CIDR,
        }
        assert (rule["traffictype"], rule["networkid"], rule["protocol"]) == ("Ingress", network, "tcp")
        out = await admin.result(
            "createIpv6FirewallRule", networkid=network, protocol="all", traffictype="egress"
        )
        assert out["firewallrule"]["cidrlist"] == CIDR
        asked = {"networkid": network, "protocol": "tcp", "startport": "85"}
        assert await refused("createIpv6FirewallRule", **asked) == (537, 4360)
        assert await refused("createIpv6FirewallRule", **asked, cidrlist="10.0.0.0/8") == (431, 9999)
        assert await refused("createIpv6FirewallRule", **asked | {"networkid": stage.network.id}) == (
            431,
            4350,
        )
        moved = await admin.result("updateIpv6FirewallRule", id=rule["id"], startport="443", endport="443")
        assert moved["firewallrule"]["startport"] == 443
        assert {moved["firewallrule"][name] for name in ("publicport", "publicendport")} == {"443"}
        assert await refused("updateIpv6FirewallRule", id=rule["id"], traffictype="Egress") == (431, 4350)
        listed = await admin.result("listIpv6FirewallRules", networkid=network, traffictype="ingress")
        assert [each["id"] for each in listed["firewallrule"]] == [rule["id"]]
        assert (await admin.result("listFirewallRules", listall="true")).get("count") is None
        assert await admin.result("deleteIpv6FirewallRule", id=rule["id"]) == {"success": True}
        listed = await admin.result("listIpv6FirewallRules", listall="true")
        assert [each["id"] for each in listed["firewallrule"]] == [out["firewallrule"]["id"]]
        assert await refused("listIpv6FirewallRules", traffictype="sideways") == (431, 4350)


@pytest.mark.parametrize("command", ["updateIpv6FirewallRule", "deleteIpv6FirewallRule"])
async def test_a_rule_that_never_was(admin: Client, command: str) -> None:
    status, body = await admin.call(command, id="00000000-0000-4000-8000-000000000009")
    assert (status, next(iter(body.values()))["cserrorcode"]) == (431, 9999)
