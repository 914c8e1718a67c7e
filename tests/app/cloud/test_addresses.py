"""Public addresses: who gets which, what a network is seen as outside, giving back, rest, reservation."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator

import msgspec
import pytest
from tests.app.cloud.rules_stage import LAST, Stage, put_network, staged

from netloom.app.cloud import addresses, addresses_quarantine, infrastructure, public_ranges
from netloom.app.cloud.addresses import NamedIp, ReserveIp
from netloom.app.cloud.addresses_free import Filter, list_free
from netloom.app.cloud.addresses_place import AssociateIp
from netloom.app.cloud.addresses_release import release_network
from netloom.app.cloud.addresses_source_nat import claim_source_nat, settle_source_nat, source_nat_of
from netloom.app.cloud.configuration_change import UPDATE as CONFIGURE
from netloom.app.cloud.configuration_change import UpdateConfiguration
from netloom.app.cloud.firewall import CREATE_FIREWALL_RULE, CreateFirewallRule
from netloom.app.cloud.work import View, Work
from netloom.base.errors import (
    Conflict,
    Exhausted,
    Forbidden,
    InvalidInput,
    NetloomError,
    NotFound,
    PeerError,
)
from netloom.base.ids import NetworkId, Uuid
from netloom.model.cloud.addresses import IpState, PublicIp, QuarantinedIp
from netloom.model.cloud.infrastructure_ranges import PublicRange
from netloom.model.cloud.networks import GuestNetwork, NetworkPermission
from netloom.model.cloud.record import AccountId
from netloom.model.cloud.rules import FirewallRule, RuleState
from netloom.model.states import NetworkState
from netloom.plan.elements import Outcome, RuleStage


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[Stage]:
    async with staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


async def test_the_first_address_of_a_network_is_its_source_nat_and_the_next_is_not(stage: Stage) -> None:
    first, second = await stage.address(), await stage.address()
    assert (first.address, first.source_nat, first.state) == ("192.0.2.10", True, IpState.ALLOCATED)
    assert (second.address, second.source_nat) == ("192.0.2.11", False)
    assert first.account_id == second.account_id == stage.network.account_id
    kept = stage.notebook.rules[stage.network.id, RuleStage.ADDRESSES]
    assert {ip.id for ip in kept} == {first.id, second.id}


@pytest.mark.parametrize(
    ("request_", "kind", "code"),
    [
        (AssociateIp(), InvalidInput, "invalid-input"),
        (
            AssociateIp(zone_id=Uuid("00000000-0000-4000-8000-000000000001")),
            InvalidInput,
            "network-not-named",
        ),
        (
            AssociateIp(network_id=Uuid("00000000-0000-4000-8000-000000000001")),
            NotFound,
            "network-not-found",
        ),
        (AssociateIp(vpc_id=Uuid("00000000-0000-4000-8000-000000000001")), NotFound, "vpc-not-found"),
    ],
    ids=["nowhere", "zone-without-networks", "no-network", "no-vpc"],
)
async def test_a_place_has_to_be_named_and_there(
    stage: Stage, request_: AssociateIp, kind: type[NetloomError], code: str
) -> None:
    with pytest.raises(kind) as refused:
        await stage.do(addresses.ASSOCIATE_IP, request_)
    assert refused.value.stable_code == code
    assert await stage.all(PublicIp) == []


async def test_a_zone_alone_means_the_only_isolated_network(stage: Stage) -> None:
    zone_id = Uuid(stage.network.zone_id)
    assert (await stage.address(zone_id=zone_id)).network_id == stage.network.id

    def another(work: object) -> GuestNetwork:
        zone = infrastructure.zone(work, zone_id)  # type: ignore[arg-type]
        return put_network(work, zone, stage.network.account_id, name="green")  # type: ignore[arg-type]

    await stage.write(another)
    with pytest.raises(InvalidInput, match="several isolated networks"):
        await stage.address(zone_id=zone_id)


async def test_somebody_elses_network_and_address_are_not_found(stage: Stage) -> None:
    ip = await stage.extra()
    mallory = stage.who.mallory
    with pytest.raises(NotFound):
        await stage.do(addresses.ASSOCIATE_IP, AssociateIp(network_id=stage.network.id), mallory)
    for wanted in (NamedIp(id=ip.id), NamedIp(address=ip.address)):
        with pytest.raises(NotFound) as refused:
            await stage.do(addresses.DISASSOCIATE_IP, wanted, mallory)
        assert refused.value.stable_code == "public-ip-not-found"


async def test_a_network_that_was_opened_to_others_stays_its_owners(stage: Stage) -> None:
    def opened(work: Work) -> None:
        for who in (stage.who.bob, stage.who.mallory):
            work.insert(
                NetworkPermission(
                    **work.birth(),
                    network_id=NetworkId(stage.network.id),
                    account_id=AccountId(who.account_id),
                )
            )

    await stage.write(opened)
    for who in (stage.who.bob, stage.who.mallory):
        with pytest.raises(Forbidden):
            await stage.do(addresses.ASSOCIATE_IP, AssociateIp(network_id=stage.network.id), who)
    had = await stage.do(addresses.ASSOCIATE_IP, AssociateIp(network_id=stage.network.id), stage.who.boss)
    assert had.account_id == stage.network.account_id


async def test_an_address_in_particular(stage: Stage) -> None:
    await stage.address()
    ip = await stage.address(network_id=stage.network.id, address="192.0.2.23")
    assert ip.address == "192.0.2.23"
    for text, kind, code in (
        ("192.0.2.23", Conflict, "address-taken"),
        ("192.0.2.1", InvalidInput, "address-outside-ranges"),
        ("198.51.100.1", InvalidInput, "address-outside-ranges"),
        ("2001:db8::1", InvalidInput, "address-outside-ranges"),
        ("192.0.2.333", InvalidInput, "invalid-input"),
    ):
        with pytest.raises(kind) as refused:
            await stage.address(network_id=stage.network.id, address=text)
        assert refused.value.stable_code == code, text


async def test_when_none_is_left_it_is_said_and_what_comes_back_is_had_again(stage: Stage) -> None:
    had = [await stage.address() for _ in range(10, LAST + 1)]
    assert len({ip.address for ip in had}) == len(had)
    with pytest.raises(Exhausted) as refused:
        await stage.address()
    assert refused.value.stable_code == "address-exhausted"
    await stage.do(addresses.DISASSOCIATE_IP, NamedIp(id=had[7].id))
    assert (await stage.address()).address == had[7].address


async def test_giving_back_takes_the_rules_along_and_tells_the_provider(stage: Stage) -> None:
    ip = await stage.extra()
    await stage.open(ip, 22, 80)
    await stage.do(addresses.DISASSOCIATE_IP, NamedIp(id=ip.id))
    assert await stage.all(FirewallRule) == []
    assert [each.source_nat for each in await stage.all(PublicIp)] == [True]
    assert stage.notebook.rules[stage.network.id, RuleStage.FIREWALL] == ()
    assert ip.id not in {each.id for each in stage.notebook.rules[stage.network.id, RuleStage.ADDRESSES]}
    with pytest.raises(NotFound):
        await stage.do(addresses.DISASSOCIATE_IP, NamedIp(id=ip.id))


async def test_source_nat_is_not_given_back_by_itself(stage: Stage) -> None:
    ip = await stage.address()
    with pytest.raises(InvalidInput) as refused:
        await stage.do(addresses.DISASSOCIATE_IP, NamedIp(id=ip.id))
    assert refused.value.stable_code == "address-is-source-nat"


async def test_what_could_not_be_let_go_of_stays_and_is_given_back_again(stage: Stage) -> None:
    ip = await stage.extra()
    await stage.open(ip, 22)
    stage.notebook.refusals[RuleStage.FIREWALL] = Outcome(done=False, reason="not now", again=True)
    with pytest.raises(PeerError, match="not now"):
        await stage.do(addresses.DISASSOCIATE_IP, NamedIp(id=ip.id))
    [rule] = await stage.all(FirewallRule)
    assert rule.state is RuleState.REVOKE
    with pytest.raises(Conflict) as refused:
        await stage.open(ip, 23)
    assert refused.value.stable_code == "address-not-allocated"
    stage.notebook.refusals.clear()
    await stage.do(addresses.DISASSOCIATE_IP, NamedIp(id=ip.id))
    assert await stage.all(FirewallRule) == []


async def test_an_address_that_no_provider_takes_is_nobodys_again(stage: Stage) -> None:
    stage.notebook.refusals[RuleStage.ADDRESSES] = Outcome(done=False, reason="no room")
    with pytest.raises(PeerError, match="no room"):
        await stage.address()
    assert await stage.all(PublicIp) == []
    assert await stage.all(QuarantinedIp) == []


async def test_an_address_rests_before_somebody_else_has_it(stage: Stage) -> None:
    root = stage.who.root
    setting = UpdateConfiguration(name="public.ip.address.quarantine.duration", value="5")
    await stage.do(CONFIGURE, setting, root)
    ip = await stage.extra()
    await stage.do(addresses.DISASSOCIATE_IP, NamedIp(id=ip.id))
    [resting] = await stage.all(QuarantinedIp)
    assert (resting.address, resting.previous_account_id) == (ip.address, ip.account_id)

    def mallorys(work: object) -> GuestNetwork:
        zone = infrastructure.zone(work, stage.network.zone_id)  # type: ignore[arg-type]
        return put_network(work, zone, stage.who.mallory.account_id, name="red")  # type: ignore[arg-type]

    red = await stage.write(mallorys)
    wanted = AssociateIp(network_id=red.id, address=ip.address)
    with pytest.raises(Conflict) as refused:
        await stage.do(addresses.ASSOCIATE_IP, wanted, stage.who.mallory)
    assert refused.value.stable_code == "address-quarantined"
    again = await stage.address(network_id=stage.network.id, address=ip.address)
    await stage.do(addresses.DISASSOCIATE_IP, NamedIp(id=again.id))
    end = addresses_quarantine.RemoveQuarantine(address=ip.address, reason="it is needed")
    ended = await stage.do(addresses_quarantine.REMOVE_QUARANTINE, end, root)
    assert (ended.removal_reason, ended.removed_by) == ("it is needed", root.account_id)
    assert (await stage.do(addresses.ASSOCIATE_IP, wanted, stage.who.mallory)).address == ip.address
    with pytest.raises(Conflict) as refused:
        await stage.do(addresses_quarantine.REMOVE_QUARANTINE, end, root)
    assert refused.value.stable_code == "quarantine-over"


async def test_free_addresses_are_listed_without_rows_and_reserved_by_their_ids(stage: Stage) -> None:
    taken = await stage.address(network_id=stage.network.id, address="192.0.2.12")

    def free(view: View) -> tuple[list[str], int]:
        found, count = list_free(view, Filter(), 1, 3)
        return [each.address for each in found], count

    assert await stage.read(free) == (["192.0.2.11", "192.0.2.13", "192.0.2.14"], LAST - 10)
    [one], _ = await stage.read(lambda view: list_free(view, Filter(address="192.0.2.20"), 0, 10))
    assert await stage.read(lambda view: list_free(view, Filter(address="192.0.2.12"), 0, 10)) == ([], 0)
    root = stage.who.root
    reserve = ReserveIp(free_id=one.id, account="alice", domain_id=stage.who.acme.id)
    reserved = await stage.do(addresses.RESERVE_IP, reserve, root)
    assert (reserved.state, reserved.account_id) == (IpState.RESERVED, stage.network.account_id)
    with pytest.raises(NotFound):
        await stage.do(addresses.RESERVE_IP, reserve, root)
    with pytest.raises(Conflict):
        await stage.do(addresses.RESERVE_IP, ReserveIp(free_id=taken.id), root)
    had = await stage.address(network_id=stage.network.id, address="192.0.2.20")
    assert (had.id, had.state) == (reserved.id, IpState.ALLOCATED)
    with pytest.raises(InvalidInput):
        await stage.do(addresses.RELEASE_IP, NamedIp(id=had.id), root)
    named = await stage.do(addresses.RESERVE_IP, ReserveIp(address="192.0.2.21"), root)
    assert (named.address, named.state) == ("192.0.2.21", IpState.RESERVED)
    for wrong in ("192.0.2.21", "192.0.2.12", "198.51.100.1", "home"):
        with pytest.raises(NotFound, match="no free public address") as told:
            await stage.do(addresses.RESERVE_IP, ReserveIp(address=wrong), root)
        assert told.value.subject == "address"
    with pytest.raises(InvalidInput, match="which address"):
        await stage.do(addresses.RESERVE_IP, ReserveIp(), root)


async def test_what_is_dedicated_to_another_account_is_not_drawn_from(stage: Stage) -> None:
    root = stage.who.root
    [span] = await stage.all(PublicRange)
    dedicate = public_ranges.DedicateRange(id=span.id, domain_id=stage.who.other.id, account="mallory")
    await stage.do(public_ranges.DEDICATE, dedicate, root)
    with pytest.raises(Exhausted) as refused:
        await stage.address()
    assert refused.value.stable_code == "address-exhausted"


async def test_the_address_a_network_is_seen_as_is_had_once_and_changed_by_name(stage: Stage) -> None:
    network = stage.network
    one = await stage.write(lambda work: claim_source_nat(work, network))
    assert one is not None
    assert one.state is IpState.ALLOCATING
    assert await stage.write(lambda work: claim_source_nat(work, network)) == one
    await stage.write(lambda work: settle_source_nat(work, network))
    other = await stage.address()
    assert not other.source_nat
    await stage.write(lambda work: claim_source_nat(work, network, other.address))
    now = await stage.read(lambda view: source_nat_of(view, network))
    assert now is not None
    assert (now.id, now.source_nat) == (other.id, True)
    assert [ip.source_nat for ip in await stage.all(PublicIp)].count(True) == 1
    await stage.open(one, 22)
    with pytest.raises(InvalidInput):
        await stage.write(lambda work: claim_source_nat(work, network, "203.0.113.1"))


async def test_a_network_that_goes_gives_its_addresses_back_even_those_on_their_way(stage: Stage) -> None:
    network = stage.network
    await stage.write(lambda work: claim_source_nat(work, network))
    ip = await stage.extra()
    await stage.do(
        CREATE_FIREWALL_RULE, CreateFirewallRule(public_ip_id=ip.id, protocol="tcp", start_port=22)
    )
    await stage.write(lambda work: release_network(work, network.id))
    assert await stage.all(PublicIp) == []
    assert await stage.all(FirewallRule) == []


async def test_display_changes_and_the_rest_stays(stage: Stage) -> None:
    ip = await stage.address()
    hidden = await stage.do(addresses.UPDATE_IP, addresses.UpdateIp(id=ip.id, display=False))
    assert hidden == msgspec.structs.replace(
        ip, display=False, generation=ip.generation + 1, updated_at=hidden.updated_at
    )


async def test_a_network_that_is_not_implemented_is_not_told_but_keeps_what_is_asked(stage: Stage) -> None:
    def quiet(work: object) -> GuestNetwork:
        zone = infrastructure.zone(work, stage.network.zone_id)  # type: ignore[arg-type]
        return put_network(
            work,
            zone,
            stage.network.account_id,
            name="quiet",
            state=NetworkState.ALLOCATED,  # type: ignore[arg-type]
        )

    network = await stage.write(quiet)
    ip = await stage.address(network_id=network.id)
    rule = await stage.open(ip, 22)
    assert isinstance(rule, FirewallRule)
    assert rule.state is RuleState.ACTIVE
    assert stage.notebook.stages(network.id) == []
