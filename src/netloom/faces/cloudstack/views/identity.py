"""What answers say of domains, accounts and users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from netloom.faces.cloudstack.see import Row, See
from netloom.faces.cloudstack.views.identity_resources import of_accounts, of_domains
from netloom.model.cloud.identity import ACCOUNT_NUMBERS, Account, ApiKey, Domain, User, shown_path
from netloom.model.cloud.permissions import Role
from netloom.store.cloud.records import columns


def domain_rows(domains: Sequence[Domain], see: See) -> list[Row]:
    """Domains with their limits, and what all accounts in and under them use."""
    resources = of_domains(domains, see)
    parents = see.many(Domain, [domain.parent_id for domain in domains])
    with_children = _parents(domains, see)
    rows: list[Row] = []
    for domain in domains:
        parent = None if domain.parent_id is None else parents.get(domain.parent_id)
        rows.append(
            {
                "id": domain.id,
                "name": domain.name,
                "level": domain.level,
                "parentdomainid": domain.parent_id,
                "parentdomainname": None if parent is None else parent.name,
                "haschild": domain.id in with_children,
                "networkdomain": domain.network_domain,
                "path": shown_path(domain.path),
                "state": domain.state.value,
                "created": see.time(domain.created_at),
                **resources[domain.id],
                "hasannotations": False,
                **see.job(domain.id),
            }
        )
    return rows


def account_rows(accounts: Sequence[Account], see: See) -> list[Row]:
    """Accounts with their users, their limits and what they use."""
    ids = [account.id for account in accounts]
    resources = of_accounts(accounts, see)
    domains = see.many(Domain, [account.domain_id for account in accounts])
    roles = see.many(Role, [account.role_id for account in accounts])
    see.many(Account, ids)
    see.pending(ids)
    users: dict[str, list[User]] = {account_id: [] for account_id in ids}
    for user in see.having(User, "account_id", ids):
        users[user.account_id].append(user)
    shown = dict(
        zip(
            (user.id for each in users.values() for user in each),
            user_rows([user for each in users.values() for user in each], see),
            strict=True,
        )
    )
    return [
        {
            "id": account.id,
            "name": account.name,
            "accounttype": ACCOUNT_NUMBERS[account.type],
            **_role(roles.get(account.role_id)),
            **_domain(domains.get(account.domain_id)),
            **resources[account.id],
            "networkdomain": account.network_domain,
            "state": account.state.value,
            "created": see.time(account.created_at),
            "user": [shown[user.id] for user in users[account.id]],
            "isdefault": account.is_default,
            "groups": [],
            "apikeyaccess": "INHERIT",
            **see.job(account.id),
        }
        for account in accounts
    ]


def user_rows(users: Sequence[User], see: See) -> list[Row]:
    """Users; the API key only of those that the caller may sign for, or administers. Secrets never."""
    accounts = see.many(Account, [user.account_id for user in users])
    domains = see.many(Domain, [user.domain_id for user in users])
    roles = see.many(Role, [account.role_id for account in accounts.values()])
    keys = _keys(users, see)
    see.pending(user.id for user in users)
    rows: list[Row] = []
    for user in users:
        account = accounts.get(user.account_id)
        domain = domains.get(user.domain_id)
        rows.append(
            {
                "id": user.id,
                "username": user.username,
                "firstname": user.first_name,
                "lastname": user.last_name,
                "email": user.email,
                "created": see.time(user.created_at),
                "state": user.state.value,
                "account": None if account is None else account.name,
                "accounttype": None if account is None else ACCOUNT_NUMBERS[account.type],
                "usersource": "native",
                **_role(None if account is None else roles.get(account.role_id)),
                "domainid": user.domain_id,
                "domain": None if domain is None else domain.name,
                "timezone": user.timezone,
                "apikey": keys.get(user.id),
                "accountid": user.account_id,
                "iscallerchilddomain": False if domain is None else _is_below_caller(domain, see),
                "isdefault": user.is_default,
                "is2faenabled": False,
                "is2famandated": False,
                **see.job(user.id),
            }
        )
    return rows


def _parents(domains: Sequence[Domain], see: See) -> frozenset[str]:
    """Those of these domains that have others under them."""
    c = columns(Domain)
    found = see.view.records.connection.execute(
        select(c.parent_id).where(c.parent_id.in_([domain.id for domain in domains])).group_by(c.parent_id)
    )
    return frozenset(found.scalars())


def _keys(users: Sequence[User], see: See) -> Mapping[str, str]:
    caller = see.caller
    wanted = [user.id for user in users if caller.is_admin or user.id == caller.user_id]
    return {
        key.user_id: key.key
        for key in see.having(ApiKey, "user_id", wanted)
        if key.expires_at is None or key.expires_at > see.view.at
    }


def _role(role: Role | None) -> Row:
    return {} if role is None else {"roleid": role.id, "roletype": role.type.value, "rolename": role.name}


def _domain(domain: Domain | None) -> Row:
    if domain is None:
        return {}
    return {"domainid": domain.id, "domain": domain.name, "domainpath": shown_path(domain.path)}


def _is_below_caller(domain: Domain, see: See) -> bool:
    path = see.caller.domain_path
    return see.caller.is_admin and domain.path != path and domain.path.startswith(path) and path != "/"
