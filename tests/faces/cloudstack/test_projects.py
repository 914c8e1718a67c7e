"""Projects through CloudStack's API: invitations, single users, and the roles that projects have of their own."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from tests.app.cloud.people import People, people
from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.test_infrastructure import refused, signing

from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.identity_seed import first_administrator
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import Work
from netloom.model.cloud.identity import Account, Domain, User, caller_for
from netloom.model.cloud.projects import ProjectInvitation
from netloom.store.cloud.records import columns

PERSON = {"password": "a long password", "firstname": "x", "lastname": "y", "email": "x@example.org"}


@dataclass
class Stage:
    """Alice's project `common` in `/acme/`, which Bob is in too; the account `dave` has a user Dora besides."""

    cloud: Cloud
    who: People
    root: Client
    boss: Client
    alice: Client
    bob: Client
    dave: Client
    dora: Client
    project: str

    async def users(self, client: Client) -> list[str]:
        """The projects that somebody is in."""
        return [each["name"] for each in (await client.result("listProjects")).get("project", ())]

    async def invitations(self, client: Client, **params: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await client.result("listProjectInvitations", **params)).get(
            "projectinvitation", []
        )
        return found


@pytest.fixture
async def it(cloud: Cloud, admin: Client) -> Stage:
    who = await people(cloud)
    await admin.result("createAccount", username="dave", accounttype="0", domainid=who.acme.id, **PERSON)
    await admin.result("createUser", username="dora", account="dave", domainid=who.acme.id, **PERSON)

    async def client(name: str) -> Client:
        def find(work: Work) -> Any:
            c = columns(User)
            user = work.records.first(User, c.username == name, c.domain_id == who.acme.id)
            assert user is not None
            return caller_for(user, work.get(Account, user.account_id), work.get(Domain, user.domain_id))

        return await signing(admin, cloud, await cloud.write_as(system_caller(), "test", find))

    return Stage(
        cloud=cloud,
        who=who,
        root=await signing(admin, cloud, first_administrator()),
        boss=await client("boss"),
        alice=await client("alice"),
        bob=await client("bob"),
        dave=await client("dave"),
        dora=await client("dora"),
        project=str(who.common.id),
    )


async def invited(it: Stage, **more: str) -> None:
    await it.root.result("updateConfiguration", name="project.invite.required", value="true")
    await it.alice.result("addAccountToProject", projectid=it.project, account="dave", **more)


# -- invitations ---------------------------------------------------------------------------------------------------------


async def test_who_is_invited_accepts_and_is_in(it: Stage) -> None:
    await invited(it)
    assert await it.users(it.dave) == []
    [seen] = await it.invitations(it.dave)
    assert (seen["project"], seen["account"], seen["state"]) == ("common", "dave", "Pending")
    assert await it.invitations(it.alice) == await it.invitations(it.alice, projectid=it.project) == [seen]
    assert await it.invitations(it.bob) == await it.invitations(it.bob, id=seen["id"]) == []
    assert len(await it.invitations(it.boss, listall="true")) == 1
    for wrong in (it.bob, it.alice):
        assert (await refused(wrong, "updateProjectInvitation", projectid=it.project))[0] == 431
    assert (await refused(it.alice, "addAccountToProject", projectid=it.project, account="dave"))[0] == 431
    await it.dave.result("updateProjectInvitation", projectid=it.project)
    assert await it.users(it.dave) == ["common"]
    assert [each["state"] for each in await it.invitations(it.dave, state="Completed")] == ["Completed"]
    assert await it.invitations(it.dave, activeonly="true") == []
    assert (await refused(it.dave, "updateProjectInvitation", projectid=it.project))[0] == 431


async def test_an_invitation_is_declined_taken_back_and_made_again(it: Stage) -> None:
    await invited(it)
    await it.dave.result("updateProjectInvitation", projectid=it.project, accept="false")
    assert [each["state"] for each in await it.invitations(it.dave)] == ["Declined"]
    await invited(it)
    [again] = await it.invitations(it.dave)
    assert again["state"] == "Pending"
    assert (await refused(it.bob, "deleteProjectInvitation", id=again["id"]))[0] == 431
    await it.alice.result("deleteProjectInvitation", id=again["id"])
    assert await it.invitations(it.dave) == []
    assert (await refused(it.dave, "updateProjectInvitation", projectid=it.project))[0] == 431
    assert await it.users(it.dave) == []


async def test_an_invitation_that_nobody_answers_is_over(it: Stage) -> None:
    await invited(it)
    [seen] = await it.invitations(it.dave)

    def late(work: Work) -> None:
        found = work.get(ProjectInvitation, seen["id"])
        work.update(msgspec.structs.replace(found, expires_at=work.at - dt.timedelta(seconds=1)))

    await it.cloud.write_as(system_caller(), "test", late)
    assert [each["state"] for each in await it.invitations(it.dave)] == ["Expired"]
    assert await it.invitations(it.dave, state="Pending") == []
    assert len(await it.invitations(it.dave, state="expired")) == 1
    assert (await refused(it.dave, "updateProjectInvitation", projectid=it.project))[0] == 431
    await invited(it)
    assert [each["state"] for each in await it.invitations(it.dave)] == ["Pending"]


async def test_one_user_is_invited_and_only_that_one_is_in(it: Stage) -> None:
    await it.root.result("updateConfiguration", name="project.invite.required", value="true")
    await it.alice.result("addUserToProject", projectid=it.project, username="dora", roletype="Admin")
    assert await it.invitations(it.dave) == []
    [seen] = await it.invitations(it.dora)
    assert "account" not in seen
    assert (await refused(it.dave, "updateProjectInvitation", projectid=it.project))[0] == 431
    await it.dora.result("updateProjectInvitation", projectid=it.project, userid=seen["userid"])
    assert (await it.users(it.dora), await it.users(it.dave)) == (["common"], [])
    assert (await it.dora.result("suspendProject", id=it.project))["project"]["state"] == "Suspended"


# -- users ---------------------------------------------------------------------------------------------------------------


async def test_a_user_is_in_without_the_rest_of_the_account(it: Stage) -> None:
    await it.alice.result("addUserToProject", projectid=it.project, username="dora")
    assert (await it.users(it.dora), await it.users(it.dave)) == (["common"], [])
    group = {"projectid": it.project, "name": "web"}
    made = (await it.dora.result("createSecurityGroup", **group))["securitygroup"]
    assert made["project"] == "common"
    for outsider in (it.dave, it.dave):
        assert (await refused(outsider, "createSecurityGroup", **group))[0] == 431
        assert (await refused(outsider, "deleteSecurityGroup", id=made["id"]))[0] == 431
    listed = (await it.bob.result("listProjectAccounts", projectid=it.project))["projectaccount"]
    [dora] = [each for each in listed if "userid" in each]
    assert (dora["username"], dora["account"], [each["username"] for each in dora["user"]]) == (
        "dora",
        "dave",
        ["dora"],
    )
    assert (await refused(it.alice, "addUserToProject", projectid=it.project, username="dora"))[0] == 431
    assert (await refused(it.alice, "addAccountToProject", projectid=it.project, account="dave"))[0] == 431
    assert (await refused(it.alice, "addUserToProject", projectid=it.project, username="bob"))[0] == 431
    assert (await refused(it.dora, "deleteUserFromProject", projectid=it.project, userid=dora["userid"]))[
        0
    ] == 531
    await it.alice.result("deleteUserFromProject", projectid=it.project, userid=dora["userid"])
    assert await it.users(it.dora) == []
    assert (await refused(it.alice, "deleteUserFromProject", projectid=it.project, userid=dora["userid"]))[
        0
    ] == 431


async def test_a_user_who_is_gone_or_moves_is_in_no_project(it: Stage) -> None:
    await it.alice.result("addUserToProject", projectid=it.project, username="dora", roletype="Admin")
    listed = (await it.alice.result("listProjectAccounts", projectid=it.project))["projectaccount"]
    [user_id] = [each["userid"] for each in listed if "userid" in each]
    owners = (await it.alice.result("listProjects", id=it.project))["project"][0]["owner"]
    assert {"account": "dave", "userid": user_id, "user": "dora"} in owners
    await it.root.result("deleteUser", id=user_id)
    listed = (await it.alice.result("listProjectAccounts", projectid=it.project))["projectaccount"]
    assert {each["account"] for each in listed} == {"alice", "bob"}


async def test_a_user_becomes_the_only_administrator(it: Stage) -> None:
    await it.alice.result("addUserToProject", projectid=it.project, username="dora")
    listed = (await it.alice.result("listProjectAccounts", projectid=it.project))["projectaccount"]
    [user_id] = [each["userid"] for each in listed if "userid" in each]
    await it.alice.result("updateProject", id=it.project, userid=user_id)
    assert (await refused(it.alice, "suspendProject", id=it.project))[0] == 531
    text = (await refused(it.dora, "deleteUserFromProject", projectid=it.project, userid=user_id))[2]
    assert "only administrator" in text


# -- roles ---------------------------------------------------------------------------------------------------------------


async def test_a_role_of_a_project_denies_its_members_what_it_says(it: Stage) -> None:
    role = (await it.alice.result("createProjectRole", projectid=it.project, name="reader"))["projectrole"]
    of_role = {"projectid": it.project, "projectroleid": role["id"]}
    rule = {**of_role, "rule": "createSecurityGroup", "permission": "deny"}
    made = (await it.alice.result("createProjectRolePermission", **rule))["projectrolepermission"]
    assert (made["projectrolename"], made["rule"], made["permission"]) == (
        "reader",
        "createSecurityGroup",
        "deny",
    )
    assert (await refused(it.alice, "createProjectRolePermission", **rule))[0] == 431
    await it.alice.result(
        "addAccountToProject", projectid=it.project, account="dave", projectroleid=role["id"]
    )
    group = {"projectid": it.project, "name": "web"}
    status, _, text = await refused(it.dave, "createSecurityGroup", **group)
    assert (status, "reader" in text) == (531, True)
    assert (await it.dave.result("createSecurityGroup", name="own"))["securitygroup"]["account"] == "dave"
    there = (await it.bob.result("createSecurityGroup", **group))["securitygroup"]
    for command, found in (("deleteSecurityGroup", 200), ("listSecurityGroups", 200)):
        more = {"id": there["id"]} if command.startswith("delete") else {"projectid": it.project}
        deny = {**of_role, "rule": command, "permission": "deny"}
        denied = (await it.alice.result("createProjectRolePermission", **deny))["projectrolepermission"]
        assert (await refused(it.dave, command, **more))[0] == 531, "by id, and by the project's name"
        assert (await it.boss.call("listSecurityGroups", projectid=it.project))[0] == 200
        change = {"projectrolepermissionid": denied["id"], "permission": "allow"}
        await it.alice.result("updateProjectRolePermission", **of_role, **change)
        assert (await it.dave.call(command, **more))[0] == found
    rules = (await it.bob.result("listProjectRolePermissions", **of_role))["projectrolepermission"]
    assert [each["rule"] for each in rules] == [
        "createSecurityGroup",
        "deleteSecurityGroup",
        "listSecurityGroups",
    ]
    order = ",".join(each["id"] for each in reversed(rules))
    await it.alice.result("updateProjectRolePermission", **of_role, ruleorder=order)
    await it.alice.result("deleteProjectRolePermission", projectid=it.project, id=made["id"])
    assert (await it.dave.result("createSecurityGroup", projectid=it.project, name="two"))["securitygroup"]
    await it.alice.result("updateProject", id=it.project, account="dave", swapowner="false", roletype="Admin")
    await it.alice.result("createProjectRolePermission", **rule)
    assert (await it.dave.result("createSecurityGroup", projectid=it.project, name="three"))["securitygroup"]


async def test_a_role_of_a_project_lives(it: Stage) -> None:
    of = {"projectid": it.project}
    role = (await it.alice.result("createProjectRole", name="reader", description="reads", **of))[
        "projectrole"
    ]
    assert (await refused(it.alice, "createProjectRole", name="reader", **of))[0] == 431
    assert (await refused(it.bob, "createProjectRole", name="other", **of))[0] == 531
    assert (await refused(it.dave, "listProjectRoles", **of))[0] == 431
    changed = (await it.alice.result("updateProjectRole", id=role["id"], name="guest", **of))["projectrole"]
    assert (changed["name"], changed["description"]) == ("guest", "reads")
    assert [each["name"] for each in (await it.bob.result("listProjectRoles", **of))["projectrole"]] == [
        "guest"
    ]
    await it.alice.result("addAccountToProject", account="dave", projectroleid=role["id"], **of)
    seated = await it.alice.result("listProjectAccounts", projectroleid=role["id"], **of)
    assert [each["account"] for each in seated["projectaccount"]] == ["dave"]
    assert (await refused(it.alice, "deleteProjectRole", id=role["id"], **of))[0] == 530
    await it.alice.result("deleteAccountFromProject", account="dave", **of)
    await it.alice.result("deleteProjectRole", id=role["id"], **of)
    assert await it.bob.result("listProjectRoles", **of) == {}
    assert (await refused(it.alice, "updateProjectRole", id=role["id"], **of))[0] == 431


async def test_a_project_goes_with_its_invitations_and_roles(it: Stage) -> None:
    role = (await it.alice.result("createProjectRole", projectid=it.project, name="reader"))["projectrole"]
    await it.alice.result("addUserToProject", projectid=it.project, username="dora", projectroleid=role["id"])
    await it.root.result("updateConfiguration", name="project.invite.required", value="true")
    await it.root.result("createAccount", username="erin", accounttype="0", domainid=it.who.acme.id, **PERSON)
    await it.alice.result(
        "addAccountToProject", projectid=it.project, account="erin", projectroleid=role["id"]
    )
    assert await it.alice.result("deleteProject", id=it.project) == {"success": True}
    assert await it.invitations(it.root, listall="true") == []
