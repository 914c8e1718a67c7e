"""Who comes into projects, and what their roles deny, alike on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from tests.app.cloud.clouds import opened
from tests.app.cloud.people import People, people
from tests.testing.racers import at_once, winners

from netloom.app.cloud import configuration_change, projects_invitations, projects_members, projects_roles
from netloom.app.cloud import security_groups as groups
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.configuration import UpdateConfiguration
from netloom.app.cloud.projects import projects_listed
from netloom.app.cloud.projects_invitations import AnswerInvitation, in_state, invitations_visible
from netloom.app.cloud.projects_members import AddMember, AddUser
from netloom.app.cloud.visibility import Scope
from netloom.app.cloud.work import View
from netloom.base.errors import Forbidden
from netloom.model.cloud.identity import Caller, Project, ProjectMember
from netloom.model.cloud.permissions import Permission
from netloom.model.cloud.projects import InvitationState, ProjectInvitation
from netloom.store.cloud.records import columns


@dataclass
class Stage:
    cloud: Cloud
    who: People

    async def invitations(self, caller: Caller) -> list[InvitationState]:
        """The states of those that somebody sees."""

        def look(view: View) -> list[InvitationState]:
            where = invitations_visible(view, Scope())
            return [each.state_at(view.at) for each in view.records.select(ProjectInvitation, *where)]

        return await self.cloud.read_as(caller, look)

    async def is_in(self, caller: Caller) -> bool:
        """Whether the project is in somebody's list."""

        def look(view: View) -> bool:
            return view.records.exists(Project, *projects_listed(view, Scope()))

        return await self.cloud.read_as(caller, look)


@pytest.fixture
async def it(url: str) -> AsyncIterator[Stage]:
    async with opened(url) as cloud:
        yield Stage(cloud, await people(cloud))


async def test_who_is_invited_by_several_at_once_is_invited_once_and_joins_once(it: Stage) -> None:
    who, common = it.who, it.who.common.id
    change = UpdateConfiguration(name="project.invite.required", value="true")
    await it.cloud.do(who.root, configuration_change.UPDATE, change)
    wish = AddMember(project_id=common, account="boss")
    results = await at_once(
        *(
            it.cloud.do(caller, projects_members.ADD_ACCOUNT, wish)
            for caller in (who.alice, who.boss, who.root)
        )
    )
    assert (len(winners(results)), results.count("project-invitation-taken")) == (1, 2)
    assert await it.invitations(who.boss) == await it.invitations(who.alice) == [InvitationState.PENDING]
    assert await it.invitations(who.bob) == await it.invitations(who.mallory) == []
    answer = AnswerInvitation(project_id=common)
    results = await at_once(*(it.cloud.do(who.boss, projects_invitations.ANSWER, answer) for _ in range(3)))
    assert (len(winners(results)), results.count("bad-transition")) == (1, 2)
    assert await it.invitations(who.boss) == [InvitationState.COMPLETED]
    assert await it.is_in(who.boss)
    c = columns(ProjectMember)
    seats = await it.cloud.read_as(
        who.root, lambda view: view.records.count(ProjectMember, c.who == who.boss.account_id)
    )
    assert seats == 1
    pending = await it.cloud.read_as(
        who.root, lambda view: view.records.count(ProjectInvitation, *in_state(InvitationState.PENDING, view))
    )
    assert pending == 0


async def test_a_role_denies_whatever_the_thing_is_named_by(it: Stage) -> None:
    who, common = it.who, it.who.common.id
    made = await it.cloud.do(
        who.alice, projects_roles.CREATE, projects_roles.CreateProjectRole(project_id=common, name="reader")
    )
    role = made.record
    for command in ("createSecurityGroup", "delete*"):
        rule = projects_roles.AddProjectRule(
            project_id=common, project_role_id=role.id, pattern=command, permission=Permission.DENY
        )
        await it.cloud.do(who.alice, projects_roles.ADD_RULE, rule)
    add = AddUser(project_id=common, username="boss", project_role_id=role.id)
    await it.cloud.do(who.alice, projects_members.ADD_USER, add)
    group = groups.CreateSecurityGroup(name="web", project_id=common)
    there = (await it.cloud.do(who.bob, groups.CREATE, group)).record
    await it.cloud.do(who.boss, groups.DELETE, groups.GroupRef(id=there.id))  # of the domain: no role binds
    taken = projects_members.RemoveMember(project_id=common, account="bob")
    await it.cloud.do(who.alice, projects_members.REMOVE_ACCOUNT, taken)
    again = AddUser(project_id=common, username="bob", project_role_id=role.id)
    await it.cloud.do(who.alice, projects_members.ADD_USER, again)
    with pytest.raises(Forbidden, match="reader"):
        await it.cloud.do(who.bob, groups.CREATE, group)
    there = (await it.cloud.do(who.alice, groups.CREATE, group)).record
    with pytest.raises(Forbidden, match="reader"):
        await it.cloud.do(who.bob, groups.DELETE, groups.GroupRef(id=there.id))
    own = groups.CreateSecurityGroup(name="own")
    assert (await it.cloud.do(who.bob, groups.CREATE, own)).record.account_id == who.bob.account_id
