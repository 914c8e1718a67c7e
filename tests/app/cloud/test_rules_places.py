"""Where rules may be: tiers of VPCs, portable addresses, accounts; and in what order a network is told all of them."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.app.cloud.rules_stage import Stage, put_instance, put_network, staged
from tests.app.cloud.vpcs import VpcStage, vpc_staged

from netloom.app.cloud import addresses, firewall, infrastructure, port_forwarding, public_ranges, static_nat
from netloom.app.cloud.addresses import NamedIp
from netloom.app.cloud.addresses_place import AssociateIp
from netloom.app.cloud.firewall import CreateFirewallRule
from netloom.app.cloud.firewall_egress import CREATE_EGRESS_RULE, CreateEgressRule
from netloom.app.cloud.load_balancers import CREATE_LOAD_BALANCER, CreateLoadBalancer
from netloom.app.cloud.port_forwarding import CreatePortForwarding, DeletePortForwarding
from netloom.app.cloud.rules_provider import bring
from netloom.app.cloud.static_nat import EnableStaticNat
from netloom.app.intent import delete
from netloom.base.errors import Conflict, Forbidden, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.instances import Instance
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.rules import FirewallRule
from netloom.model.kinds import Kind
from netloom.plan.elements import RULE_ORDER, RuleStage


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[Stage]:
    async with staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


@pytest.fixture
async def vpcs(tmp_path: pathlib.Path) -> AsyncIterator[VpcStage]:
    async with vpc_staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


def forwarding(ip: PublicIp, instance: Instance, **more: Any) -> CreatePortForwarding:
    asked = {
        "public_ip_id": ip.id,
        "protocol": "tcp",
        "public_port": 22,
        "private_port": 22,
        "instance_id": instance.id,
        **more,
    }
    return CreatePortForwarding(**asked)


async def test_all_stages_of_a_network_are_told_in_their_order(stage: Stage) -> None:
    ip, nat = await stage.extra(), await stage.address()
    await stage.do(CREATE_EGRESS_RULE, CreateEgressRule(network_id=stage.network.id, protocol="all"))
    await stage.do(port_forwarding.CREATE_PORT_FORWARDING, forwarding(ip, stage.web))
    await stage.do(
        static_nat.ENABLE_STATIC_NAT, EnableStaticNat(public_ip_id=nat.id, instance_id=stage.db.id)
    )
    await stage.do(
        CREATE_LOAD_BALANCER,
        CreateLoadBalancer(
            name="lb", public_ip_id=ip.id, public_port=80, private_port=80, algorithm="source"
        ),
    )
    before = dict(stage.notebook.rules)
    stage.notebook.rules.clear()
    stage.notebook.calls.clear()
    await bring(stage.doing(), stage.network.id, RULE_ORDER)
    told = stage.notebook.stages(stage.network.id)
    assert told == [each.value for each in RULE_ORDER if each.value in set(told)]
    assert told[:3] == ["default-egress", "egress", "addresses"]
    assert {"static-nat", "firewall", "port-forwarding", "public-lb"} < set(told)
    for key, rules in before.items():
        assert {rule.id for rule in stage.notebook.rules[key]} == {rule.id for rule in rules}, key


async def test_an_address_of_a_vpc_leads_into_the_tier_of_its_first_rule_and_into_none_again(
    vpcs: VpcStage,
) -> None:
    stage = vpcs.stage
    vpc = await vpcs.vpc()
    one, two = await vpcs.tier(vpc, "one"), await vpcs.tier(vpc, "two")
    web = await stage.write(lambda work: put_instance(work, one, "inside"))
    ip = await stage.address(vpc_id=vpc.id)
    assert (ip.network_id, ip.vpc_id, ip.source_nat) == (None, vpc.id, False)
    create = port_forwarding.CREATE_PORT_FORWARDING
    with pytest.raises(InvalidInput) as unnamed:
        await stage.do(create, forwarding(ip, web))
    assert unnamed.value.stable_code == "address-not-associated"
    for elsewhere in (stage.network.id,):
        with pytest.raises(Conflict) as refused:
            await stage.do(create, forwarding(ip, web, network_id=elsewhere))
        assert refused.value.stable_code == "address-elsewhere"
    with pytest.raises(InvalidInput) as opened:
        await stage.do(create, forwarding(ip, web, network_id=one.id, open_firewall=True))
    assert opened.value.stable_code == "no-firewall-in-vpc"
    rule = await stage.do(create, forwarding(ip, web, network_id=one.id))
    assert await stage.all(FirewallRule) == []
    with pytest.raises(Conflict, match="one purpose only"):  # tiers' offering is without conserve mode
        await stage.do(
            CREATE_LOAD_BALANCER,
            CreateLoadBalancer(
                name="lb", public_ip_id=ip.id, public_port=80, private_port=80, algorithm="source"
            ),
        )
    with pytest.raises(Conflict) as refused:
        await stage.do(create, forwarding(ip, web, network_id=two.id, public_port=23))
    assert refused.value.stable_code == "address-elsewhere"
    with pytest.raises(Conflict) as refused:
        await stage.do(
            firewall.CREATE_FIREWALL_RULE,
            CreateFirewallRule(public_ip_id=ip.id, protocol="tcp", start_port=22),
        )
    assert refused.value.stable_code == "service-not-provided"
    await stage.do(port_forwarding.DELETE_PORT_FORWARDING, DeletePortForwarding(id=rule.id))
    [now] = [each for each in await stage.all(PublicIp) if each.id == ip.id]
    assert (now.network_id, now.vpc_id) == (None, vpc.id)


async def test_source_nat_of_a_vpc_leads_into_no_tier(vpcs: VpcStage) -> None:
    stage = vpcs.stage
    vpc = await vpcs.vpc()
    tier = await vpcs.tier(vpc)
    web = await stage.write(lambda work: put_instance(work, tier, "inside"))
    [ip] = [each for each in await stage.all(PublicIp) if each.vpc_id == vpc.id]
    assert ip.source_nat
    with pytest.raises(Conflict) as refused:
        await stage.do(port_forwarding.CREATE_PORT_FORWARDING, forwarding(ip, web, network_id=tier.id))
    assert refused.value.stable_code == "address-is-source-nat"


async def test_a_portable_address_goes_from_network_to_network(stage: Stage) -> None:
    span = public_ranges.Addresses(
        gateway="203.0.113.1", netmask="255.255.255.0", start="203.0.113.10", end="203.0.113.20"
    )
    await stage.do(
        public_ranges.CREATE_PORTABLE,
        public_ranges.CreatePortable(region_id=1, addresses=span),
        stage.who.root,
    )
    zone_id = Uuid(stage.network.zone_id)
    ip = await stage.address(zone_id=zone_id, portable=True)
    assert (ip.address, ip.network_id, ip.portable) == ("203.0.113.10", None, True)

    def another(work: Any) -> GuestNetwork:
        zone = infrastructure.zone(work, zone_id)
        return put_network(work, zone, stage.network.account_id, name="green")

    green = await stage.write(another)
    there = await stage.write(lambda work: put_instance(work, green, "there"))
    for network, instance in ((stage.network, stage.web), (green, there)):
        rule = await stage.do(
            port_forwarding.CREATE_PORT_FORWARDING, forwarding(ip, instance, network_id=network.id)
        )
        assert rule.network_id == network.id
        await stage.do(port_forwarding.DELETE_PORT_FORWARDING, DeletePortForwarding(id=rule.id))
    await stage.do(addresses.DISASSOCIATE_IP, NamedIp(id=ip.id))


async def test_nothing_leads_from_one_account_to_another(stage: Stage) -> None:
    ip = await stage.extra()

    def bobs(work: Any) -> Instance:
        zone = infrastructure.zone(work, stage.network.zone_id)
        network = put_network(work, zone, stage.who.bob.account_id, name="bobs")
        return put_instance(work, network, "bobs")

    instance = await stage.write(bobs)
    with pytest.raises(Forbidden) as refused:
        await stage.do(port_forwarding.CREATE_PORT_FORWARDING, forwarding(ip, instance), stage.who.boss)
    assert refused.value.stable_code == "owner-differs"
    with pytest.raises(Conflict) as differs:
        await stage.do(
            addresses.ASSOCIATE_IP,
            AssociateIp(network_id=stage.network.id, account="bob", domain_id=stage.who.acme.id),
            stage.who.boss,
        )
    assert differs.value.stable_code == "owner-differs"


async def test_native_objects_stay_under_what_stands_on_them(stage: Stage) -> None:
    ip = await stage.extra()
    await stage.do(port_forwarding.CREATE_PORT_FORWARDING, forwarding(ip, stage.web))
    nic = stage.nics[stage.web.id]
    for kind, item_id, users in (
        (Kind.NIC, nic.id, ("instance_nic/", "port_forwarding_rule/")),
        (Kind.NETWORK, stage.network.id, ("network/blue",)),
        (Kind.ZONE, stage.network.zone_id, ("physical_network/",)),
    ):
        with pytest.raises(Conflict) as refused:
            await stage.write(lambda work, k=kind, i=item_id: delete(work.tx, k, i, None))
        assert refused.value.stable_code == "in-use"
        for user in users:
            assert user in refused.value.message
    assert RuleStage.PORT_FORWARDING.value in stage.notebook.stages(stage.network.id)
