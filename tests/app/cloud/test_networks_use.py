"""Who sees a network, who may use it, who may change it; and what lists hold."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator

import pytest
from tests.app.cloud.nets import L2, OVS, RANGE, SHARED, SOURCE_NAT, Nets, nets

from netloom.app.cloud import accounts, domains_end, projects_members
from netloom.app.cloud.networks_end import DELETE, DeleteNetwork
from netloom.app.cloud.networks_list import Wanted, conditions
from netloom.app.cloud.networks_owner import Asked
from netloom.app.cloud.networks_permissions import (
    CLOSE,
    OPEN,
    RESET,
    ChangePermissions,
    ResetPermissions,
    permissions_of,
)
from netloom.app.cloud.networks_use import find_network, usable_network, visible_networks
from netloom.app.cloud.visibility import Scope
from netloom.app.cloud.work import View
from netloom.base.errors import Forbidden, InvalidInput, NetloomError, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Account, Caller
from netloom.model.cloud.jobs import JobState
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.record import AccountId

EVERYTHING = Scope(everything=True)
ANY = Wanted()


@pytest.fixture
async def it(tmp_path: pathlib.Path) -> AsyncIterator[Nets]:
    async with nets(tmp_path) as found:
        yield found


async def seen(it: Nets, caller: Caller, scope: Scope = EVERYTHING, wanted: Wanted = ANY) -> set[str]:
    def read(view: View) -> set[str]:
        where = [*visible_networks(view, scope), *conditions(view, wanted)]
        return {each.name for each in view.records.select(GuestNetwork, *where)}

    return await it.cloud.read_as(caller, read)


async def may_use(it: Nets, network: GuestNetwork, caller: Caller) -> str:
    """`yes`, or the code of the refusal."""

    def read(view: View) -> str:
        account = view.records.get(Account, caller.account_id)
        assert account is not None
        return usable_network(view, network.id, account).name

    try:
        assert await it.cloud.read_as(caller, read) == network.name
    except NetloomError as error:
        return error.stable_code
    return "yes"


async def test_an_accounts_network_is_its_own(it: Nets) -> None:
    network = await it.make("blue")
    who = it.who
    assert await may_use(it, network, who.alice) == "yes"
    for stranger in (who.bob, who.carol, who.mallory):
        assert await may_use(it, network, stranger) == "network-not-found"
        assert await seen(it, stranger) == set()
    for administrator in (who.root, who.boss):
        assert await may_use(it, network, administrator) == "network-not-usable"
        assert await seen(it, administrator) == {"blue"}
        assert await seen(it, administrator, Scope()) == set()


async def test_a_domains_network_is_open_downwards(it: Nets) -> None:
    who = it.who
    acme = Asked(acl_type="Domain", domain_id=who.acme.id)
    below = await it.make("below", SHARED, who.root, vlan="500", addresses=RANGE, owner=acme)
    alone = Asked(acl_type="Domain", domain_id=who.acme.id, subdomain_access=False)
    only = await it.make("only", SHARED, who.root, vlan="501", addresses=RANGE, owner=alone)
    assert await seen(it, who.alice, Scope()) == {"below", "only"}
    assert await seen(it, who.carol, Scope()) == {"below"}
    assert await seen(it, who.mallory) == set()
    assert [await may_use(it, below, each) for each in (who.alice, who.carol, who.mallory)] == [
        "yes",
        "yes",
        "network-not-found",
    ]
    assert await may_use(it, only, who.carol) == "network-not-found"
    assert await seen(it, who.root, Scope(account_ids=(AccountId(who.carol.account_id),))) == {"below"}
    assert await seen(it, who.root, Scope(domain_id=who.acme.id)) == {"below", "only"}
    with pytest.raises(Forbidden):
        await it.do(DELETE, DeleteNetwork(id=below.id))


async def test_a_network_is_opened_and_closed(it: Nets) -> None:
    network, who = await it.make("blue"), it.who
    await it.do(OPEN, ChangePermissions(network_id=network.id, accounts=("bob",)))
    await it.do(
        OPEN, ChangePermissions(network_id=network.id, accounts=("bob",), project_ids=(who.common.id,))
    )
    opened = await it.cloud.read_as(who.alice, lambda view: permissions_of(view, network.id))
    assert {each.account_id for each in opened} == {who.bob.account_id, who.common.account_id}
    assert await may_use(it, network, who.bob) == "yes"
    assert await seen(it, who.bob) == {"blue"}
    assert await seen(it, who.bob, wanted=Wanted(filter="shared")) == {"blue"}
    assert await seen(it, who.bob, wanted=Wanted(filter="account")) == set()
    with pytest.raises(Forbidden):
        await it.do(OPEN, ChangePermissions(network_id=network.id, accounts=("bob",)), who.bob)
    await it.do(CLOSE, ChangePermissions(network_id=network.id, account_ids=(Uuid(who.bob.account_id),)))
    assert await may_use(it, network, who.bob) == "network-not-found"
    await it.do(RESET, ResetPermissions(network_id=network.id))
    assert await it.cloud.read_as(who.alice, lambda view: permissions_of(view, network.id)) == []


async def test_whom_a_network_is_not_opened_to(it: Nets) -> None:
    network, who = await it.make("blue"), it.who
    for wrong, kind in (
        (ChangePermissions(network_id=network.id, accounts=("mallory",)), NotFound),
        (ChangePermissions(network_id=network.id, accounts=("nobody",)), NotFound),
        (ChangePermissions(network_id=network.id), InvalidInput),
        (ChangePermissions(network_id=network.id, accounts=("alice",)), InvalidInput),
    ):
        with pytest.raises(kind):
            await it.do(OPEN, wrong)
    shared = await it.make("shared", SHARED, who.root, vlan="500", addresses=RANGE)
    with pytest.raises(InvalidInput):
        await it.do(OPEN, ChangePermissions(network_id=shared.id, accounts=("admin",)), who.root)
    with pytest.raises(NotFound):
        await it.do(RESET, ResetPermissions(network_id=network.id), who.mallory)


async def test_lists_are_filtered(it: Nets) -> None:
    await it.make("blue", OVS)
    await it.make("web", SOURCE_NAT)
    await it.make("l2", L2)
    await it.make("shared", SHARED, it.who.root, vlan="500", addresses=RANGE)
    alice = it.who.alice
    for wanted, names in (
        (Wanted(type="l2"), {"l2"}),
        (Wanted(acl_type="Domain"), {"shared"}),
        (Wanted(services=("Lb", "SourceNat")), {"web"}),
        (Wanted(specify_ip_ranges=True), {"shared"}),
        (Wanted(for_vpc=True), set()),
        (Wanted(is_system=True), set()),
        (Wanted(deployable=True), {"blue", "web", "l2", "shared"}),
        (Wanted(deployable=False), set()),
        (Wanted(traffic="guest", filter="domain"), {"shared"}),
        (Wanted(filter="accountdomain"), {"blue", "web", "l2", "shared"}),
    ):
        assert await seen(it, alice, Scope(), wanted) == names, wanted
    for wrong in (Wanted(type="x"), Wanted(services=("x",)), Wanted(filter="x")):
        with pytest.raises(InvalidInput):
            await seen(it, alice, Scope(), wrong)
    assert await it.cloud.read_as(alice, lambda view: find_network(view, "x")) is None


async def test_what_an_account_was_opened_goes_with_it_and_a_domains_networks_hold_the_domain(
    it: Nets,
) -> None:
    network, who = await it.make("blue"), it.who
    await it.do(OPEN, ChangePermissions(network_id=network.id, accounts=("bob",)))
    await it.do(
        projects_members.REMOVE_ACCOUNT,
        projects_members.RemoveMember(project_id=who.common.id, account="bob"),
    )
    job = await it.do(accounts.DELETE, accounts.ChangeState(id=Uuid(who.bob.account_id)), who.root)
    assert job is not None
    assert job.state is JobState.SUCCEEDED, job.error_text
    assert await it.cloud.read_as(who.alice, lambda view: permissions_of(view, network.id)) == []
    lab = Asked(acl_type="Domain", domain_id=who.lab.id)
    await it.make("flat", SHARED, who.root, vlan="500", addresses=RANGE, owner=lab)
    await it.do(accounts.DELETE, accounts.ChangeState(id=Uuid(who.carol.account_id)), who.root)
    job = await it.do(domains_end.DELETE, domains_end.DeleteDomain(id=who.lab.id), who.root)
    assert job is not None
    assert (job.state, job.error_code) == (JobState.FAILED, "in-use")
