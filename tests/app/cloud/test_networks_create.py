"""Tenants' networks as they are made, and why some are not."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator

import msgspec
import pytest
from tests.app.cloud.nets import L2, L2_VLAN, OVS, RANGE, SHARED, SOURCE_NAT, Nets, nets

from netloom.app import intent
from netloom.app.cloud import offerings as offerings_
from netloom.app.cloud.infrastructure import zone_facet
from netloom.app.cloud.infrastructure_zones import CREATE_ZONE, CreateZone, ZoneFields
from netloom.app.cloud.networks_create import CREATE, CreateNetwork
from netloom.app.cloud.networks_owner import Asked
from netloom.app.cloud.networks_terms import Resolvers
from netloom.app.cloud.physical_networks import (
    ADD_TRAFFIC,
    DEDICATE_VLANS,
    AddTraffic,
    CreatePhysicalNetwork,
    DedicateVlans,
    UpdatePhysicalNetwork,
)
from netloom.app.cloud.physical_networks import CREATE as CREATE_WIRES
from netloom.app.cloud.physical_networks import UPDATE as UPDATE_WIRES
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, Exhausted, Forbidden, InvalidInput, NetloomError, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.identity import SYSTEM_ACCOUNT_ID
from netloom.model.cloud.infrastructure import ZoneType
from netloom.model.cloud.infrastructure_ranges import PublicRange
from netloom.model.cloud.jobs import Audit, Event, JobState
from netloom.model.cloud.limits import ResourceLimit, ResourceType
from netloom.model.cloud.networks import AclType, AddressSpan, GuestNetwork
from netloom.model.cloud.networks_subnet import Wished
from netloom.model.cloud.record import AccountId, DomainId
from netloom.model.cloud.words import Allocation
from netloom.model.isolation import Isolation
from netloom.model.kinds import Kind
from netloom.model.specs import PhysicalNetworkSpec
from netloom.model.states import NetworkState
from netloom.store.cloud.records import columns

FAR = CreateZone(name="far", type=ZoneType.ADVANCED, fields=ZoneFields(allocation=Allocation.ENABLED))
NOBODY = Uuid("00000000-0000-4000-8000-00000000ffff")


@pytest.fixture
async def it(tmp_path: pathlib.Path) -> AsyncIterator[Nets]:
    async with nets(tmp_path) as found:
        yield found


async def test_a_network_has_two_halves_with_one_identity(it: Nets) -> None:
    network = await it.make("blue")
    native = await it.native(network)
    assert (native.id, native.number, native.created_at) == (network.id, network.number, network.created_at)
    assert native.name == f"blue-{network.id[:8]}"
    assert (native.state, native.isolation, native.cidr) == (
        NetworkState.ALLOCATED,
        Isolation.GENEVE,
        "10.1.1.0/24",
    )
    assert (network.guru, network.cidr, network.gateway) == ("OvsGuestNetworkGuru", "10.1.1.0/24", "10.1.1.1")
    assert network.account_id == it.who.alice.account_id
    assert network.network_domain is None  # the offering has no Dns
    events = await it.read(lambda view: view.records.select(Event, columns(Event).resource_id == network.id))
    assert [event.type for event in events] == ["NETWORK.CREATE"]
    audits = await it.read(lambda view: view.records.select(Audit, columns(Audit).resource_id == network.id))
    assert [audit.use_case for audit in audits] == ["network.create"]


async def test_two_networks_of_one_name_differ_below(it: Nets) -> None:
    one, two = await it.make("blue"), await it.make("blue")
    assert one.name == two.name
    assert (await it.native(one)).segment != (await it.native(two)).segment
    await it.set("allow.duplicate.networkname", "false")
    with pytest.raises(Conflict, match="has a network 'blue'") as refused:
        await it.make("blue")
    assert refused.value.stable_code == "name-taken"


async def test_a_router_gives_a_dns_suffix(it: Nets) -> None:
    network = await it.make("web", SOURCE_NAT)
    assert network.network_domain is not None
    assert network.network_domain.endswith("cloud.internal")
    named = await it.make(
        "db", SOURCE_NAT, network_domain="Example.ORG", resolvers=Resolvers(dns1="192.0.2.53")
    )
    assert (named.network_domain, named.dns1) == ("example.org", "192.0.2.53")


async def test_an_address_to_be_seen_as_is_taken_at_once(it: Nets) -> None:
    network = await it.make("web", SOURCE_NAT, source_nat_address="192.0.2.15")
    [ip] = await it.read(
        lambda view: view.records.select(PublicIp, columns(PublicIp).network_id == network.id)
    )
    assert (ip.address, ip.source_nat) == ("192.0.2.15", True)


async def test_a_shared_network_is_a_domains(it: Nets) -> None:
    network = await it.make("shared", SHARED, it.who.root, vlan="500", addresses=RANGE)
    native = await it.native(network)
    assert (native.state, native.isolation, native.segment) == (NetworkState.SETUP, Isolation.VLAN, 500)
    assert (network.acl_type, network.subdomain_access) == (AclType.DOMAIN, True)
    assert network.account_id == SYSTEM_ACCOUNT_ID
    assert network.spans == (AddressSpan("10.44.0.10", "10.44.0.50"),)
    [kept] = await it.read(
        lambda view: view.records.select(PublicRange, columns(PublicRange).network_id == network.id)
    )
    assert kept.vlan == "vlan://500"


async def test_a_shared_network_may_be_an_accounts(it: Nets) -> None:
    owner = Asked(account="alice", domain_id=it.who.acme.id)
    network = await it.make("shared", SHARED, it.who.root, vlan="500", addresses=RANGE, owner=owner)
    assert (network.acl_type, network.account_id) == (AclType.ACCOUNT, it.who.alice.account_id)


async def test_l2_networks_have_no_addresses(it: Nets) -> None:
    network = await it.make("l2", L2)
    native = await it.native(network)
    assert (network.cidr, native.cidr, native.isolation) == (None, None, Isolation.GENEVE)
    on_vlan = await it.make("l2v", L2_VLAN, it.who.root, vlan="untagged")
    assert ((await it.native(on_vlan)).segment, (await it.native(on_vlan)).state) == (0, NetworkState.SETUP)


async def test_a_kept_segment_is_its_accounts(it: Nets) -> None:
    kept = DedicateVlans(
        physical_network_id=it.wires_id, segments="700-701", account="alice", domain_id=it.who.acme.id
    )
    await it.do(DEDICATE_VLANS, kept, it.who.root)
    assert (await it.native(await it.make("mine"))).segment == 700
    assert (await it.native(await it.make("theirs", caller=it.who.bob))).segment not in (700, 701)
    assert (await it.native(await it.make("mine too"))).segment == 701
    beyond = (await it.native(await it.make("beyond"))).segment
    assert beyond not in (700, 701)
    await it.set("use.system.guest.vlans", "false")
    with pytest.raises(Exhausted) as none:
        await it.make("no more")
    assert none.value.stable_code == "segments-exhausted"
    owner = Asked(account="bob", domain_id=it.who.acme.id)
    await it.offer("vlans", specify_vlan=True, services=(), providers=())
    with pytest.raises(Conflict) as others:
        await it.make("bobs", "vlans", it.who.root, vlan="700", owner=owner)
    assert others.value.stable_code in ("segment-taken", "segment-dedicated")


async def test_a_limit_is_kept(it: Nets) -> None:
    await it.write(
        lambda work: work.insert(
            ResourceLimit(
                **work.birth(),
                account_id=AccountId(it.who.alice.account_id),
                domain_id=None,
                type=ResourceType.NETWORK,
                max=1,
            )
        )
    )
    await it.make("one")
    with pytest.raises(Exhausted) as refused:
        await it.make("two")
    assert refused.value.stable_code == "limit-reached"
    assert await it.read(lambda view: view.records.count(GuestNetwork)) == 1


REFUSED: list[tuple[str, dict[str, object], str, str]] = [
        (OVS, {"vlan": "150"}, "vlan-not-chosen", "vlan"),
        (OVS, {"addresses": Wished(gateway="10.9.8.1", netmask="255.0.255.0")}, "invalid-input", "netmask"),
        (OVS, {"addresses": Wished(gateway="10.9.8.0", netmask="255.255.255.0")}, "invalid-input", "gateway"),
        (OVS, {"addresses": Wished(gateway="10.9.8.255", netmask="255.255.255.0")}, "invalid-input", "gateway"),
        (OVS, {"addresses": Wished(netmask="255.255.255.0")}, "invalid-input", "gateway"),
        (OVS, {"addresses": Wished(gateway="8.8.8.1", netmask="255.255.255.0")}, "cidr-not-private", "gateway"),
        (OVS, {"addresses": Wished(gateway="10.0.0.1", netmask="255.255.0.0")}, "cidr-too-large", "netmask"),
        (OVS, {"addresses": Wished(gateway6="fd00::1", cidr6="fd00::/64")}, "invalid-input", "ip6cidr"),
        (OVS, {"addresses": Wished(gateway="10.9.8.1", netmask="255.255.255.0", start="10.9.9.1")},
         "invalid-input", "startip"),
        (OVS, {"network_domain": "example.org"}, "invalid-input", "networkdomain"),
        (OVS, {"resolvers": Resolvers(dns1="192.0.2.1")}, "invalid-input", "dns1"),
        (SOURCE_NAT, {"resolvers": Resolvers(dns2="192.0.2.1")}, "invalid-input", "dns2"),
        (SOURCE_NAT, {"network_domain": "-.-"}, "invalid-input", "networkdomain"),
        (OVS, {"private_mtu": 1400}, "mtu-not-chosen", "privatemtu"),
        (OVS, {"router_ip": "10.1.1.9"}, "invalid-input", "routerip"),
        (OVS, {"owner": Asked(acl_type="Domain")}, "invalid-input", "acltype"),
        (OVS, {"owner": Asked(acl_type="Nobody")}, "invalid-input", "acltype"),
        (OVS, {"owner": Asked(subdomain_access=True)}, "invalid-input", "subdomainaccess"),
        (OVS, {"acl_id": NOBODY}, "invalid-input", "aclid"),
        (OVS, {"vpc_id": NOBODY}, "vpc-not-found", "vpcid"),
        (OVS, {"physical_network_id": NOBODY}, "physical-network-not-found", "physicalnetworkid"),
        (OVS, {"source_nat_address": "192.0.2.15"}, "no-source-nat", "sourcenatipaddress"),
        (L2, {"addresses": Wished(gateway="10.9.8.1", netmask="255.255.255.0")}, "invalid-input", "gateway"),
        (SHARED, {"addresses": RANGE}, "vlan-missing", "vlan"),
        (SHARED, {"addresses": RANGE, "vlan": "500"}, "vlan-not-yours", "vlan"),
        ("DefaultIsolatedNetworkOfferingForVpcNetworks",
         {"addresses": Wished(gateway="10.9.8.1", netmask="255.255.255.0")}, "offering-for-vpc", "vpcid"),
]  # fmt: skip


async def test_what_cannot_be_is_refused_before_anything_is_kept(it: Nets) -> None:
    for offering, more, code, subject in REFUSED:
        with pytest.raises(NetloomError) as refused:
            await it.make("wrong", offering, **more)
        assert (refused.value.stable_code, refused.value.subject) == (code, subject), more
    assert await it.read(lambda view: view.records.count(GuestNetwork)) == 0


REFUSED_TO_OPERATORS: list[tuple[dict[str, object], str]] = [
    ({"vlan": "4095", "addresses": RANGE}, "vlan"),
    ({"vlan": "x", "addresses": RANGE}, "vlan"),
    ({"vlan": "500"}, "startip"),
    ({"vlan": "500", "addresses": Wished(gateway="10.44.0.1", netmask="255.255.255.0")}, "startip"),
    ({"vlan": "500", "addresses": RANGE, "private_mtu": 9000}, "privatemtu"),
    ({"vlan": "500", "addresses": RANGE, "private_mtu": 100}, "privatemtu"),
    ({"vlan": "500", "addresses": RANGE, "router_ip": "10.45.0.3"}, "routerip"),
    ({"vlan": "500", "addresses": RANGE, "owner": Asked(account="alice", acl_type="Domain")}, "account"),
]


async def test_what_an_operator_may_not_say_of_a_shared_network(it: Nets) -> None:
    for more, subject in REFUSED_TO_OPERATORS:
        with pytest.raises(InvalidInput) as refused:
            await it.make("wrong", SHARED, it.who.root, **more)
        assert refused.value.subject == subject, more


async def test_what_nobody_provides_is_told_plainly(it: Nets) -> None:
    await it.offer("elsewhere", services=("Connectivity",), providers=())
    made = it.offerings["elsewhere"]
    with pytest.raises(Conflict, match="Connectivity") as refused:
        await it.make("blue", "elsewhere")
    assert refused.value.stable_code == "service-not-provided"
    disable = offerings_.UpdateNetworkOffering(id=made.id, state="disabled")
    await it.do(offerings_.UPDATE_NETWORK_OFFERING, disable, it.who.root)
    with pytest.raises(Conflict) as off:
        await it.make("blue", "elsewhere")
    assert off.value.stable_code == "offering-disabled"


async def test_whose_it_may_be(it: Nets) -> None:
    theirs = Asked(account="bob", domain_id=it.who.acme.id)
    assert (await it.make("his", caller=it.who.boss, owner=theirs)).account_id == it.who.bob.account_id
    for caller in (it.who.alice, it.who.mallory):
        with pytest.raises(NotFound):
            await it.make("his", caller=caller, owner=theirs)
    project = await it.make("ours", owner=Asked(project_id=it.who.common.id))
    assert project.account_id == it.who.common.account_id
    with pytest.raises(Forbidden):
        await it.make("d", SHARED, it.who.alice, vlan="5", addresses=RANGE, owner=Asked(acl_type="Domain"))


async def test_a_basic_zone_has_one_flat_network(it: Nets) -> None:
    def flatten(work: Work) -> None:
        facet = zone_facet(work, it.zone_id)
        work.insert(msgspec.structs.replace(facet, number=work.tx.new_number(), type=ZoneType.BASIC))

    await it.write(flatten)
    with pytest.raises(InvalidInput):
        await it.make("blue", OVS, it.who.root)
    await it.make("flat", SHARED, it.who.root, vlan="untagged", addresses=RANGE)
    with pytest.raises(Conflict) as second:
        await it.make("flat2", SHARED, it.who.root, vlan="7", addresses=RANGE)
    assert second.value.stable_code == "basic-zone-network"


async def test_a_zone_may_be_closed_or_anothers(it: Nets) -> None:
    def change(work: Work, **terms: object) -> None:
        facet = zone_facet(work, it.zone_id)
        changed = msgspec.structs.replace(facet, **terms)
        if facet.number:
            work.update(changed)
        else:
            work.insert(msgspec.structs.replace(changed, number=work.tx.new_number()))

    await it.write(lambda work: change(work, domain_id=DomainId(it.who.other.id)))
    with pytest.raises(NotFound) as others:
        await it.make("blue")
    assert others.value.stable_code == "zone-not-found"
    assert (await it.make("hers", caller=it.who.mallory)).name == "hers"
    await it.write(lambda work: change(work, domain_id=None, allocation=Allocation.DISABLED))
    with pytest.raises(Conflict) as closed:
        await it.make("blue")
    assert closed.value.stable_code == "zone-disabled"
    assert (await it.make("ours", caller=it.who.root)).name == "ours"


async def test_the_wires_are_named_or_the_only_ones_that_fit(it: Nets) -> None:
    more = CreatePhysicalNetwork(zone_id=it.zone_id, name="fast", isolations=("VXLAN",), tags=("fast",))
    done = await it.cloud.do(it.who.root, CREATE_WIRES, more)
    fast, job = done.record, await it.ended(done)
    assert job is not None
    assert job.state is JobState.SUCCEEDED, job.error_text
    job = await it.do(ADD_TRAFFIC, AddTraffic(physical_network_id=fast.id, traffic="Guest"), it.who.root)
    assert job is not None
    assert job.state is JobState.SUCCEEDED, job.error_text
    assert (await it.make("first")).physical_network_id == it.wires_id  # the others take nothing new yet
    enable = UpdatePhysicalNetwork(id=fast.id, allocation=Allocation.ENABLED)
    await it.do(UPDATE_WIRES, enable, it.who.root)
    assert (await it.make("untagged")).physical_network_id == it.wires_id  # tags are there to be asked for
    await it.do(UPDATE_WIRES, UpdatePhysicalNetwork(id=fast.id, tags=()), it.who.root)
    with pytest.raises(InvalidInput) as unclear:
        await it.make("blue")
    assert unclear.value.stable_code == "physical-network-unclear"
    assert fast.id in (unclear.value.hint or "")
    named = await it.make("blue", physical_network_id=it.wires_id)
    assert named.physical_network_id == it.wires_id
    await it.do(UPDATE_WIRES, UpdatePhysicalNetwork(id=fast.id, tags=("fast",)), it.who.root)
    await it.offer("fast ones", tags=("fast",))
    assert (await it.make("tagged", "fast ones")).physical_network_id == fast.id
    with pytest.raises(InvalidInput) as unfit:
        await it.make("wrong", "fast ones", physical_network_id=it.wires_id)
    assert unfit.value.stable_code == "physical-network-unfit"


async def test_the_only_zone_need_not_be_named(it: Nets) -> None:
    request = CreateNetwork(name="blue", offering_id=it.offerings[OVS].id)
    assert (await it.cloud.do(it.who.alice, CREATE, request)).record.zone_id == it.zone_id
    other = (await it.cloud.do(it.who.root, CREATE_ZONE, FAR)).record
    with pytest.raises(InvalidInput) as unclear:
        await it.cloud.do(it.who.alice, CREATE, msgspec.structs.replace(request, name="red"))
    assert (unclear.value.stable_code, unclear.value.subject) == ("zone-unclear", "zoneid")
    assert it.zone_id in (unclear.value.hint or "")
    with pytest.raises(InvalidInput, match="it has none") as bare:
        await it.cloud.do(it.who.root, CREATE, msgspec.structs.replace(request, name="red", zone_id=other.id))
    assert bare.value.stable_code == "physical-network-unclear"


async def test_of_several_wires_those_are_taken_on_which_a_guru_designs_it(it: Nets) -> None:
    spec = PhysicalNetworkSpec(name="far", isolations=(Isolation.GENEVE,), segments=("10-20",))
    [far] = await it.write(lambda work: intent.create_many(work.tx, Kind.PHYSICAL_NETWORK, [spec]))
    tagged = await it.make("wires", L2_VLAN, caller=it.who.root, vlan="15")  # the others carry no VLANs
    assert tagged.physical_network_id == it.wires_id
    for either in (OVS, L2):
        with pytest.raises(InvalidInput) as unclear:
            await it.make("either", either)
        assert unclear.value.stable_code == "physical-network-unclear"
    await it.do(UPDATE_WIRES, UpdatePhysicalNetwork(id=Uuid(far.id), tags=("far",)), it.who.root)
    assert (await it.make("tunnels")).physical_network_id == it.wires_id


async def test_wires_that_cannot_carry_a_network_say_why_to_operators(it: Nets) -> None:
    await it.offer("fast ones", tags=("fast",))
    with pytest.raises(InvalidInput, match="it has not the offering's tag 'fast'"):
        await it.make("blue", "fast ones", caller=it.who.root)
    with pytest.raises(InvalidInput) as told:
        await it.make("blue", "fast ones")
    assert "tag" not in told.value.message
