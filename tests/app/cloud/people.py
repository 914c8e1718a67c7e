"""People for tests: two domains, one under the other, a third beside them, and users of each kind."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from netloom.app.cloud import accounts, domains, identity_seed, projects, projects_members
from netloom.app.cloud import keys as keys_
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.identity_passwords import make_hash
from netloom.app.cloud.identity_users import NewUser
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import View
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import (
    Account,
    AccountType,
    ApiKey,
    Caller,
    Domain,
    Project,
    User,
    caller_for,
)
from netloom.store.cloud.records import columns


@dataclass(frozen=True, slots=True)
class People:
    """`/acme/` has the administrator `boss`, the users `alice` and `bob`, and `/acme/lab/` with the user `carol`;
    `/other/` has the user `mallory`. `alice` and `bob` share the project `common`, which `alice` administers.
    """

    root: Caller
    boss: Caller
    alice: Caller
    bob: Caller
    carol: Caller
    mallory: Caller
    acme: Domain
    lab: Domain
    other: Domain
    common: Project


async def people(cloud: Cloud) -> People:
    """Make them."""
    root = identity_seed.first_administrator()
    acme = (await cloud.do(root, domains.CREATE, domains.CreateDomain(name="acme"))).record
    lab = (await cloud.do(root, domains.CREATE, domains.CreateDomain(name="lab", parent_id=acme.id))).record
    other = (await cloud.do(root, domains.CREATE, domains.CreateDomain(name="other"))).record

    async def person(name: str, domain: Domain, account_type: AccountType = AccountType.USER) -> Caller:
        user = NewUser(
            username=name,
            password=_password_of(name),
            first_name=name,
            last_name="Test",
            email=f"{name}@example.org",
        )
        request = accounts.CreateAccount(user=user, domain_id=domain.id, type=account_type)
        await cloud.do(root, accounts.CREATE, request)
        return await caller(cloud, name, domain)

    alice = await person("alice", acme)
    await person("bob", acme)
    await person("boss", acme, AccountType.DOMAIN_ADMIN)
    await person("carol", lab)
    await person("mallory", other)
    common = (await cloud.do(alice, projects.CREATE, projects.CreateProject(name="common"))).record
    await cloud.do(
        alice, projects_members.ADD_ACCOUNT, projects_members.AddMember(project_id=common.id, account="bob")
    )
    return People(
        root=root,
        boss=await caller(cloud, "boss", acme),
        alice=alice,
        bob=await caller(cloud, "bob", acme),
        carol=await caller(cloud, "carol", lab),
        mallory=await caller(cloud, "mallory", other),
        acme=acme,
        lab=lab,
        other=other,
        common=common,
    )


@functools.cache
def _password_of(name: str) -> str:
    return make_hash(f"of {name}", name.encode())


async def caller(cloud: Cloud, name: str, domain: Domain) -> Caller:
    """A user as a caller."""

    def find(view: View) -> Caller:
        c = columns(User)
        user = view.records.first(User, c.username == name, c.domain_id == domain.id)
        assert user is not None
        return caller_for(user, view.get(Account, user.account_id), domain)

    return await cloud.read_as(system_caller(), find)


async def account(cloud: Cloud, name: str, domain_id: Uuid) -> Account | None:
    """An account by its name."""
    c = columns(Account)
    return await cloud.read_as(
        system_caller(), lambda view: view.records.first(Account, c.name == name, c.domain_id == domain_id)
    )


async def keys(cloud: Cloud, who: Caller) -> ApiKey:
    """New keys of a user."""
    assert who.user_id is not None
    return (await cloud.do(who, keys_.REGISTER, keys_.RegisterKeys(user_id=who.user_id))).record
