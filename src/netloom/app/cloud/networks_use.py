"""Which networks somebody sees and may use: their own, those of their domain, and those that were opened to them.

Rule 1: seeing is one condition in SQL (`shared_with`), the same for lists and look-ups; what is not seen is not found.
Rule 2: an instance goes where its owner may, whoever asks: an administrator does not carry others into a network.
"""

from __future__ import annotations

from sqlalchemy import and_, or_, select

from netloom.app.cloud.visibility import Scope, visible
from netloom.app.cloud.work import View, missing
from netloom.base.errors import Forbidden
from netloom.model.cloud.identity import Account, Caller, Domain, is_under, parents_of
from netloom.model.cloud.networks import AclType, GuestNetwork, NetworkPermission
from netloom.store.cloud.records import Where, columns


def shared_with(caller: Caller) -> Where:
    """The condition for networks that a caller uses without owning them: its domain's, and those opened to its account."""
    return or_(of_domain(caller.domain_path, caller.domain_id), permitted_to(caller.account_id))


def of_domain(path: str, domain_id: str) -> Where:
    """The condition for networks of a whole domain that reach this one."""
    c, domain = columns(GuestNetwork), columns(Domain)
    above = select(domain.id).where(domain.path.in_(parents_of(path)))
    return and_(
        c.acl_type == AclType.DOMAIN.value,
        or_(c.domain_id == domain_id, and_(c.subdomain_access.is_(True), c.domain_id.in_(above))),
    )


def permitted_to(account_id: str) -> Where:
    """The condition for networks that their owners opened to an account."""
    permission = columns(NetworkPermission)
    opened = select(permission.network_id).where(permission.account_id == account_id)
    return columns(GuestNetwork).id.in_(opened)


def visible_networks(view: View, scope: Scope) -> list[Where]:
    """The conditions of a list of networks: of an account also those of its domain, and those opened to it."""
    c, caller = columns(GuestNetwork), view.caller
    if scope.account_ids is None:
        if caller.is_root and scope.everything:  # sees all without any of it being opened
            return visible(c, caller, scope)
        return visible(c, caller, scope, shared=(shared_with(caller),))
    accounts = view.records.many(Account, scope.account_ids)
    domains = view.records.many(Domain, {account.domain_id for account in accounts.values()})
    theirs: list[Where] = [c.account_id.in_(scope.account_ids)]
    for account in accounts.values():
        theirs.append(permitted_to(account.id))
        if account.domain_id in domains:
            theirs.append(of_domain(domains[account.domain_id].path, account.domain_id))
    return [*visible(c, caller, Scope(everything=True), shared=(shared_with(caller),)), or_(*theirs)]


def find_network(view: View, network_id: str) -> GuestNetwork | None:
    """A network that the caller sees, own or shared."""
    network = view.records.get(GuestNetwork, network_id)
    if network is None or view.caller.is_root or network.account_id == view.caller.account_id:
        return network
    c = columns(GuestNetwork)
    return view.records.first(
        GuestNetwork, c.id == network_id, *visible_networks(view, Scope(everything=True))
    )


def network_seen(view: View, network_id: str, subject: str = "networkid") -> GuestNetwork:
    """A network that the caller sees, own or shared.

    Raises:
        NotFound: there is none.
    """
    found = find_network(view, network_id)
    if found is None:
        raise missing(GuestNetwork, network_id, subject)
    return found


def usable_network(view: View, network_id: str, account: Account, subject: str = "networkid") -> GuestNetwork:
    """A network that something of an account may be put into.

    Raises:
        NotFound: there is none that the caller sees.
        Forbidden: it is neither the account's, nor its domain's, nor opened to it (`network-not-usable`).
    """
    network = network_seen(view, network_id, subject)
    if not may_use(view, network, account):
        raise Forbidden(
            f"network {network.name!r} ({network.id}) is not open to the account {account.name!r} ({account.id})",
            code="network-not-usable",
            subject=f"network/{network.id}",
            hint="its owner can open it (createNetworkPermissions)",
        )
    return network


def may_use(view: View, network: GuestNetwork, account: Account) -> bool:
    """Whether something of an account may be put into a network."""
    if network.acl_type is AclType.DOMAIN:
        mine = view.records.get(Domain, account.domain_id)
        theirs = view.records.get(Domain, network.domain_id)
        if mine is None or theirs is None:
            return False
        return mine.id == theirs.id or (network.subdomain_access and is_under(mine.path, theirs.path))
    if network.account_id == account.id:
        return True
    c = columns(NetworkPermission)
    return view.records.exists(NetworkPermission, c.network_id == network.id, c.account_id == account.id)


def own_network(view: View, network_id: str, subject: str = "id") -> GuestNetwork:
    """A network that the caller may change: its own, or one that it administers.

    Raises:
        NotFound: there is none that the caller sees.
        Forbidden: it is only open to the caller (`not-owner`).
    """
    network = view.find(GuestNetwork, network_id)
    if network is not None:
        return network
    network = network_seen(view, network_id, subject)
    raise Forbidden(
        f"network {network.name!r} ({network.id}) is open to the caller and not its own",
        code="not-owner",
        subject=f"network/{network.id}",
    )
