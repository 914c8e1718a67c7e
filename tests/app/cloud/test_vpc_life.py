"""VPCs from their making to their end."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import AsyncIterator

import msgspec
import pytest
from tests.app.cloud.clouds import opened
from tests.app.cloud.rules_stage import LAST
from tests.app.cloud.vpcs import VpcStage, vpc_staged
from tests.testing.rule_keeper import Notebook, VpcRuleKeeper, keeper_backends

from netloom.app.cloud import addresses, vpc_life
from netloom.app.cloud.infrastructure import provider_on
from netloom.app.cloud.infrastructure_providers import UPDATE, UpdateProvider
from netloom.app.cloud.usecase import AnyUseCase
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.vpc_life import CreateVpc, DeleteVpc, RestartVpc, UpdateVpc
from netloom.base.errors import Conflict, Forbidden, InvalidInput, NotFound, PeerError
from netloom.base.ids import Uuid
from netloom.model.cloud.acl import AclItem, AclList
from netloom.model.cloud.addresses import IpState, PublicIp
from netloom.model.cloud.identity import Account, Domain
from netloom.model.cloud.jobs import Job, JobState
from netloom.model.cloud.offerings import VpcOffering
from netloom.model.cloud.routes import PrivateGateway
from netloom.model.cloud.tags import ResourceTag
from netloom.model.cloud.vpc import Vpc, VpcState
from netloom.model.cloud.words import Allocation
from netloom.plan.elements import DONE, Outcome
from netloom.plan.vpc_elements import VpcFacts, VpcPart
from netloom.store.cloud.records import columns

LAST_ADDRESS = f"192.0.2.{LAST}"


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[VpcStage]:
    async with vpc_staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


async def test_a_vpc_has_its_router_and_its_address_outside(stage: VpcStage) -> None:
    vpc = await stage.vpc(network_domain="Shop.Example.org.")
    assert (vpc.state, vpc.cidr, vpc.network_domain) == (VpcState.ENABLED, "10.50.0.0/16", "shop.example.org")
    assert ("implement_vpc", vpc.id, "") in stage.stage.notebook.calls
    [ip] = await _addresses(stage, vpc)
    assert (ip.source_nat, ip.state, ip.network_id) == (True, IpState.ALLOCATED, None)
    assert ip.account_id == vpc.account_id
    assert [each.id for each in stage.told_part(vpc.id, VpcPart.ADDRESSES)] == [ip.id]
    request = addresses.AssociateIp(vpc_id=Uuid(vpc.id))
    more = await stage.stage.do(addresses.ASSOCIATE_IP, request)
    assert len(stage.told_part(vpc.id, VpcPart.ADDRESSES)) == 2
    await stage.stage.do(addresses.DISASSOCIATE_IP, addresses.NamedIp(id=Uuid(more.id)))
    assert [each.id for each in stage.told_part(vpc.id, VpcPart.ADDRESSES)] == [ip.id]


async def test_a_vpc_that_is_not_to_be_started_waits_for_its_restart(stage: VpcStage) -> None:
    vpc = await stage.vpc(start=False)
    assert vpc.restart_required
    assert ("implement_vpc", vpc.id, "") not in stage.stage.notebook.calls
    restarted = await stage.stage.do(vpc_life.RESTART, RestartVpc(id=Uuid(vpc.id)))
    assert not restarted.restart_required
    assert ("implement_vpc", vpc.id, "") in stage.stage.notebook.calls


@pytest.mark.parametrize(
    ("asked", "subject"),
    [
        ({"cidr": None}, "cidr"),
        ({"cidr": "10.50.0.0/8x"}, "cidr"),
        ({"cidr": "10.50.0.1/16"}, "cidr"),
        ({"cidr": "8.8.0.0/16"}, "cidr"),
        ({"cidr": "fd00::/48"}, "cidr"),
        ({"cidr": "10.0.0.0/30"}, "cidr"),
        ({"network_domain": "-x"}, "networkdomain"),
        ({"resolvers": {"dns1": "fd00::1"}}, "dns1"),
        ({"resolvers": {"ip6_dns1": "8.8.8.8"}}, "ip6dns1"),
        ({"resolvers": {"dns2": "8.8.8.8"}}, "dns2"),
        ({"display_text": "x" * 256}, "displaytext"),
        ({"source_nat_address": "198.51.100.1"}, "ipaddress"),
    ],
)
async def test_vpcs_that_cannot_be(stage: VpcStage, asked: dict[str, object], subject: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await stage.vpc("v1", None, **asked)
    assert caught.value.subject == subject
    assert await stage.stage.all(Vpc) == []
    assert await _addresses(stage, None) == [], "a refusal leaves nothing"


async def test_an_offering_must_be_enabled_and_for_this_zone_and_domain(stage: VpcStage) -> None:
    offering = await stage.stage.read(lambda view: view.get(VpcOffering, stage.offering_id))
    elsewhere = Uuid("00000000-0000-4000-8000-00000000ffff")
    for why, changed in (
        ("Disabled", {"state": Allocation.DISABLED}),
        ("other zones", {"zone_ids": (elsewhere,)}),
        ("other domains", {"domain_ids": (stage.stage.who.other.id,)}),
    ):
        await _put(stage, msgspec.structs.replace(offering, **changed))
        with pytest.raises(InvalidInput, match=why) as caught:
            await stage.vpc()
        assert caught.value.stable_code == "offering-not-usable"
    await _put(stage, msgspec.structs.replace(offering, domain_ids=(stage.stage.who.acme.id,)))
    assert (await stage.vpc()).state is VpcState.ENABLED


async def test_a_vpc_whose_provider_nobody_enabled_is_refused_at_once(stage: VpcStage) -> None:
    wires_id = stage.stage.network.physical_network_id
    router = await stage.stage.read(lambda view: provider_on(view, wires_id, "VpcVirtualRouter"))
    assert router is not None
    request = UpdateProvider(id=Uuid(router.id), state="Disabled")
    await stage.stage.do(UPDATE, request, stage.stage.who.root)
    with pytest.raises(Conflict, match="no enabled provider offers") as caught:
        await stage.vpc()
    assert caught.value.stable_code == "service-not-provided"


async def test_a_router_that_fails_leaves_nothing(stage: VpcStage) -> None:
    stage.stage.notebook.refusals["implement_vpc"] = Outcome(done=False, reason="no host")
    with pytest.raises(PeerError, match="no host"):
        await stage.vpc()
    assert await stage.stage.all(Vpc) == []
    assert await _addresses(stage, None) == []


async def test_the_suffix_is_the_accounts_or_the_domains(stage: VpcStage) -> None:
    who = stage.stage.who
    domain = await stage.stage.read(lambda view: view.get(Domain, who.acme.id))
    await _put(stage, msgspec.structs.replace(domain, network_domain="acme.test"))
    assert (await stage.vpc("a")).network_domain == "acme.test"
    account = await stage.stage.read(lambda view: view.get(Account, who.alice.account_id))
    await _put(stage, msgspec.structs.replace(account, network_domain="alice.test"))
    assert (await stage.vpc("b")).network_domain == "alice.test"


async def test_what_changes_of_a_vpc(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    [before] = await _addresses(stage, vpc)
    request = UpdateVpc(id=Uuid(vpc.id), name="shop", source_nat_address=LAST_ADDRESS)
    changed = await stage.stage.do(vpc_life.UPDATE, request)
    assert (changed.name, changed.display_text) == ("shop", "v1")
    now = {ip.address: ip for ip in await _addresses(stage, vpc)}
    assert now[LAST_ADDRESS].source_nat
    assert now[LAST_ADDRESS].state is IpState.ALLOCATED
    assert not now[before.address].source_nat, "it stays, as any other of the VPC"


async def test_packet_sizes_are_the_operators_unless_the_zone_says_otherwise(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    smaller = UpdateVpc(id=Uuid(vpc.id), public_mtu=1400)
    with pytest.raises(Forbidden):
        await stage.stage.do(vpc_life.UPDATE, smaller)
    root = stage.stage.who.root
    assert (await stage.stage.do(vpc_life.UPDATE, smaller, root)).public_mtu == 1400
    for octets in (10, 9000):
        with pytest.raises(InvalidInput, match=f"an MTU of {octets}"):
            await stage.stage.do(vpc_life.UPDATE, UpdateVpc(id=Uuid(vpc.id), public_mtu=octets), root)


async def test_others_do_not_see_it(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    asked: tuple[tuple[AnyUseCase, msgspec.Struct], ...] = (
        (vpc_life.UPDATE, UpdateVpc(id=Uuid(vpc.id), name="mine")),
        (vpc_life.RESTART, RestartVpc(id=Uuid(vpc.id))),
        (vpc_life.DELETE, DeleteVpc(id=Uuid(vpc.id))),
    )
    for use_case, request in asked:
        with pytest.raises(NotFound):
            await stage.stage.cloud.do(stage.stage.who.mallory, use_case, request)


async def test_a_restart_tells_everything_again(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    tier = await stage.tier(vpc)
    stage.stage.notebook.calls.clear()
    await stage.stage.do(vpc_life.RESTART, RestartVpc(id=Uuid(vpc.id)))
    calls = stage.stage.notebook.calls
    assert calls[0] == ("implement_vpc", vpc.id, "")
    assert [what for call, _, what in calls if call == "apply_part"] == [
        "addresses",
        "private-gateways",
        "static-routes",
        "site-to-site-vpn",
        "remote-access-vpn",
    ]
    assert "network-acl" in stage.stage.notebook.stages(tier.id)
    with pytest.raises(InvalidInput, match="no redundant router"):
        await stage.stage.do(vpc_life.RESTART, RestartVpc(id=Uuid(vpc.id), make_redundant=True))


async def test_a_vpc_goes_with_all_that_is_in_it(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    acl = await stage.acl(vpc)
    await stage.item(acl)
    await stage.gateway(vpc, acl_id=acl.id)
    await stage.stage.do(addresses.ASSOCIATE_IP, addresses.AssociateIp(vpc_id=Uuid(vpc.id)))
    await stage.stage.write(
        lambda work: work.insert(
            ResourceTag(**work.owned(vpc), kind="Vpc", resource_id=Uuid(vpc.id), key="a", value="b")
        )
    )
    tier = await stage.tier(vpc)
    with pytest.raises(Conflict, match="t1") as caught:
        await stage.stage.do(vpc_life.DELETE, DeleteVpc(id=Uuid(vpc.id)))
    assert caught.value.stable_code == "vpc-has-tiers"
    await stage.stage.write(lambda work: work.delete(work.records.get(type(tier), tier.id) or tier))
    await stage.stage.do(vpc_life.DELETE, DeleteVpc(id=Uuid(vpc.id)))
    assert stage.stage.notebook.calls[-1] == ("shutdown_vpc", vpc.id, "")
    assert await stage.stage.all(Vpc) == []
    assert await stage.stage.all(PrivateGateway) == []
    assert await stage.stage.all(ResourceTag) == []
    assert await _addresses(stage, None) == []
    assert {item.acl_id for item in await stage.stage.all(AclItem)} == {
        each.id for each in await stage.stage.all(AclList)
    }
    assert len(await stage.stage.all(AclList)) == 2, "the system's"


async def test_a_deletion_that_failed_is_asked_for_again(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    stage.stage.notebook.refusals["shutdown_vpc"] = Outcome(done=False, reason="busy", again=True)
    with pytest.raises(PeerError, match="busy"):
        await stage.stage.do(vpc_life.DELETE, DeleteVpc(id=Uuid(vpc.id)))
    now = await stage.stage.read(lambda view: view.get(Vpc, vpc.id))
    assert now.state is VpcState.INACTIVE
    with pytest.raises(Conflict, match="being deleted"):
        await stage.stage.do(vpc_life.UPDATE, UpdateVpc(id=Uuid(vpc.id), name="x"))
    with pytest.raises(Conflict, match="being deleted"):
        await stage.acl(now)
    stage.stage.notebook.refusals.clear()
    await stage.stage.do(vpc_life.DELETE, DeleteVpc(id=Uuid(vpc.id)))
    assert await stage.stage.all(Vpc) == []


async def test_what_was_cut_off_is_done_after_a_restart(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/cloud.db"
    begun, job_id = asyncio.Event(), Uuid("")

    async def never(_keeper: VpcRuleKeeper, _vpc: VpcFacts) -> Outcome:
        begun.set()
        await asyncio.Event().wait()
        return DONE

    async with vpc_staged(url) as stage:
        request = CreateVpc(
            name="v1", zone_id=stage.zone_id, offering_id=stage.offering_id, cidr="10.50.0.0/16"
        )
        with monkeypatch.context() as patched:
            patched.setattr(VpcRuleKeeper, "implement_vpc", never)
            done = await stage.stage.cloud.do(stage.stage.who.alice, vpc_life.CREATE, request)
            await begun.wait()
        assert done.job is not None
        job_id = done.job.id
        [ip] = await _addresses(stage, done.record)
        assert ip.state is IpState.ALLOCATING, "it is the VPC's, and nobody has it yet"
    notebook = Notebook()
    async with opened(url, keeper_backends(notebook)) as cloud:
        await cloud.jobs.settled(job_id, 30.0)
        job, [ip] = await cloud.read_as(
            system_caller(), lambda view: (view.records.get(Job, job_id), view.records.select(PublicIp))
        )
    assert job is not None
    assert (job.state, ip.state) == (JobState.SUCCEEDED, IpState.ALLOCATED)
    assert notebook.calls == [
        ("implement_vpc", done.record.id, ""),
        ("apply_part", done.record.id, "addresses"),
    ]


async def _addresses(stage: VpcStage, vpc: Vpc | None) -> list[PublicIp]:
    c = columns(PublicIp)
    where = c.vpc_id.is_not(None) if vpc is None else c.vpc_id == vpc.id
    return await stage.stage.read(lambda view: view.records.select(PublicIp, where))


async def _put(stage: VpcStage, record: VpcOffering | Account | Domain) -> None:
    await stage.stage.write(lambda work: work.update(record))
