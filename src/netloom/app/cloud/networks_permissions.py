"""Opening a network of an account to other accounts, which may then put instances into it.

Rule 1: only who may change a network opens it; only to accounts of its owner's domain.
Rule 2: what stands in a network stays there when it is closed to its owner: closing concerns new interfaces.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.networks_use import own_network
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import View, Work
from netloom.base.errors import InvalidInput, NotFound
from netloom.base.ids import NetworkId, Uuid
from netloom.model.cloud.identity import Account, Project
from netloom.model.cloud.networks import AclType, GuestNetwork, NetworkPermission
from netloom.model.cloud.record import AccountId
from netloom.store.cloud.records import columns


class ChangePermissions(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to open a network to, or to close it to: accounts by name or id, and projects."""

    network_id: Uuid
    accounts: tuple[str, ...] = ()
    account_ids: tuple[Uuid, ...] = ()
    project_ids: tuple[Uuid, ...] = ()


class ResetPermissions(msgspec.Struct, frozen=True, kw_only=True):
    """Close a network to everybody but its owner."""

    network_id: Uuid


def permissions_of(view: View, network_id: Uuid) -> list[NetworkPermission]:
    """The accounts that a network is open to, for those who may change it."""
    network = _network(view, network_id)
    return view.records.select(NetworkPermission, columns(NetworkPermission).network_id == network.id)


def _open(work: Work, request: ChangePermissions) -> GuestNetwork:
    network = _network(work, request.network_id)
    there = {each.account_id for each in permissions_of(work, network.id)}
    for account_id in _accounts(work, network, request):
        if account_id == network.account_id:
            raise InvalidInput(
                f"network {network.name!r} ({network.id}) is the account's own",
                subject="accountids",
                hint="name other accounts",
            )
        if account_id not in there:
            work.insert(
                NetworkPermission(**work.birth(), network_id=NetworkId(network.id), account_id=account_id)
            )
    return network


def _close(work: Work, request: ChangePermissions) -> GuestNetwork:
    network = _network(work, request.network_id)
    gone = set(_accounts(work, network, request))
    work.delete_all(each for each in permissions_of(work, network.id) if each.account_id in gone)
    return network


def _reset(work: Work, request: ResetPermissions) -> GuestNetwork:
    network = _network(work, request.network_id)
    work.delete_all(permissions_of(work, network.id))
    return network


def _network(view: View, network_id: Uuid) -> GuestNetwork:
    network = own_network(view, network_id, "networkid")
    if network.acl_type is not AclType.ACCOUNT:
        raise InvalidInput(
            f"network {network.name!r} ({network.id}) is a whole domain's",
            subject="networkid",
            hint="only networks of accounts are opened to others",
        )
    if network.vpc_id is not None:
        raise InvalidInput(
            f"network {network.name!r} ({network.id}) is a tier of a VPC",
            subject="networkid",
            hint="tiers are their owner's alone",
        )
    return network


def _accounts(view: View, network: GuestNetwork, request: ChangePermissions) -> list[AccountId]:
    """The accounts that were named, each once.

    Raises:
        InvalidInput: none was.
        NotFound: one is not in the network's domain.
    """
    c, p = columns(Account), columns(Project)
    accounts = view.records.select(
        Account,
        c.domain_id == network.domain_id,
        c.name.in_(request.accounts) | c.id.in_(request.account_ids),
    )
    projects = view.records.select(Project, p.domain_id == network.domain_id, p.id.in_(request.project_ids))
    named = {each.name for each in accounts} | {each.id for each in accounts} | {each.id for each in projects}
    missing = {*request.accounts, *request.account_ids, *request.project_ids} - named
    ids = [*(AccountId(each.id) for each in accounts), *(each.account_id for each in projects)]
    if missing:
        raise NotFound(
            f"the domain of network {network.name!r} ({network.id}) has no {', '.join(sorted(missing))}",
            code="account-not-found",
            subject="accountids",
            hint="networks are opened to accounts and projects of their own domain",
        )
    if not ids:
        raise InvalidInput(
            "nobody was named", subject="accountids", hint="accounts, accountids or projectids"
        )
    return list(dict.fromkeys(ids))


OPEN = UseCase(
    name="network_permission.create",
    command="createNetworkPermissions",
    request=ChangePermissions,
    begin=_open,
    event="NETWORK.PERMISSION.UPDATE",
)
CLOSE = UseCase(
    name="network_permission.remove",
    command="removeNetworkPermissions",
    request=ChangePermissions,
    begin=_close,
    event="NETWORK.PERMISSION.UPDATE",
)
RESET = UseCase(
    name="network_permission.reset",
    command="resetNetworkPermissions",
    request=ResetPermissions,
    begin=_reset,
    event="NETWORK.PERMISSION.UPDATE",
)
USE_CASES = (OPEN, CLOSE, RESET)
