"""The roles that netloom brings, in a store that another version of it made."""

from __future__ import annotations

import msgspec

from netloom.app.cloud import roles_change
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.seed import seed_all
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import Work
from netloom.base.ids import Uuid
from netloom.model.cloud.permissions import USER_ROLE, Permission, Role, RoleRule
from netloom.model.cloud.permissions_default import DEFAULT_ROLES
from netloom.store.cloud.records import columns


async def test_an_upgrade_brings_the_rules_of_commands_that_are_new(cloud: Cloud) -> None:
    before = await role(cloud, USER_ROLE)
    gone = RoleRule(
        id=Uuid("6c0d2a52-5d4e-4f0e-9f0a-0123456789ab"), pattern="dance", permission=Permission.ALLOW
    )

    def older(work: Work) -> None:
        work.update(msgspec.structs.replace(work.get(Role, USER_ROLE), rules=(gone, *before.rules[3:])))

    await cloud.write_as(system_caller(), "test", older)
    await cloud.write_as(system_caller(), "seed", seed_all)
    after = await role(cloud, USER_ROLE)
    assert [rule.pattern for rule in after.rules] == [rule.pattern for rule in before.rules]
    assert after.rules[3:] == before.rules[3:], "a rule that stays keeps its id"


async def test_a_start_of_the_same_version_writes_no_role(cloud: Cloud) -> None:
    before = await roles(cloud)
    await cloud.write_as(system_caller(), "seed", seed_all)
    assert await roles(cloud) == before


async def test_an_operators_copy_keeps_what_was_taken_out_of_it(cloud: Cloud) -> None:
    made = await cloud.do(
        system_caller(), roles_change.CREATE, roles_change.CreateRole(name="fewer", copied_from=USER_ROLE)
    )
    rule = made.record.rules[0]
    await cloud.do(system_caller(), roles_change.REMOVE_RULE, roles_change.RemoveRule(rule_id=rule.id))
    before = await role(cloud, made.record.id)
    await cloud.write_as(system_caller(), "seed", seed_all)
    assert await role(cloud, made.record.id) == before
    assert rule.pattern not in {each.pattern for each in before.rules}


async def test_a_role_that_is_new_leaves_an_operators_of_that_name_alone(cloud: Cloud) -> None:
    default = next(each for each in DEFAULT_ROLES if each.id is None)
    c = columns(Role)

    def older(work: Work) -> None:
        [found] = work.records.select(Role, c.name == default.name)
        work.delete(found)

    await cloud.write_as(system_caller(), "test", older)
    made = await cloud.do(system_caller(), roles_change.CREATE, roles_change.CreateRole(name=default.name))
    await cloud.write_as(system_caller(), "seed", seed_all)
    [kept] = [each for each in await roles(cloud) if each.name == default.name]
    assert kept == made.record


async def test_a_role_that_is_new_is_made(cloud: Cloud) -> None:
    default = next(each for each in DEFAULT_ROLES if each.id is None)

    def older(work: Work) -> None:
        [found] = work.records.select(Role, columns(Role).name == default.name)
        work.delete(found)

    await cloud.write_as(system_caller(), "test", older)
    await cloud.write_as(system_caller(), "seed", seed_all)
    [made] = [each for each in await roles(cloud) if each.name == default.name]
    assert made.is_default
    assert tuple((rule.permission, rule.pattern) for rule in made.rules) == default.rules


async def role(cloud: Cloud, role_id: Uuid) -> Role:
    return await cloud.read_as(system_caller(), lambda view: view.get(Role, role_id))


async def roles(cloud: Cloud) -> list[Role]:
    return list(await cloud.read_as(system_caller(), lambda view: view.records.select(Role)))
