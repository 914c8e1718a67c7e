"""Moving domains: who sees what, whose limits hold, and what keeps a domain where it is."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator

import msgspec
import pytest
from tests.app.cloud.instance_stage import on_stage
from tests.app.cloud.nets import SOURCE_NAT, Nets, nets
from tests.app.cloud.people import caller

from netloom.app.cloud import domains, limits_change, public_ranges
from netloom.app.cloud.addresses import ASSOCIATE_IP
from netloom.app.cloud.addresses_place import AssociateIp
from netloom.app.cloud.domains_move import MOVE, MoveDomain
from netloom.app.cloud.infrastructure_zones import UPDATE_ZONE, UpdateZone, ZoneFields
from netloom.app.cloud.limits_change import UpdateLimit
from netloom.base.errors import Conflict, Exhausted, Forbidden, InvalidInput, NetloomError, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import MAX_DEPTH, ROOT_DOMAIN_ID, Domain
from netloom.model.cloud.infrastructure_ranges import PublicRange
from netloom.model.cloud.limits import ResourceType
from netloom.model.cloud.networks import AclType, GuestNetwork


@pytest.fixture
async def it(tmp_path: pathlib.Path) -> AsyncIterator[Nets]:
    async with nets(tmp_path) as found:
        yield found


@pytest.fixture
async def on_both(tmp_path: pathlib.Path, url: str) -> AsyncIterator[Nets]:
    async with nets(tmp_path, url) as found:
        yield found


async def move(it: Nets, domain: Uuid, parent: Uuid) -> Domain:
    return (await it.cloud.do(it.who.root, MOVE, MoveDomain(id=domain, parent_id=parent))).record


async def domain(it: Nets, domain_id: Uuid) -> Domain:
    found = await it.read(lambda view: view.records.get(Domain, domain_id))
    assert found is not None
    return found


async def seen_by_boss(it: Nets, network: GuestNetwork) -> bool:
    boss = await caller(it.cloud, "boss", await domain(it, it.who.acme.id))
    return await it.cloud.read_as(boss, lambda view: view.find(GuestNetwork, network.id)) is not None


async def test_what_is_under_it_goes_with_it_and_others_administer_it(it: Nets) -> None:
    who = it.who
    below = (
        await it.cloud.do(who.root, domains.CREATE, domains.CreateDomain(name="x", parent_id=who.lab.id))
    ).record
    network = await it.make("blue", caller=who.carol)
    assert await seen_by_boss(it, network)
    moved = await move(it, who.lab.id, who.other.id)
    assert (moved.path, moved.level, moved.parent_id) == ("/other/lab/", 2, who.other.id)
    under = await domain(it, below.id)
    assert (under.path, under.level, under.parent_id) == ("/other/lab/x/", 3, who.lab.id)
    assert not await seen_by_boss(it, network)
    await move(it, who.other.id, who.acme.id)
    assert (await domain(it, below.id)).path == "/acme/other/lab/x/"
    assert await seen_by_boss(it, network)
    assert (await move(it, who.lab.id, ROOT_DOMAIN_ID)).level == 1


async def test_where_a_domain_cannot_go(it: Nets) -> None:
    who = it.who
    for wrong, parent, error in (
        (ROOT_DOMAIN_ID, who.acme.id, InvalidInput),
        (who.acme.id, who.acme.id, InvalidInput),
        (who.acme.id, who.lab.id, InvalidInput),
        (who.acme.id, Uuid("00000000-0000-4000-8000-00000000ffff"), NotFound),
    ):
        with pytest.raises(error):
            await move(it, wrong, parent)
    assert await move(it, who.lab.id, who.acme.id) == await domain(it, who.lab.id)
    await it.cloud.do(who.root, domains.CREATE, domains.CreateDomain(name="lab", parent_id=who.other.id))
    with pytest.raises(Conflict) as taken:
        await move(it, who.lab.id, who.other.id)
    assert taken.value.stable_code == "domain-taken"
    with pytest.raises(Forbidden):
        await it.cloud.do(who.boss, MOVE, MoveDomain(id=who.lab.id, parent_id=who.acme.id))


async def test_no_domain_comes_to_lie_too_deep(it: Nets) -> None:
    deep = it.who.other
    for _ in range(MAX_DEPTH - 3):
        wish = domains.CreateDomain(name="d", parent_id=deep.id)
        deep = (await it.cloud.do(it.who.root, domains.CREATE, wish)).record
    with pytest.raises(InvalidInput, match="deep"):
        await move(it, it.who.acme.id, deep.id)
    assert (await move(it, it.who.lab.id, deep.id)).level == MAX_DEPTH - 1


async def test_limits_above_hold_what_comes(on_both: Nets) -> None:
    it, who = on_both, on_both.who
    await it.make("blue", caller=who.carol)
    limit = UpdateLimit(type=ResourceType.NETWORK, max=0, domain_id=who.other.id)
    await it.cloud.do(who.root, limits_change.UPDATE, limit)
    with pytest.raises(Exhausted) as refused:
        await move(it, who.lab.id, who.other.id)
    assert refused.value.stable_code == "limit-reached"
    await it.cloud.do(who.root, limits_change.UPDATE, msgspec.structs.replace(limit, max=1))
    await move(it, who.lab.id, who.other.id)
    with pytest.raises(Exhausted):
        await it.make("red", caller=await caller(it.cloud, "carol", await domain(it, who.lab.id)))


async def test_a_zone_of_a_domain_keeps_what_is_in_it_under_the_domain(it: Nets) -> None:
    who = it.who
    await it.make("blue", caller=who.carol)
    mine = UpdateZone(id=it.zone_id, fields=ZoneFields(domain_id=who.acme.id))
    await it.cloud.do(who.root, UPDATE_ZONE, mine)
    with pytest.raises(Conflict, match="the zone") as refused:
        await move(it, who.lab.id, who.other.id)
    assert refused.value.stable_code == "domain-bound"
    await move(it, who.acme.id, who.other.id)  # the zone's domain goes with it


async def test_a_public_range_of_a_domain_keeps_who_has_an_address_of_it(on_both: Nets) -> None:
    it, who = on_both, on_both.who
    [made] = await it.read(lambda view: view.records.select(PublicRange))
    mine = public_ranges.DedicateRange(id=made.id, domain_id=who.acme.id)
    await it.cloud.do(who.root, public_ranges.DEDICATE, mine)
    network = await it.make("blue", SOURCE_NAT, who.carol)
    await it.do(ASSOCIATE_IP, AssociateIp(network_id=network.id), who.carol)
    with pytest.raises(Conflict, match=made.id):
        await move(it, who.lab.id, who.other.id)


async def test_a_network_of_a_domain_keeps_who_is_in_it(tmp_path: pathlib.Path) -> None:
    async with on_stage(f"sqlite:///{tmp_path}/cloud.db") as stage:
        who = stage.who
        domains_own = msgspec.structs.replace(stage.network, acl_type=AclType.DOMAIN, subdomain_access=True)
        await stage.write(lambda work: work.update(domains_own))
        instance = await stage.deploy("web", caller=who.carol)
        wish = MoveDomain(id=who.lab.id, parent_id=who.other.id)
        with pytest.raises(NetloomError, match=stage.network.id) as refused:
            await stage.cloud.do(who.root, MOVE, wish)
        assert refused.value.stable_code == "domain-bound"
        assert await stage.now(instance) is not None
        now = await stage.read(lambda view: view.get(GuestNetwork, stage.network.id))
        plain = msgspec.structs.replace(now, acl_type=AclType.ACCOUNT)
        await stage.write(lambda work: work.update(plain))
        assert (await stage.cloud.do(who.root, MOVE, wish)).record.path == "/other/lab/"
