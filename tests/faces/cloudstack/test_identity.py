"""Domains, accounts, users, keys, roles, projects and limits, as clients ask for them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from tests.app.cloud.people import people
from tests.faces.cloudstack.replay.client import Client

from netloom.app.cloud.cloud import Cloud
from netloom.faces.cloudstack.app import CloudStackFace

PERSON = {"email": "p@example.org", "firstname": "P", "lastname": "Q", "password": "first password"}


@pytest.fixture
async def acme(admin: Client) -> str:
    """A domain with an account `alice` that has a user of the same name; its id."""
    made = await admin.result("createDomain", name="acme")
    domain = made["domain"]["id"]
    await admin.result("createAccount", username="alice", accounttype="0", domainid=domain, **PERSON)
    return domain


async def _user(admin: Client, domain: str, name: str = "alice") -> dict[str, Any]:
    found = await admin.result("listUsers", listall="true", domainid=domain, username=name)
    (user,) = found["user"]
    return dict(user)


async def _as(admin: Client, domain: str, name: str = "alice") -> Client:
    """A client that signs as somebody, with new keys."""
    user = await _user(admin, domain, name)
    pair = (await admin.result("registerUserKeys", id=user["id"]))["userkeys"]
    return Client(admin._http, pair["apikey"], pair["secretkey"])


async def _refused(client: Client, command: str, **params: str) -> tuple[int, int]:
    status, body = await client.call(command, **params)
    content = next(iter(body.values()))
    assert status != 200, content
    return status, content["cserrorcode"]


# -- domains -------------------------------------------------------------------------------------------------------------


async def test_domains_in_domains(admin: Client, acme: str) -> None:
    web = (await admin.result("createDomain", name="web", parentdomainid=acme, networkdomain="web.test"))[
        "domain"
    ]
    assert (web["path"], web["level"], web["networkdomain"]) == ("ROOT/acme/web", 2, "web.test")
    found = (await admin.result("listDomains", id=acme))["domain"]
    assert [(domain["name"], domain["haschild"]) for domain in found] == [("acme", True)]
    renamed = (await admin.result("updateDomain", id=acme, name="umbrella"))["domain"]
    assert renamed["path"] == "ROOT/umbrella"
    below = await admin.result("listDomainChildren", id=acme)
    assert [domain["path"] for domain in below["domain"]] == ["ROOT/umbrella/web"]
    every = await admin.result("listDomainChildren", isrecursive="true")
    assert every["count"] == 2
    assert await _refused(admin, "createDomain", name="umbrella") == (431, 4350)


async def test_a_domain_goes_with_what_is_in_it_only_when_told(admin: Client, acme: str) -> None:
    await admin.result("createDomain", name="web", parentdomainid=acme)
    _, body = await admin.call("deleteDomain", id=acme)
    job = await admin.ended(body["deletedomainresponse"]["jobid"])
    assert (job["jobstatus"], job["jobresult"]["errorcode"]) == (2, 530)
    assert (await admin.result("listDomains", id=acme))["domain"][0]["state"] == "Active"
    await admin.result("deleteDomain", id=acme, cleanup="true")
    assert (await admin.result("listDomains", keyword="acme")) == {}
    assert (await admin.result("listAccounts", listall="true", keyword="alice")) == {}


# -- accounts and users --------------------------------------------------------------------------------------------------


async def test_the_life_of_an_account(admin: Client, acme: str) -> None:
    account = (await admin.result("listAccounts", name="alice", domainid=acme))["account"][0]
    assert (account["accounttype"], account["rolename"], account["state"]) == (0, "User", "enabled")
    alice = await _as(admin, acme)
    for command, more, state in (
        ("lockAccount", {}, "locked"),
        ("enableAccount", {}, "enabled"),
        ("disableAccount", {"lock": "false"}, "disabled"),
        ("enableAccount", {}, "enabled"),
        ("disableAccount", {"lock": "true"}, "locked"),
    ):
        changed = await admin.result(command, account="alice", domainid=acme, **more)
        assert changed["account"]["state"] == state
        status, _ = await alice.call("listZones")
        assert status == (200 if state == "enabled" else 401), state
    changed = await admin.result("updateAccount", id=account["id"], newname="alison", networkdomain="a.test")
    assert (changed["account"]["name"], changed["account"]["networkdomain"]) == ("alison", "a.test")
    await admin.result("deleteAccount", id=account["id"])
    assert (await admin.result("listUsers", listall="true", username="alice")) == {}


async def test_users_of_an_account(admin: Client, acme: str) -> None:
    made = (await admin.result("createUser", account="alice", domainid=acme, username="anne", **PERSON))[
        "user"
    ]
    assert (made["account"], made["state"], made["usersource"]) == ("alice", "enabled", "native")
    for command, state in (("disableUser", "disabled"), ("enableUser", "enabled"), ("lockUser", "locked")):
        assert (await admin.result(command, id=made["id"]))["user"]["state"] == state
    changed = await admin.result(
        "updateUser", id=made["id"], firstname="Anna", timezone="UTC", username="anna"
    )
    assert [changed["user"][name] for name in ("firstname", "timezone", "username")] == [
        "Anna",
        "UTC",
        "anna",
    ]
    account = (await admin.result("listAccounts", name="alice", domainid=acme))["account"][0]
    assert {user["username"] for user in account["user"]} == {"alice", "anna"}
    assert await admin.result("deleteUser", id=made["id"]) == {"success": True}
    assert await _refused(admin, "deleteUser", id=made["id"]) == (431, 9999)


async def test_a_user_moves_with_its_keys(admin: Client, acme: str) -> None:
    bob = (await admin.result("createAccount", username="bob", accounttype="0", domainid=acme, **PERSON))[
        "account"
    ]
    alice, user = await _as(admin, acme), await _user(admin, acme)
    assert await _refused(alice, "moveUser", id=user["id"], account="bob") == (531, 4365)
    assert await admin.result("moveUser", id=user["id"], account="bob") == {"success": True}
    seen = (await alice.result("listAccounts"))["account"]
    assert [account["id"] for account in seen] == [bob["id"]]
    own = (await admin.result("listAccounts"))["account"][0]["id"]
    assert await _refused(admin, "moveUser", id=user["id"], accountid=own) == (431, 4350)
    assert await _refused(admin, "moveUser", id=user["id"], account="nobody") == (431, 9999)
    assert await _refused(admin, "moveUser", id=user["id"]) == (431, 4350)


async def test_who_may_list_whom(cloud: Cloud, admin: Client, acme: str) -> None:
    alice = await _as(admin, acme)
    assert [user["username"] for user in (await alice.result("listUsers", listall="true"))["user"]] == [
        "alice"
    ]
    assert [each["name"] for each in (await alice.result("listAccounts", listall="true"))["account"]] == [
        "alice"
    ]
    own = (await admin.result("listAccounts"))["account"]
    assert [account["name"] for account in own] == ["admin"]
    every = (await admin.result("listAccounts", listall="true"))["account"]
    assert {account["name"] for account in every} == {"admin", "alice"}
    assert (await admin.result("listAccounts", listall="true", accounttype="1"))["count"] == 1


async def test_a_password_is_changed_by_who_knows_it(admin: Client, acme: str, face: CloudStackFace) -> None:
    alice, user = await _as(admin, acme), await _user(admin, acme)
    new = {"id": user["id"], "password": "second password"}
    assert await _refused(alice, "updateUser", **new) == (531, 4365)
    assert await _refused(alice, "updateUser", **new, currentpassword="a guess") == (531, 4365)
    await alice.result("updateUser", **new, currentpassword=PERSON["password"])
    credentials = {"username": "alice", "domain": "acme"}
    assert (await admin.call("login", **credentials, password=PERSON["password"]))[0] == 531
    assert (await admin.call("login", **credentials, password="second password"))[0] == 200
    await admin.result("updateUser", id=user["id"], password="third password")
    assert (await admin.call("login", **credentials, password="third password"))[0] == 200


# -- keys ----------------------------------------------------------------------------------------------------------------


async def test_keys_are_replaced_and_shown_to_who_may_see_them(admin: Client, acme: str) -> None:
    user = await _user(admin, acme)
    assert "apikey" not in user
    assert await admin.result("getUserKeys", id=user["id"]) == {"userkeys": {}}
    alice = await _as(admin, acme)
    shown = (await alice.result("getUserKeys", id=user["id"]))["userkeys"]
    assert shown["apikey"] == alice.key
    assert (await admin.result("getUser", userapikey=alice.key))["user"]["id"] == user["id"]
    again = (await alice.result("registerUserKeys", id=user["id"]))["userkeys"]
    assert (await alice.call("listZones"))[0] == 401
    renewed = Client(admin._http, again["apikey"], again["secretkey"])
    assert (await renewed.call("listZones"))[0] == 200
    assert await _refused(admin, "getUser", userapikey=alice.key) == (431, 9999)


async def test_a_key_does_not_tell_whose_it_is_to_others(admin: Client, acme: str) -> None:
    alice, user = await _as(admin, acme), await _user(admin, acme)
    for key in (admin.key, "nobodys"):
        status, body = await alice.call("getUser", userapikey=key)
        assert (status, body["getuserresponse"]["cserrorcode"]) == (431, 9999)
        assert body["getuserresponse"]["errortext"] == "userapikey: there is no user 'of this API key'"
    assert (await alice.call("getUser", userapikey=alice.key))[0] in {200, 531}
    assert (await admin.result("getUser", userapikey=alice.key))["user"]["id"] == user["id"]


async def test_a_domain_that_leads_nowhere_is_not_passed_over(admin: Client, acme: str) -> None:
    alice = await _as(admin, acme)
    assert await _refused(alice, "createSSHKeyPair", name="k", domainid=str(uuid.uuid4())) == (431, 9999)
    root = (await admin.result("listDomains", name="ROOT"))["domain"][0]["id"]
    assert await _refused(alice, "createSSHKeyPair", name="k", domainid=root) == (431, 9999)
    made = (await alice.result("createSSHKeyPair", name="k", domainid=acme))["keypair"]
    assert (made["account"], made["domainid"]) == ("alice", acme)


async def test_no_list_tells_a_secret(admin: Client, acme: str) -> None:
    alice, user = await _as(admin, acme), await _user(admin, acme)
    secret = (await admin.result("getUserKeys", id=user["id"]))["userkeys"]["secretkey"]
    for client in (alice, admin):
        for command in ("listUsers", "listAccounts", "listEvents"):
            _, body = await client.call(command, listall="true")
            assert secret not in str(body)


async def test_users_do_not_see_keys_of_others(admin: Client, acme: str) -> None:
    other = (await admin.result("createUser", account="alice", domainid=acme, username="anne", **PERSON))[
        "user"
    ]
    pair = (await admin.result("registerUserKeys", id=other["id"]))["userkeys"]
    alice = await _as(admin, acme)
    assert await _refused(alice, "getUserKeys", id=other["id"]) == (531, 4365)
    assert await _refused(alice, "registerUserKeys", id=other["id"]) == (531, 4365)
    _, body = await alice.call("listUsers", listall="true")
    assert "anne" in str(body)
    assert pair["apikey"] not in str(body)


# -- roles ---------------------------------------------------------------------------------------------------------------


async def test_a_role_says_what_its_accounts_may(admin: Client, acme: str) -> None:
    role = (await admin.result("createRole", name="looker", type="User", description="looks"))["role"]
    account = (await admin.result("listAccounts", name="alice", domainid=acme))["account"][0]
    await admin.result("updateAccount", id=account["id"], roleid=role["id"])
    alice = await _as(admin, acme)
    assert await _refused(alice, "listZones") == (531, 4365)
    allow = await admin.result("createRolePermission", roleid=role["id"], rule="list*", permission="allow")
    deny = await admin.result("createRolePermission", roleid=role["id"], rule="listZones", permission="deny")
    assert (await alice.call("listZones"))[0] == 200
    order = f"{deny['rolepermission']['id']},{allow['rolepermission']['id']}"
    assert await admin.result("updateRolePermission", roleid=role["id"], ruleorder=order) == {"success": True}
    assert await _refused(alice, "listZones") == (531, 4365)
    await admin.result(
        "updateRolePermission",
        roleid=role["id"],
        ruleid=deny["rolepermission"]["id"],
        permission="allow",
    )
    assert (await alice.call("listZones"))[0] == 200
    rules = (await admin.result("listRolePermissions", roleid=role["id"]))["rolepermission"]
    assert [(rule["rule"], rule["permission"]) for rule in rules] == [
        ("listZones", "allow"),
        ("list*", "allow"),
    ]
    await admin.result("deleteRolePermission", id=allow["rolepermission"]["id"])
    assert await _refused(alice, "listAccounts") == (531, 4365)
    assert await _refused(admin, "deleteRole", id=role["id"]) == (530, 4250)
    await admin.result("disableRole", id=role["id"])
    assert await _refused(alice, "listZones") == (531, 4365)
    await admin.result("enableRole", id=role["id"])
    assert (await alice.call("listZones"))[0] == 200


async def test_roles_are_copied_hidden_and_deleted(admin: Client, acme: str) -> None:
    user_role = next(role for role in (await admin.result("listRoles"))["role"] if role["name"] == "User")
    copy = (await admin.result("createRole", name="mine", roleid=user_role["id"]))["role"]
    assert copy["type"] == "User"
    rules = (await admin.result("listRolePermissions", roleid=copy["id"]))["count"]
    assert rules == (await admin.result("listRolePermissions", roleid=user_role["id"]))["count"]
    await admin.result("updateRole", id=copy["id"], name="ours", ispublic="false")
    boss = {"username": "boss", "accounttype": "2", "domainid": acme}
    await admin.result("createAccount", **boss, **PERSON)
    seen = (await (await _as(admin, acme, "boss")).result("listRoles"))["role"]
    assert "ours" not in {role["name"] for role in seen}
    assert await admin.result("deleteRole", id=copy["id"]) == {"success": True}
    assert await _refused(admin, "updateRole", id=user_role["id"], name="x") == (431, 4350)


async def test_a_list_without_what_has_to_be_counted(admin: Client, acme: str) -> None:
    for command, key in (("listAccounts", "account"), ("listDomains", "domain")):
        [*_, full] = (await admin.result(command, listall="true"))[key]
        [*_, least] = (await admin.result(command, listall="true", details="min"))[key]
        assert "vmlimit" in full
        assert {name: value for name, value in full.items() if name in least} == least
        assert not [name for name in least if name.endswith(("limit", "total", "available"))]
    [*_, account] = (await admin.result("listAccounts", listall="true", details="min"))["account"]
    assert "vmrunning" not in account
    [*_, account] = (await admin.result("listAccounts", listall="true", details="min,resource"))["account"]
    assert "vmrunning" in account


# -- projects ------------------------------------------------------------------------------------------------------------


async def test_the_life_of_a_project(admin: Client, acme: str) -> None:
    await admin.result("createAccount", username="bob", accounttype="0", domainid=acme, **PERSON)
    alice, bob = await _as(admin, acme), await _as(admin, acme, "bob")
    project = (await alice.result("createProject", name="common", displaytext="ours"))["project"]
    assert (project["state"], project["owner"]) == ("Active", [{"account": "alice"}])
    assert (await bob.result("listProjects")) == {}
    await alice.result("addAccountToProject", projectid=project["id"], account="bob")
    assert [each["name"] for each in (await bob.result("listProjects"))["project"]] == ["common"]
    members = (await bob.result("listProjectAccounts", projectid=project["id"]))["projectaccount"]
    assert {(member["account"], member["role"]) for member in members} == {
        ("alice", "Admin"),
        ("bob", "Regular"),
    }
    assert await _refused(bob, "suspendProject", id=project["id"]) == (531, 4365)
    await alice.result("updateProject", id=project["id"], account="bob", swapowner="false", roletype="Admin")
    assert (await bob.result("suspendProject", id=project["id"]))["project"]["state"] == "Suspended"
    assert (await bob.result("activateProject", id=project["id"]))["project"]["state"] == "Active"
    await bob.result("deleteAccountFromProject", projectid=project["id"], account="alice")
    assert (await alice.result("listProjects")) == {}
    assert (await admin.result("listProjects", listall="true"))["count"] == 1
    assert (await admin.result("listProjects", account="bob", domainid=acme))["count"] == 1
    assert await _refused(bob, "deleteAccountFromProject", projectid=project["id"], account="bob") == (
        431,
        4350,
    )
    assert await bob.result("deleteProject", id=project["id"]) == {"success": True}
    assert (await admin.result("listProjects", listall="true")) == {}


async def test_an_owner_is_swapped(admin: Client, acme: str) -> None:
    await admin.result("createAccount", username="bob", accounttype="0", domainid=acme, **PERSON)
    alice = await _as(admin, acme)
    project = (await alice.result("createProject", name="common"))["project"]
    changed = (await alice.result("updateProject", id=project["id"], account="bob", displaytext="new"))[
        "project"
    ]
    assert (changed["owner"], changed["displaytext"]) == ([{"account": "bob"}], "new")


# -- limits and settings -------------------------------------------------------------------------------------------------


async def test_limits_of_accounts_projects_and_domains(admin: Client, acme: str) -> None:
    alice = await _as(admin, acme)
    project = (await alice.result("createProject", name="common"))["project"]
    for whose, expected in (
        ({"account": "alice", "domainid": acme}, {"account": "alice"}),
        ({"projectid": project["id"]}, {"projectid": project["id"]}),
        ({"domainid": acme}, {"domainid": acme}),
    ):
        limit = (await admin.result("updateResourceLimit", resourcetype="6", max="3", **whose))[
            "resourcelimit"
        ]
        assert (limit["max"], limit["resourcetypename"]) == (3, "network")
        assert expected.items() <= limit.items()
        shown = (await admin.result("listResourceLimits", resourcetype="6", **whose))["resourcelimit"]
        assert [each["max"] for each in shown] == [3]
    own = (await alice.result("listResourceLimits", resourcetypename="network"))["resourcelimit"]
    assert own[0]["max"] == 3
    account = (await admin.result("listAccounts", name="alice", domainid=acme))["account"][0]
    assert (account["networklimit"], account["networkavailable"], account["projecttotal"]) == ("3", "3", 1)
    counted = (await admin.result("updateResourceCount", domainid=acme, account="alice"))["resourcecount"]
    assert {each["resourcetypename"]: each["resourcecount"] for each in counted}["project"] == 1
    whole = (await admin.result("updateResourceCount", domainid=acme, resourcetype="5"))["resourcecount"]
    assert [each["resourcecount"] for each in whole] == [1]
    assert await _refused(alice, "updateResourceLimit", resourcetype="6", max="9") == (531, 4365)
    assert await _refused(admin, "updateResourceLimit", resourcetype="99", max="9") == (431, 4350)


async def test_settings_are_set_and_put_back(admin: Client) -> None:
    changed = (await admin.result("updateConfiguration", name="vpc.max.networks", value="5"))["configuration"]
    assert (changed["name"], changed["value"], changed["defaultvalue"]) == ("vpc.max.networks", "5", "3")
    shown = (await admin.result("listConfigurations", name="vpc.max.networks"))["configuration"]
    assert shown[0]["value"] == "5"
    back = (await admin.result("resetConfiguration", name="vpc.max.networks"))["configuration"]
    assert back["value"] == "3"
    assert await _refused(admin, "updateConfiguration", name="vpc.max.networks", value="x") == (431, 4350)
    assert await _refused(admin, "updateConfiguration", name="vpc.max.networks") == (431, 9999)
    assert await _refused(admin, "updateConfiguration", name="no.such", value="1") == (431, 9999)
    zone = {"name": "vpc.max.networks", "value": "1", "zoneid": "00000000-0000-4000-8000-000000000001"}
    assert await _refused(admin, "updateConfiguration", **zone) == (431, 4350)


# -- who administers -----------------------------------------------------------------------------------------------------


async def test_a_domain_administrator_stays_in_the_domain(cloud: Cloud, admin: Client) -> None:
    who = await people(cloud)
    boss = await _as(admin, who.acme.id, "boss")
    made = await boss.result("createAccount", username="new", accounttype="0", **PERSON)
    assert made["account"]["domainid"] == who.acme.id
    below = await boss.result("createDomain", name="below")
    assert below["domain"]["path"] == "ROOT/acme/below"
    for command, params in (
        ("createAccount", {"username": "x", "accounttype": "1", **PERSON}),
        ("createDomain", {"name": "x", "domainid": "11111111-1111-4111-8111-111111111111"}),
    ):
        assert (await _refused(boss, command, **params))[0] == 531, command
    for command, params in (
        ("createAccount", {"username": "x", "accounttype": "0", "domainid": who.other.id, **PERSON}),
        ("createDomain", {"name": "x", "parentdomainid": who.other.id}),
        ("lockAccount", {"account": "mallory", "domainid": who.other.id}),
        ("deleteAccount", {"id": who.mallory.account_id}),
        ("listAccounts", {"domainid": who.other.id}),
        ("updateResourceLimit", {"resourcetype": "6", "max": "1", "domainid": who.other.id}),
    ):
        assert await _refused(boss, command, **params) == (431, 9999), command
