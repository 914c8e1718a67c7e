"""Security groups: who has which, what may be authorised, and what a rule or an instance holds fast."""

from __future__ import annotations

import pytest
from tests.app.cloud.people import people

from netloom.app.cloud import accounts
from netloom.app.cloud.accounts import ChangeState
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.identity_seed import first_administrator
from netloom.app.cloud.security_groups import (
    CREATE,
    DELETE,
    UPDATE,
    CreateSecurityGroup,
    GroupRef,
    UpdateSecurityGroup,
)
from netloom.app.cloud.security_groups_rules import (
    AUTHORIZE_EGRESS,
    AUTHORIZE_INGRESS,
    REVOKE_EGRESS,
    REVOKE_INGRESS,
    Authorize,
    Peer,
    Revoke,
)
from netloom.base.errors import Conflict, InvalidInput, NetloomError, NotFound
from netloom.model.cloud.acl_match import Match
from netloom.model.cloud.identity import Account, Caller
from netloom.model.cloud.rules import TrafficDirection
from netloom.model.cloud.security_groups import DEFAULT_NAME, SecurityGroup, SecurityGroupRule
from netloom.store.cloud.filters import LOG_WORD
from netloom.store.cloud.records import columns
from netloom.store.snapshot import read_changed


async def groups_of(cloud: Cloud, who: Caller) -> list[SecurityGroup]:
    return await cloud.read_as(who, lambda view: view.select(SecurityGroup))


async def made(cloud: Cloud, who: Caller, name: str) -> SecurityGroup:
    return (await cloud.do(who, CREATE, CreateSecurityGroup(name=name))).record


async def rules(cloud: Cloud, who: Caller, group: SecurityGroup) -> list[SecurityGroupRule]:
    c = columns(SecurityGroupRule)
    return await cloud.read_as(who, lambda view: view.select(SecurityGroupRule, c.group_id == group.id))


def ssh(group: SecurityGroup, **other: object) -> Authorize:
    fields: dict[str, object] = {"protocol": "tcp", "start_port": 22, "end_port": 22} | other
    return Authorize(group=GroupRef(id=group.id), **fields)


async def test_every_account_and_project_has_a_default_group_that_stays(cloud: Cloud) -> None:
    who = await people(cloud)
    (own,) = await groups_of(cloud, who.alice)
    assert (own.name, own.account_id) == (DEFAULT_NAME, who.alice.account_id)
    with pytest.raises(Conflict) as caught:
        await cloud.do(who.alice, DELETE, GroupRef(name=DEFAULT_NAME))
    assert caught.value.stable_code == "security-group-default"
    with pytest.raises(Conflict) as caught:
        await cloud.do(who.alice, UPDATE, UpdateSecurityGroup(id=own.id, name="mine"))
    assert caught.value.stable_code == "security-group-default"
    everybody = await cloud.read_as(who.root, lambda view: view.records.count(Account))
    assert everybody == 1 + await cloud.read_as(who.root, lambda view: view.records.count(SecurityGroup))
    assert len(await groups_of(cloud, first_administrator())) == 1


async def test_an_account_that_goes_takes_its_groups_along(cloud: Cloud) -> None:
    who = await people(cloud)
    group = await made(cloud, who.mallory, "web")
    await cloud.do(who.mallory, AUTHORIZE_INGRESS, ssh(group, peers=(Peer(group=DEFAULT_NAME),)))
    done = await cloud.do(who.root, accounts.DELETE, ChangeState(id=who.mallory.account_id))
    assert done.job is not None
    await cloud.jobs.settled(done.job.id, 30)
    c = columns(SecurityGroup)
    left = await cloud.read_as(
        who.root, lambda view: view.records.count(SecurityGroup, c.account_id == who.mallory.account_id)
    )
    assert left == 0


async def test_names_are_unique_in_an_account_only(cloud: Cloud) -> None:
    who = await people(cloud)
    first = await made(cloud, who.alice, "web")
    with pytest.raises(Conflict) as caught:
        await made(cloud, who.alice, "web")
    assert caught.value.stable_code == "security-group-taken"
    assert (await made(cloud, who.bob, "web")).id != first.id
    other = await made(cloud, who.alice, "db")
    with pytest.raises(Conflict):
        await cloud.do(who.alice, UPDATE, UpdateSecurityGroup(id=other.id, name="web"))
    renamed = await cloud.do(who.alice, UPDATE, UpdateSecurityGroup(id=other.id, name="data"))
    assert renamed.record.name == "data"


async def test_groups_of_others_are_not_found(cloud: Cloud) -> None:
    who = await people(cloud)
    group = await made(cloud, who.alice, "web")
    await cloud.do(who.alice, AUTHORIZE_INGRESS, ssh(group, cidrs=("0.0.0.0/0",)))
    (rule,) = await rules(cloud, who.alice, group)
    for use_case, request in (
        (DELETE, GroupRef(id=group.id)),
        (UPDATE, UpdateSecurityGroup(id=group.id, name="mine")),
        (AUTHORIZE_INGRESS, ssh(group, cidrs=("::/0",))),
        (REVOKE_INGRESS, Revoke(id=rule.id)),
    ):
        with pytest.raises(NotFound):
            await cloud.do(who.mallory, use_case, request)  # type: ignore[arg-type]


async def test_a_request_makes_a_rule_for_each_side_or_none(cloud: Cloud) -> None:
    who = await people(cloud)
    web, db = await made(cloud, who.alice, "web"), await made(cloud, who.alice, "db")
    request = ssh(web, cidrs=("192.0.2.0/24", "2001:db8::/32"), peers=(Peer(group="db"),))
    await cloud.do(who.alice, AUTHORIZE_INGRESS, request)
    match = Match(protocol="tcp", start_port=22, end_port=22)
    there = await rules(cloud, who.alice, web)
    assert [(rule.match.cidrs, rule.peer_group_id) for rule in there] == [
        (("192.0.2.0/24",), None),
        (("2001:db8::/32",), None),
        ((), db.id),
    ]
    assert {rule.match.protocol for rule in there} == {match.protocol}
    with pytest.raises(Conflict) as caught:  # the first is new, the second is there: neither is made
        await cloud.do(who.alice, AUTHORIZE_INGRESS, ssh(web, cidrs=("198.51.100.0/24", "192.0.2.0/24")))
    assert caught.value.stable_code == "security-group-rule-taken"
    with pytest.raises(Conflict):
        await cloud.do(who.alice, AUTHORIZE_INGRESS, ssh(web, peers=(Peer(group="db"),)))
    assert len(await rules(cloud, who.alice, web)) == 3
    await cloud.do(who.alice, AUTHORIZE_EGRESS, ssh(web, cidrs=("192.0.2.0/24",)))  # the other direction


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"cidrs": ("300.0.0.0/8",)},
        {"cidrs": ("0.0.0.0/0",), "protocol": "carrots"},
        {"cidrs": ("0.0.0.0/0",), "start_port": 23},
        {"cidrs": ("0.0.0.0/0",), "start_port": None, "end_port": None},
        {"cidrs": ("0.0.0.0/0",), "protocol": "all"},
        {"cidrs": ("0.0.0.0/0",), "protocol": "icmp", "start_port": None, "end_port": None},
    ],
)
async def test_what_makes_no_sense_is_refused(cloud: Cloud, wrong: dict[str, object]) -> None:
    root = first_administrator()
    group = await made(cloud, root, "web")
    with pytest.raises(InvalidInput):
        await cloud.do(root, AUTHORIZE_INGRESS, ssh(group, **wrong))


async def test_a_group_is_named_once(cloud: Cloud) -> None:
    root = first_administrator()
    group = await made(cloud, root, "web")
    for ref in (GroupRef(), GroupRef(id=group.id, name="web")):
        with pytest.raises(InvalidInput):
            await cloud.do(root, AUTHORIZE_INGRESS, Authorize(group=ref, cidrs=("0.0.0.0/0",)))


async def test_groups_of_other_accounts_are_named_by_both_names_within_a_domain(cloud: Cloud) -> None:
    who = await people(cloud)
    mine, theirs = await made(cloud, who.alice, "web"), await made(cloud, who.bob, "db")
    named = ssh(mine, peers=(Peer(group="db", account="bob"),))
    await cloud.do(who.alice, AUTHORIZE_INGRESS, named)
    (rule,) = await rules(cloud, who.alice, mine)
    assert rule.peer_group_id == theirs.id
    told: list[NetloomError] = []
    for peer in (Peer(group="default", account="mallory"), Peer(group="default", account="nobody")):
        with pytest.raises(NotFound) as caught:
            await cloud.do(who.alice, AUTHORIZE_EGRESS, ssh(mine, peers=(peer,)))
        told.append(caught.value)
    assert str(told[0]) == str(told[1])


async def test_a_group_that_rules_name_stays_until_they_are_revoked(cloud: Cloud) -> None:
    who = await people(cloud)
    web, db = await made(cloud, who.alice, "web"), await made(cloud, who.alice, "db")
    await cloud.do(who.alice, AUTHORIZE_INGRESS, ssh(web, peers=(Peer(group="db"), Peer(group="web"))))
    with pytest.raises(Conflict) as caught:
        await cloud.do(who.alice, DELETE, GroupRef(id=db.id))
    assert caught.value.stable_code == "security-group-in-use"
    assert "web" in str(caught.value)
    named = next(rule for rule in await rules(cloud, who.alice, web) if rule.peer_group_id == db.id)
    with pytest.raises(NotFound):
        await cloud.do(who.alice, REVOKE_EGRESS, Revoke(id=named.id))
    await cloud.do(who.alice, REVOKE_INGRESS, Revoke(id=named.id))
    await cloud.do(who.alice, DELETE, GroupRef(id=db.id))
    await cloud.do(who.alice, DELETE, GroupRef(id=web.id))  # its rule about itself does not hold it
    assert [group.name for group in await groups_of(cloud, who.alice)] == [DEFAULT_NAME]


async def test_a_change_of_rules_is_noted_for_the_planner_and_for_nobody_else(cloud: Cloud) -> None:
    root = first_administrator()
    store = cloud._store
    group = await made(cloud, root, "web")
    before = store.revision
    await cloud.do(root, AUTHORIZE_INGRESS, ssh(group, cidrs=("0.0.0.0/0",)))
    assert store.revision == before + 1
    assert await store.changes(before) == []
    changed = await store.load_changed(before)
    assert changed.revision == before + 1
    (told,) = changed.groups
    assert (told.group.id, [rule.direction for rule in told.rules]) == (group.id, [TrafficDirection.INGRESS])
    gone = await store.read(lambda connection: read_changed(connection, before, 10).groups_gone)
    assert gone == ()
    assert LOG_WORD == "SecurityGroup"
