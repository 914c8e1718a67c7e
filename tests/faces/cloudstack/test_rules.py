"""Addresses and rules through the API where the recorded tour does not go: free addresses, members by map, refusals."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.app.cloud.people import keys
from tests.app.cloud.rules_stage import LAST, Stage, put_secondary, staged
from tests.app.cloud.test_certificates import CA_KEY, KEY, NOW, certificate, pem
from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.replay.server import administrator_keys, face_on, http_to

from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import Work
from netloom.base.ids import NetworkId
from netloom.model.cloud.networks import NetworkPermission
from netloom.model.cloud.record import AccountId
from netloom.plan.elements import Outcome, RuleStage


@dataclass
class Doors:
    """Clients of one staged cloud: who owns the network, the administrator, somebody else."""

    stage: Stage
    alice: Client
    admin: Client
    mallory: Client

    async def address(self) -> str:
        """The id of an address of Alice's that is not source NAT."""
        for _ in range(2):
            made = await self.alice.result("associateIpAddress", networkid=self.stage.network.id)
            if not made["ipaddress"]["issourcenat"]:
                break
        return str(made["ipaddress"]["id"])


@pytest.fixture
async def doors(tmp_path: pathlib.Path) -> AsyncIterator[Doors]:
    async with staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        cloud = stage.cloud
        clients: list[tuple[str, str]] = [await cloud.write_as(system_caller(), "test", administrator_keys)]
        for who in (stage.who.alice, stage.who.mallory):
            pair = await keys(cloud, who)
            key_id, sealed = pair.id, pair.secret

            def opened(work: Work, key_id: str = key_id, sealed: str = sealed) -> str:
                return work.backends.vault.open(sealed, f"api_key/{key_id}")

            clients.append((pair.key, await cloud.write_as(system_caller(), "test", opened)))
        async with http_to(face_on(cloud)) as http:
            admin, alice, mallory = (Client(http, key, secret) for key, secret in clients)
            yield Doors(stage, alice, admin, mallory)


def content(answer: tuple[int, dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = next(iter(answer[1].values()))
    return found


async def test_free_addresses_are_listed_reserved_and_had(doors: Doors) -> None:
    taken = await doors.address()
    free = await doors.alice.result("listPublicIpAddresses", state="Free", page="1", pagesize="3")
    assert free["count"] == LAST - 10 + 1 - 2
    first = free["publicipaddress"][0]
    assert (first["ipaddress"], first["state"]) == ("192.0.2.12", "Free")
    assert "vlanid" not in first  # the operator's affair
    everything = await doors.alice.result(
        "listPublicIpAddresses", allocatedonly="false", page="1", pagesize="3"
    )
    assert [each["state"] for each in everything["publicipaddress"]] == ["Allocated", "Allocated", "Free"]
    assert everything["count"] == LAST - 10 + 1
    second = await doors.alice.result("listPublicIpAddresses", allocatedonly="false", page="2", pagesize="3")
    assert second["publicipaddress"][0]["ipaddress"] == "192.0.2.13"
    counted = content(await doors.alice.call("listPublicIpAddresses", retrieveonlyresourcecount="true"))
    assert counted == {"count": 2, "publicipaddress": []}
    where = {"account": "alice", "domainid": doors.stage.who.acme.id}
    reserved = await doors.admin.result("reserveIpAddress", id=first["id"], **where)
    assert reserved["ipaddress"]["state"] == "Reserved"
    status, _ = await doors.admin.call("reserveIpAddress", id=taken, **where)
    assert status == 431
    released = await doors.admin.result("releaseIpAddress", id=reserved["ipaddress"]["id"])
    assert released == {"success": True}


async def test_static_nat_that_is_refused_is_so_at_once(doors: Doors) -> None:
    ip, web = await doors.address(), doors.stage.web.id
    doors.stage.notebook.refusals[RuleStage.STATIC_NAT] = Outcome(done=False, reason="no room")
    status, body = await doors.alice.call("enableStaticNat", ipaddressid=ip, virtualmachineid=web)
    assert (status, content((status, body))["errorcode"]) == (530, 530)
    assert "no room" in content((status, body))["errortext"]
    doors.stage.notebook.refusals.clear()
    done = await doors.alice.result("enableStaticNat", ipaddressid=ip, virtualmachineid=web)
    assert done == {"success": True}
    listed = await doors.alice.result("listPublicIpAddresses", isstaticnat="true")
    [row] = listed["publicipaddress"]
    assert (row["virtualmachineid"], row["vmipaddress"], row["hasrules"]) == (
        web,
        doors.stage.nics[web].ipv4,
        False,
    )
    opened = await doors.alice.result(
        "createIpForwardingRule", ipaddressid=ip, protocol="tcp", startport="80"
    )
    rules = await doors.alice.result("listIpForwardingRules", virtualmachineid=web)
    assert [each["id"] for each in rules["ipforwardingrule"]] == [opened["ipforwardingrule"]["id"]]


async def test_members_are_named_by_a_map_too(doors: Doors) -> None:
    stage, ip = doors.stage, await doors.address()
    nic = stage.nics[stage.web.id]
    await stage.write(lambda work: put_secondary(work, nic, "10.1.1.77"))
    made = await doors.alice.result(
        "createLoadBalancerRule",
        publicipid=ip,
        algorithm="source",
        name="lb",
        publicport="80",
        privateport="8080",
    )
    balancer = made["loadbalancer"]["id"]
    await doors.alice.result(
        "assignToLoadBalancerRule",
        **{
            "id": balancer,
            "virtualmachineids": f"{stage.db.id}",
            "vmidipmap[0].vmid": stage.web.id,
            "vmidipmap[0].vmip": "10.1.1.77",
        },
    )
    told = await doors.alice.result("listLoadBalancerRuleInstances", id=balancer, lbvmips="true")
    addresses = {
        each["loadbalancerruleinstance"]["id"]: each["lbvmipaddresses"] for each in told["lbrulevmidip"]
    }
    assert addresses == {stage.web.id: ["10.1.1.77"], stage.db.id: [stage.nics[stage.db.id].ipv4]}
    page = await doors.alice.result("listLoadBalancerRuleInstances", id=balancer, page="2", pagesize="1")
    assert (page["count"], len(page["loadbalancerruleinstance"])) == (2, 1)
    could_be = content(await doors.alice.call("listLoadBalancerRuleInstances", id=balancer, applied="false"))
    assert could_be == {}
    await doors.alice.result("removeFromLoadBalancerRule", id=balancer, virtualmachineids=stage.db.id)
    could_be = await doors.alice.result("listLoadBalancerRuleInstances", id=balancer, applied="false")
    assert [each["id"] for each in could_be["loadbalancerruleinstance"]] == [stage.db.id]
    by_instance = await doors.alice.result("listLoadBalancerRules", virtualmachineid=stage.web.id)
    assert by_instance["count"] == 1
    status, _ = await doors.alice.call(
        "assignToLoadBalancerRule", **{"id": balancer, "vmidipmap[0].vmid": "nobody"}
    )
    assert status == 431
    status, _ = await doors.alice.call("assignToLoadBalancerRule", id=balancer)
    assert status == 431


@pytest.mark.parametrize(
    ("command", "parameter"),
    [
        ("createFirewallRule", "ipaddressid"),
        ("createPortForwardingRule", "ipaddressid"),
        ("createLoadBalancerRule", "publicipid"),
        ("enableStaticNat", "ipaddressid"),
        ("disassociateIpAddress", "id"),
        ("listPublicIpAddresses", "id"),
        ("listFirewallRules", "ipaddressid"),
        ("updateIpAddress", "id"),
    ],
)
async def test_an_address_of_others_is_not_found(doors: Doors, command: str, parameter: str) -> None:
    ip = await doors.address()
    more = {
        "protocol": "tcp",
        "startport": "22",
        "publicport": "22",
        "privateport": "22",
        "virtualmachineid": doors.stage.web.id,
        "name": "lb",
        "algorithm": "source",
    }
    wanted = {parameter: ip, **more} if command.startswith(("create", "enable")) else {parameter: ip}
    theirs = await doors.mallory.call(command, **wanted)
    nobodys = await doors.mallory.call(
        command, **{**wanted, parameter: "00000000-0000-4000-8000-00000000dead"}
    )
    assert theirs[0] == nobodys[0] == 431
    assert content(theirs)["cserrorcode"] == content(nobodys)["cserrorcode"] == 9999
    assert content(theirs)["errortext"].replace(ip, "X") == content(nobodys)["errortext"].replace(
        "00000000-0000-4000-8000-00000000dead", "X"
    )


async def test_rules_are_listed_by_a_network_that_was_opened_to_the_caller(doors: Doors) -> None:
    network = doors.stage.network
    wanted = {"networkid": network.id}
    assert (await doors.mallory.call("listPortForwardingRules", **wanted))[0] == 431

    def opened(work: Work) -> None:
        account_id = AccountId(doors.stage.who.mallory.account_id)
        work.insert(
            NetworkPermission(**work.birth(), network_id=NetworkId(network.id), account_id=account_id)
        )

    await doors.stage.write(opened)
    status, body = await doors.mallory.call("listPortForwardingRules", **wanted)
    assert (status, content((status, body))) == (200, {})


async def test_egress_rules_are_a_list_of_their_own(doors: Doors) -> None:
    ip = await doors.address()
    into = await doors.alice.result(
        "createFirewallRule", ipaddressid=ip, protocol="tcp", startport="22", cidrlist="10.0.0.0/8"
    )
    out = await doors.alice.result(
        "createEgressFirewallRule",
        networkid=doors.stage.network.id,
        protocol="all",
        destcidrlist="198.51.100.0/24",
    )
    rule = out["firewallrule"]
    assert (rule["cidrlist"], rule["destcidrlist"], rule["traffictype"]) == (
        "10.1.1.0/24",
        "198.51.100.0/24",
        "Egress",
    )
    listed = await doors.alice.result("listEgressFirewallRules")
    assert [each["id"] for each in listed["firewallrule"]] == [rule["id"]]
    listed = await doors.alice.result("listFirewallRules", networkid=doors.stage.network.id)
    assert [each["id"] for each in listed["firewallrule"]] == [into["firewallrule"]["id"]]
    assert (await doors.alice.call("deleteFirewallRule", id=rule["id"]))[0] == 431


async def test_certificates_are_listed_without_their_keys(doors: Doors) -> None:
    days = (doors.stage.cloud.now() - NOW).days + 30
    leaf = certificate("web", KEY, "ca", CA_KEY, days=days)
    sent = {"name": "web", "certificate": leaf, "privatekey": pem(KEY)}
    made = await doors.alice.result("uploadSslCert", **sent)
    cert = made["sslcert"]
    assert (cert["certificate"], cert["account"], cert["loadbalancerrulelist"]) == (leaf, "alice", [])
    listed = await doors.alice.result("listSslCerts", certid=cert["id"])
    assert listed["sslcert"] == [cert]
    assert "PRIVATE KEY" not in f"{made}{listed}"
    assert (await doors.mallory.call("listSslCerts", certid=cert["id"]))[0] == 431
    assert content(await doors.mallory.call("listSslCerts")) == {}
    bad = await doors.alice.call("uploadSslCert", **{**sent, "name": "other", "privatekey": pem(CA_KEY)})
    assert (bad[0], content(bad)["cserrorcode"]) == (431, 4350)
    assert await doors.alice.result("deleteSslCert", id=cert["id"]) == {"success": True}


async def test_the_rest_of_an_address_is_listed_changed_and_ended(doors: Doors) -> None:
    await doors.admin.result("updateConfiguration", name="public.ip.address.quarantine.duration", value="60")
    ip = await doors.address()
    address = (await doors.alice.result("listPublicIpAddresses", id=ip))["publicipaddress"][0]["ipaddress"]
    await doors.alice.result("disassociateIpAddress", id=ip)
    [resting] = (await doors.admin.result("listQuarantinedIps"))["quarantinedip"]
    assert (resting["ipaddress"], resting["previousownername"]) == (address, "alice")
    later = await doors.admin.result(
        "updateQuarantinedIp", ipaddress=address, enddate="2099-01-01T00:00:00+0000"
    )
    assert later["quarantinedip"]["enddate"] == "2099-01-01T00:00:00+0000"
    assert (await doors.admin.call("updateQuarantinedIp", ipaddress=address, enddate="2001-01-01"))[0] == 431
    ended = await doors.admin.result("removeQuarantinedIp", id=resting["id"], removalreason="it is needed")
    assert ended["quarantinedip"]["removalreason"] == "it is needed"
    assert content(await doors.admin.call("listQuarantinedIps")) == {}
    every = await doors.admin.result("listQuarantinedIps", showremoved="true")
    assert every["count"] == 1
    assert (await doors.admin.call("removeQuarantinedIp", id=resting["id"], removalreason="again"))[0] == 431
