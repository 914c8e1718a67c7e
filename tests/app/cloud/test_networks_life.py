"""The life of tenants' networks: up when they are needed, down when they are empty, gone when they are deleted."""

from __future__ import annotations

import asyncio
import datetime as dt
import pathlib
from collections.abc import AsyncIterator

import msgspec
import pytest
from tests.app.cloud.nets import OVS, RANGE, SHARED, SOURCE_NAT, Nets, nets
from tests.app.cloud.rules_stage import put_instance

from netloom.app.cloud import addresses, firewall
from netloom.app.cloud.infrastructure import provider_on
from netloom.app.cloud.infrastructure_providers import UPDATE as UPDATE_PROVIDER
from netloom.app.cloud.infrastructure_providers import UpdateProvider
from netloom.app.cloud.networks_change import MIGRATE, UPDATE, MigrateNetwork, UpdateNetwork
from netloom.app.cloud.networks_end import DELETE, DeleteNetwork
from netloom.app.cloud.networks_explain import explain
from netloom.app.cloud.networks_facts import native
from netloom.app.cloud.networks_keeper import LEASE, NetworkKeeper
from netloom.app.cloud.networks_life import IMPLEMENT, SHUT_DOWN, OneNetwork
from netloom.app.cloud.networks_restart import RESTART, RestartNetwork
from netloom.app.cloud.tags import CREATE_TAGS, CreateTags
from netloom.app.cloud.work import Work
from netloom.app.states import write_states
from netloom.base.errors import Conflict, Forbidden, InvalidInput, NotFound
from netloom.base.ids import NetworkId, Uuid
from netloom.model.cloud.addresses import IpState, PublicIp
from netloom.model.cloud.infrastructure_ranges import PublicRange
from netloom.model.cloud.instances import InstanceState
from netloom.model.cloud.jobs import Job, JobState
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings_services import ServiceProvider
from netloom.model.cloud.rules import FirewallRule
from netloom.model.cloud.tags import ResourceTag
from netloom.model.kinds import Kind
from netloom.model.states import NetworkState, NicState
from netloom.plan.elements import Outcome, RuleStage
from netloom.store.catalog import replace
from netloom.store.cloud.records import columns


@pytest.fixture
async def it(tmp_path: pathlib.Path) -> AsyncIterator[Nets]:
    async with nets(tmp_path) as found:
        yield found


class Hand:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.at = 1000.0

    def now(self) -> float:
        return self.at

    def wall(self) -> float:
        return self.at

    async def sleep(self, _seconds: float) -> None:
        await asyncio.sleep(0)


async def up(it: Nets, network: GuestNetwork) -> Job | None:
    return await it.do(IMPLEMENT, OneNetwork(id=network.id), it.who.root)


async def state(it: Nets, network: GuestNetwork) -> NetworkState:
    return (await it.native(network)).state


async def placed(it: Nets, nic_id: Uuid, to: NicState) -> None:
    """As the life cycle of NICs writes it when a host shows one."""
    await it.write(lambda work: write_states(work.tx, [(Kind.NIC, nic_id, "nic", 1, to.value)]))


async def test_a_network_comes_up_element_by_element_then_rule_by_rule(it: Nets) -> None:
    network = await it.make("web", SOURCE_NAT)
    job = await up(it, network)
    assert job is not None
    assert job.state is JobState.SUCCEEDED, job.error_text
    assert await state(it, network) is NetworkState.IMPLEMENTED
    calls = [call for call, where, _what in it.notebook.calls if where == network.id]
    assert calls[0] == "implement"
    assert set(calls[1:]) == {"apply_rules"}
    stages = it.notebook.stages(network.id)
    order = [stage.value for stage in RuleStage if stage.value in stages]
    assert stages == order
    [ip] = await it.read(
        lambda view: view.records.select(PublicIp, columns(PublicIp).network_id == network.id)
    )
    assert (ip.source_nat, ip.state) == (True, IpState.ALLOCATED)
    [told] = it.notebook.rules[network.id, RuleStage.ADDRESSES]
    assert told.id == ip.id
    before = len(it.notebook.calls)
    await up(it, network)
    assert len(it.notebook.calls) == before


async def test_what_fails_leaves_nothing_up_and_can_be_tried_again(it: Nets) -> None:
    network = await it.make("web", SOURCE_NAT)
    it.notebook.refusals["implement"] = Outcome(done=False, reason="no room", again=True)
    job = await up(it, network)
    assert job is not None
    assert (job.state, job.error_code) == (JobState.FAILED, "provider-failed")
    assert "no room" in (job.error_text or "")
    assert await state(it, network) is NetworkState.ALLOCATED
    it.notebook.refusals.clear()
    assert (await up(it, network) or job).state is JobState.SUCCEEDED
    assert await state(it, network) is NetworkState.IMPLEMENTED


async def test_many_who_want_a_network_up_bring_it_up_once(it: Nets) -> None:
    network = await it.make("web", SOURCE_NAT)
    await asyncio.gather(*(up(it, network) for _ in range(4)))
    assert [call for call, _where, _what in it.notebook.calls].count("implement") == 1


async def test_a_persistent_network_comes_up_with_its_making(it: Nets) -> None:
    await it.offer("lasting", persistent=True)
    network = await it.make("blue", "lasting")
    [job] = await it.read(lambda view: view.records.select(Job, columns(Job).resource_id == network.id))
    await it.cloud.jobs.settled(job.id, 30.0)
    assert await state(it, network) is NetworkState.IMPLEMENTED
    assert await it.do(SHUT_DOWN, OneNetwork(id=network.id), it.who.root) is not None
    assert await state(it, network) is NetworkState.IMPLEMENTED


async def test_a_network_that_is_set_up_stays_so_and_has_its_services(it: Nets) -> None:
    network = await it.make("shared", SHARED, it.who.root, vlan="500", addresses=RANGE)
    await up(it, network)
    assert await state(it, network) is NetworkState.SETUP
    assert ("implement", network.id, "") in it.notebook.calls


async def test_an_empty_network_goes_down_after_its_wait(it: Nets) -> None:
    await it.set("network.gc.wait", "60")
    network = await it.make("web", SOURCE_NAT)
    await up(it, network)
    clock = Hand()
    keeper = NetworkKeeper(it.cloud, clock)
    await keeper.step()
    assert keeper.due == clock.at + 60
    clock.at += 59
    await keeper.step()
    assert await state(it, network) is NetworkState.IMPLEMENTED
    clock.at += 1
    await keeper.step()
    await _quiet(it, network)
    assert await state(it, network) is NetworkState.ALLOCATED
    assert ("shutdown", network.id, "") in it.notebook.calls


async def test_a_network_in_use_stays_up(it: Nets) -> None:
    await it.set("network.gc.wait", "1")
    network = await it.make("web", SOURCE_NAT)
    await up(it, network)
    instance = await it.write(lambda work: put_instance(work, network, "web"))
    clock = Hand()
    keeper = NetworkKeeper(it.cloud, clock)
    for _ in range(3):
        await keeper.step()
        clock.at += 1000
    assert await state(it, network) is NetworkState.IMPLEMENTED
    job = await it.do(SHUT_DOWN, OneNetwork(id=network.id), it.who.root)
    assert job is not None
    assert job.error_code == "in-use"
    await it.write(lambda work: work.update(msgspec.structs.replace(instance, state=InstanceState.STOPPED)))
    await keeper.step()
    clock.at += 1
    await keeper.step()
    await _quiet(it, network)
    assert await state(it, network) is NetworkState.ALLOCATED


async def test_a_nic_that_comes_to_a_host_has_its_network_up(it: Nets) -> None:
    network = await it.make("blue")
    nic = await it.plug(network)
    keeper = NetworkKeeper(it.cloud, Hand())
    await keeper.step()
    keeper.told([NetworkId(network.id)])
    await keeper.step()
    assert await state(it, network) is NetworkState.ALLOCATED
    await placed(it, nic, NicState.RESERVING)
    keeper.told([NetworkId(network.id)])
    await keeper.step()
    await _quiet(it, network)
    assert await state(it, network) is NetworkState.IMPLEMENTED


async def test_a_network_that_is_stuck_is_done_again(it: Nets) -> None:
    network = await it.make("web", SOURCE_NAT)

    def implementing_since(work: Work, since: dt.timedelta) -> None:
        row = native(work, network)
        stuck = msgspec.structs.replace(row, state=NetworkState.IMPLEMENTING, state_since=work.at - since)
        replace(work.tx, stuck)

    await it.write(lambda work: implementing_since(work, dt.timedelta(seconds=LEASE / 2)))
    clock = Hand()
    keeper = NetworkKeeper(it.cloud, clock)
    await keeper.step()
    assert await state(it, network) is NetworkState.IMPLEMENTING
    for since in (LEASE + 1, -2 * LEASE):  # the second: the clock was set back meanwhile
        clock.at += 600
        await it.write(lambda work, s=since: implementing_since(work, dt.timedelta(seconds=s)))
        await keeper.step()
        await _quiet(it, network)
        assert await state(it, network) is NetworkState.IMPLEMENTED


async def test_a_restart_tells_everything_again_and_takes_nothing_down(it: Nets) -> None:
    network = await it.make("web", SOURCE_NAT)
    with pytest.raises(Conflict) as down:
        await it.do(RESTART, RestartNetwork(id=network.id))
    assert down.value.stable_code == "network-not-up"
    await up(it, network)
    it.notebook.calls.clear()
    job = await it.do(RESTART, RestartNetwork(id=network.id, cleanup=True))
    assert job is not None
    assert job.state is JobState.SUCCEEDED
    calls = {call for call, _where, _what in it.notebook.calls}
    assert calls == {"implement", "apply_rules"}
    with pytest.raises(InvalidInput):
        await it.do(RESTART, RestartNetwork(id=network.id, make_redundant=True))
    with pytest.raises(NotFound):
        await it.do(RESTART, RestartNetwork(id=network.id), it.who.mallory)


async def test_what_a_restart_could_not_do_is_told_and_done_by_the_next_who_needs_it(it: Nets) -> None:
    network = await it.make("web", SOURCE_NAT)
    await up(it, network)
    it.notebook.refusals["implement"] = Outcome(done=False, reason="busy")
    job = await it.do(RESTART, RestartNetwork(id=network.id))
    assert job is not None
    assert job.error_code == "provider-failed"
    assert (await it.now(network)).restart_required
    assert await state(it, network) is NetworkState.IMPLEMENTED
    it.notebook.refusals.clear()
    await up(it, network)
    assert not (await it.now(network)).restart_required


async def test_deleting_takes_all_of_it(it: Nets) -> None:
    network = await it.make("web", SOURCE_NAT)
    await up(it, network)
    await it.do(CREATE_TAGS, CreateTags(kind="Network", resource_ids=(network.id,), tags={"a": "b"}))
    ip = await it.cloud.do(it.who.alice, addresses.ASSOCIATE_IP, addresses.AssociateIp(network_id=network.id))
    await it.ended(ip)
    rule = firewall.CreateFirewallRule(public_ip_id=ip.record.id, protocol="tcp", start_port=80)
    job = await it.do(firewall.CREATE_FIREWALL_RULE, rule)
    assert job is not None
    assert job.state is JobState.SUCCEEDED, job.error_text
    with pytest.raises(NotFound):
        await it.do(DELETE, DeleteNetwork(id=network.id), it.who.bob)
    job = await it.do(DELETE, DeleteNetwork(id=network.id))
    assert job is not None
    assert job.state is JobState.SUCCEEDED, job.error_text
    for record_type in (GuestNetwork, FirewallRule, PublicIp, ResourceTag):
        assert await it.read(lambda view, t=record_type: view.records.count(t)) == 0  # type: ignore[misc]
    with pytest.raises(NotFound):
        await it.native(network)
    assert [c for c, where, _ in it.notebook.calls if where == network.id][-2:] == ["shutdown", "destroy"]


async def test_a_network_with_interfaces_is_not_deleted(it: Nets) -> None:
    network = await it.make("blue")
    await up(it, network)
    await it.plug(network, "web")
    job = await it.do(DELETE, DeleteNetwork(id=network.id))
    assert job is not None
    assert (job.state, job.error_code) == (JobState.FAILED, "in-use")
    assert "web" in (job.error_text or "")
    assert await state(it, network) is NetworkState.IMPLEMENTED


async def test_a_provider_that_fails_holds_a_network_unless_forced(it: Nets) -> None:
    network = await it.make("web", SOURCE_NAT)
    await up(it, network)
    it.notebook.refusals["shutdown"] = Outcome(done=False, reason="it hangs")
    job = await it.do(DELETE, DeleteNetwork(id=network.id))
    assert job is not None
    assert job.error_code == "provider-failed"
    assert await state(it, network) is NetworkState.SHUTDOWN
    job = await it.do(DELETE, DeleteNetwork(id=network.id, forced=True))
    assert job is not None
    assert job.state is JobState.SUCCEEDED
    assert await it.read(lambda view: view.records.count(GuestNetwork)) == 0


async def test_a_shared_network_goes_with_its_range_and_only_by_its_operator(it: Nets) -> None:
    network = await it.make("shared", SHARED, it.who.root, vlan="500", addresses=RANGE)
    with pytest.raises(Forbidden) as refused:
        await it.do(DELETE, DeleteNetwork(id=network.id))
    assert refused.value.stable_code == "not-owner"
    job = await it.do(DELETE, DeleteNetwork(id=network.id), it.who.root)
    assert job is not None
    assert job.state is JobState.SUCCEEDED, job.error_text
    left = await it.read(
        lambda view: view.records.count(PublicRange, columns(PublicRange).network_id.is_not(None))
    )
    assert left == 0


async def test_words_and_packet_sizes_change_in_both_halves(it: Nets) -> None:
    network = await it.make("web", SOURCE_NAT)
    job = await it.do(UPDATE, UpdateNetwork(id=network.id, name="shop", display_text="The shop"))
    assert job is not None
    assert job.state is JobState.SUCCEEDED
    now = await it.now(network)
    assert (now.name, now.display_text, now.generation) == ("shop", "The shop", 2)
    assert (await it.native(network)).name == f"shop-{network.id[:8]}"
    await it.do(UPDATE, UpdateNetwork(id=network.id, private_mtu=1300), it.who.root)
    assert (await it.native(network)).guest_mtu == 1300
    with pytest.raises(Forbidden):
        await it.do(UPDATE, UpdateNetwork(id=network.id, private_mtu=1200))
    with pytest.raises(Forbidden):
        await it.do(UPDATE, UpdateNetwork(id=network.id, display=False))
    await it.do(UPDATE, UpdateNetwork(id=network.id, network_domain="shop.example"))
    assert (await it.now(network)).network_domain == "shop.example"


async def test_a_part_of_the_network_is_for_instances(it: Nets) -> None:
    network = await it.make("blue")
    await it.do(UPDATE, UpdateNetwork(id=network.id, guest_cidr="10.1.1.0/26"))
    now = await it.now(network)
    assert (now.cidr, now.network_cidr) == ("10.1.1.0/26", "10.1.1.0/24")
    await it.plug(now)
    with pytest.raises(Conflict) as outside:
        await it.do(UPDATE, UpdateNetwork(id=network.id, guest_cidr="10.1.1.128/26"))
    assert outside.value.stable_code == "addresses-outside"
    with pytest.raises(InvalidInput):
        await it.do(UPDATE, UpdateNetwork(id=network.id, guest_cidr="10.1.2.0/26"))
    await it.do(UPDATE, UpdateNetwork(id=network.id, guest_cidr="10.1.1.0/24"))
    now = await it.now(network)
    assert (now.cidr, now.network_cidr) == ("10.1.1.0/24", None)


async def test_another_offering_keeps_the_designer_and_what_is_in_use(it: Nets) -> None:
    network = await it.make("web", SOURCE_NAT)
    await up(it, network)
    other = await it.offer(
        "less",
        services=("Dhcp", "Dns", "SourceNat"),
        providers=_by("VirtualRouter", "Dhcp", "Dns", "SourceNat"),
    )
    with pytest.raises(Conflict) as lost:
        await it.do(UPDATE, UpdateNetwork(id=network.id, offering_id=other.id))
    assert lost.value.stable_code == "services-lost"
    job = await it.do(UPDATE, UpdateNetwork(id=network.id, offering_id=other.id, forced=True))
    assert job is not None
    assert job.state is JobState.SUCCEEDED, job.error_text
    assert (await it.now(network)).offering_id == other.id
    with pytest.raises(InvalidInput) as unfit:
        await it.do(UPDATE, UpdateNetwork(id=network.id, offering_id=it.offerings[OVS].id, forced=True))
    assert unfit.value.stable_code == "offering-unfit"
    for name in (SHARED, "DefaultIsolatedNetworkOfferingForVpcNetworks"):
        with pytest.raises(InvalidInput):
            await it.do(UPDATE, UpdateNetwork(id=network.id, offering_id=it.offerings[name].id))


async def test_a_network_moves_to_other_providers_make_before_break(it: Nets) -> None:
    services = ("Dhcp", "Dns", "SourceNat", "UserData")
    await it.offer("routed", services=services, providers=_by("VirtualRouter", *services))
    drive = (*_by("VirtualRouter", *services[:3]), *_by("ConfigDrive", "UserData"))
    other = await it.offer("driven", services=services, providers=drive)
    network = await it.make("web", "routed")
    await up(it, network)
    it.notebook.calls.clear()
    job = await it.do(MIGRATE, MigrateNetwork(id=network.id, offering_id=other.id), it.who.root)
    assert job is not None
    assert job.state is JobState.SUCCEEDED, job.error_text
    assert (await it.now(network)).offering_id == other.id
    calls = [call for call, where, _what in it.notebook.calls if where == network.id]
    assert calls.count("implement") == 2
    assert calls.index("destroy") > max(at for at, call in enumerate(calls) if call == "apply_rules")


async def test_a_service_with_rules_is_not_taken_away(it: Nets) -> None:
    network = await it.make("web", SOURCE_NAT)
    ip = await it.cloud.do(it.who.alice, addresses.ASSOCIATE_IP, addresses.AssociateIp(network_id=network.id))
    await it.ended(ip)
    rule = firewall.CreateFirewallRule(public_ip_id=ip.record.id, protocol="tcp", start_port=80)
    await it.do(firewall.CREATE_FIREWALL_RULE, rule)
    other = await it.offer(
        "less", services=("Dhcp", "SourceNat"), providers=_by("VirtualRouter", "Dhcp", "SourceNat")
    )
    with pytest.raises(Conflict) as used:
        await it.do(UPDATE, UpdateNetwork(id=network.id, offering_id=other.id, forced=True))
    assert used.value.stable_code == "services-in-use"


async def test_a_network_is_explained(it: Nets) -> None:
    network = await it.make("web", SOURCE_NAT)
    told = await it.read(lambda view: explain(view, network))
    assert (told.guru, told.state, told.needed) == ("OvsGuestNetworkGuru", "Allocated", False)
    assert [each.guru for each in told.gurus if each.designs_it] == ["OvsGuestNetworkGuru"]
    assert all(each.reason for each in told.gurus)
    given = {each.service: each.provider for each in told.services}
    assert given["SourceNat"] == "VirtualRouter"
    found = await it.read(lambda view: provider_on(view, it.wires_id, "VirtualRouter"))
    assert found is not None
    await it.do(UPDATE_PROVIDER, UpdateProvider(id=found.id, state="Disabled"), it.who.root)
    told = await it.read(lambda view: explain(view, network))
    given_on = next(each for each in told.services if each.service == "Dhcp")
    assert given_on.provider == "VirtualRouter"
    assert "disabled on physical network 'default' since" in given_on.reason


def _by(provider: str, *services: str) -> tuple[ServiceProvider, ...]:
    return tuple(ServiceProvider(service, provider) for service in services)


async def _quiet(it: Nets, network: GuestNetwork) -> None:
    """Wait until no job of a network is open."""
    for job in await it.read(lambda view: view.records.select(Job, columns(Job).resource_id == network.id)):
        await it.cloud.jobs.settled(job.id, 30.0)
