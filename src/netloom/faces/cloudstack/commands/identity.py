"""CloudStack's commands for identity: all of them, and those for domains and accounts."""

from __future__ import annotations

from netloom.app.cloud import accounts, domains, domains_end, domains_move
from netloom.app.cloud.identity_users import NewUser
from netloom.app.cloud.visibility import accounts_visible, domains_visible, under
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing, One, Rows
from netloom.faces.cloudstack.commands import (
    identity_invitations,
    identity_limits,
    identity_projects,
    identity_roles,
    identity_users,
)
from netloom.faces.cloudstack.commands.identity_given import account_id, chosen_id, password
from netloom.faces.cloudstack.scope import resolve
from netloom.faces.cloudstack.views.identity import account_rows, domain_rows
from netloom.model.cloud.identity import (
    ACCOUNT_NUMBERS,
    SYSTEM_ACCOUNT_ID,
    Account,
    AccountType,
    Domain,
)
from netloom.store.cloud.records import Where, columns

# -- domains -------------------------------------------------------------------------------------------------------------


async def create_domain(call: Call) -> object:
    """Makes a domain in another one, in the caller's unless told otherwise."""
    return await call.do(
        domains.CREATE,
        domains.CreateDomain(
            name=call.need("name"),
            parent_id=call.uuid("parentdomainid") or call.caller.domain_id,
            network_domain=call.text("networkdomain") or None,
            domain_id=chosen_id(call, "domainid"),
        ),
    )


async def update_domain(call: Call) -> object:
    """Renames a domain, or gives its networks another domain name."""
    return await call.do(
        domains.UPDATE,
        domains.UpdateDomain(
            id=call.need_uuid("id"),
            name=call.text("name") or None,
            network_domain=call.text("networkdomain") or None,
        ),
    )


async def move_domain(call: Call) -> object:
    """Moves a domain, with all that is in it and under it, into another domain."""
    return await call.do(
        domains_move.MOVE,
        domains_move.MoveDomain(id=call.need_uuid("domainid"), parent_id=call.need_uuid("parentdomainid")),
    )


async def delete_domain(call: Call) -> object:
    """Deletes an empty domain; with cleanup also everything in it."""
    return await call.do(
        domains_end.DELETE,
        domains_end.DeleteDomain(id=call.need_uuid("id"), cleanup=call.flag("cleanup", default=False)),
    )


async def list_domains(call: Call) -> Rows:
    """Lists domains: the caller's own and those under it."""
    c = columns(Domain)
    return await call.select(
        Domain,
        call.match(c.id, "id"),
        call.match(c.name, "name"),
        call.match(c.level, "level"),
        keyword=("name",),
        also=lambda view: domains_visible(c, view.caller),
    )


async def list_domain_children(call: Call) -> Rows:
    """Lists the domains in a domain; with isrecursive also those further down."""
    c = columns(Domain)
    above = call.uuid("id") or call.caller.domain_id
    recursive = call.flag("isrecursive", default=False)
    named_so = call.match(c.name, "name")

    def conditions(view: View) -> list[Where]:
        parent = domains.domain_seen(view, above, "id")
        below = under(c.path, parent.path) if recursive else c.parent_id == parent.id
        return [below, c.id != parent.id, *domains_visible(c, view.caller)]

    return await call.select(Domain, named_so, keyword=("name",), also=conditions)


# -- accounts ------------------------------------------------------------------------------------------------------------


async def create_account(call: Call) -> object:
    """Makes an account with its first user."""
    number = call.integer("accounttype")
    user = NewUser(
        username=call.need("username"),
        password=await password(call),
        first_name=call.need("firstname"),
        last_name=call.need("lastname"),
        email=call.need("email"),
        timezone=call.text("timezone") or None,
        user_id=chosen_id(call, "userid"),
    )
    return await call.do(
        accounts.CREATE,
        accounts.CreateAccount(
            user=user,
            name=call.text("account") or None,
            domain_id=call.uuid("domainid"),
            type=None if number is None else _type(number),
            role_id=call.uuid("roleid"),
            network_domain=call.text("networkdomain") or None,
            account_id=chosen_id(call, "accountid"),
        ),
    )


async def update_account(call: Call) -> object:
    """Changes an account's name, role or network domain."""
    return await call.do(
        accounts.UPDATE,
        accounts.UpdateAccount(
            id=await account_id(call),
            name=call.text("newname") or None,
            role_id=call.uuid("roleid"),
            network_domain=call.text("networkdomain") or None,
        ),
    )


async def delete_account(call: Call) -> object:
    """Deletes an account with its users."""
    return await call.do(accounts.DELETE, accounts.ChangeState(id=call.need_uuid("id")))


async def enable_account(call: Call) -> object:
    """Enables an account."""
    return await call.do(accounts.ENABLE, accounts.ChangeState(id=await account_id(call)))


async def disable_account(call: Call) -> object:
    """Disables an account, or locks it: nobody logs in to it."""
    lock = call.flag("lock", default=False)
    return await call.do(accounts.DISABLE, accounts.DisableAccount(id=await account_id(call), lock=lock))


async def lock_account(call: Call) -> object:
    """Locks an account: nobody logs in to it, and what it runs stays."""
    return await call.do(accounts.LOCK, accounts.ChangeState(id=await account_id(call)))


async def list_accounts(call: Call) -> Rows:
    """Lists accounts: the caller's own, or with listall or a domain all that the caller administers."""
    c, number = columns(Account), call.integer("accounttype")
    return await call.select(
        Account,
        call.match(c.id, "id"),
        call.match(c.name, "name"),
        call.match(c.state, "state"),
        None if number is None else c.type == _type(number).value,
        c.type != AccountType.PROJECT.value,
        c.id != SYSTEM_ACCOUNT_ID,
        c.id.is_(None)
        if call.flag("iscleanuprequired")
        else None,  # what an end left undone, its job goes on with
        keyword=("name",),
        also=lambda view: accounts_visible(c, view.caller, resolve(view, call.asked)),
    )


def _type(number: int) -> AccountType:
    for kind, its_number in ACCOUNT_NUMBERS.items():
        if its_number == number and kind is not AccountType.PROJECT:
            return kind
    raise InvalidInput(
        f"there is no account type {number}",
        subject="accounttype",
        hint="0: user, 1: root administrator, 2: domain administrator, 3: resource administrator",
    )


COMMANDS: tuple[Command, ...] = (
    Command("createDomain", create_domain, One("domain", domain_rows)),
    Command("updateDomain", update_domain, One("domain", domain_rows)),
    Command("moveDomain", move_domain, One("domain", domain_rows)),
    Command("deleteDomain", delete_domain, JobAnswer(domains_end.DELETE, about="Domain")),
    Command("listDomains", list_domains, Listing("domain", domain_rows)),
    Command("listDomainChildren", list_domain_children, Listing("domain", domain_rows)),
    Command("createAccount", create_account, One("account", account_rows)),
    Command("updateAccount", update_account, One("account", account_rows)),
    Command("deleteAccount", delete_account, JobAnswer(accounts.DELETE, about="Account", with_id=True)),
    Command("enableAccount", enable_account, One("account", account_rows)),
    Command(
        "disableAccount",
        disable_account,
        JobAnswer(accounts.DISABLE, "account", account_rows, about="Account", with_id=True),
    ),
    Command("lockAccount", lock_account, One("account", account_rows)),
    Command("listAccounts", list_accounts, Listing("account", account_rows)),
    *identity_users.COMMANDS,
    *identity_roles.COMMANDS,
    *identity_projects.COMMANDS,
    *identity_invitations.COMMANDS,
    *identity_limits.COMMANDS,
)
