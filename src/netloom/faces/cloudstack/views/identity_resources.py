"""What answers say of limited resources: an owner's limits with what is used and left, for accounts, projects, domains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from netloom.app.cloud.limits import Owner, limits_of_accounts, limits_of_domains
from netloom.app.cloud.limits_used import Used, instances_by_state, used_by_accounts, used_by_domains
from netloom.faces.cloudstack.see import Row, See
from netloom.model.cloud.identity import Account, AccountType, Domain, Project
from netloom.model.cloud.limits import NUMBERS, ResourceLimit, ResourceType
from netloom.store.cloud.records import columns

UNLIMITED: Final = "Unlimited"
_NAMES: Final[Mapping[ResourceType, str]] = {
    ResourceType.INSTANCE: "vm",
    ResourceType.PUBLIC_IP: "ip",
    ResourceType.VOLUME: "volume",
    ResourceType.SNAPSHOT: "snapshot",
    ResourceType.TEMPLATE: "template",
    ResourceType.PROJECT: "project",
    ResourceType.NETWORK: "network",
    ResourceType.VPC: "vpc",
    ResourceType.CPU: "cpu",
    ResourceType.MEMORY: "memory",
    ResourceType.PRIMARY_STORAGE: "primarystorage",
    ResourceType.SECONDARY_STORAGE: "secondarystorage",
}


def resource_fields(limits: Mapping[ResourceType, int], used: Used) -> Row:
    """`vmlimit`, `vmtotal`, `vmavailable` and the like: limits as text, totals as numbers (secondary storage a fraction)."""
    row: Row = {}
    for kind, name in _NAMES.items():
        most, total = limits[kind], used.get(kind, 0)
        fraction = kind is ResourceType.SECONDARY_STORAGE
        left = max(0, most - total)
        row[f"{name}limit"] = UNLIMITED if most < 0 else str(most)
        row[f"{name}total"] = float(total) if fraction else total
        row[f"{name}available"] = UNLIMITED if most < 0 else str(float(left) if fraction else left)
    return row


def owner_fields(owner: Owner, see: See) -> Row:
    """Whose a limit is: an account's or a project's, or a domain's alone. The path is the one with slashes around it."""
    row: Row = {}
    account = owner.account
    if account is not None and account.type is AccountType.PROJECT:
        project = see.view.records.first(Project, columns(Project).account_id == account.id)
        if project is not None:
            row.update(projectid=project.id, project=project.name)
    elif account is not None:
        row["account"] = account.name
    row.update(domainid=owner.domain.id, domain=owner.domain.name, domainpath=owner.domain.path)
    return row


def kind_fields(kind: ResourceType) -> Row:
    """Number (as text) and name of a resource."""
    return {"resourcetype": str(NUMBERS[kind]), "resourcetypename": kind.value}


def limit_rows(limits: Sequence[ResourceLimit], see: See) -> list[Row]:
    """Limits that were set."""
    rows: list[Row] = []
    for limit in limits:
        account = see.one(Account, limit.account_id)
        domain = see.one(Domain, limit.domain_id if account is None else account.domain_id)
        owner: Row = {} if domain is None else owner_fields(Owner(account=account, domain=domain), see)
        rows.append({**owner, **kind_fields(limit.type), "max": limit.max})
    return rows


def of_accounts(accounts: Sequence[Account], see: See) -> Mapping[str, Row]:
    """Limits and use of accounts, by their ids; nothing of any when a list was asked for without (`details=min`)."""
    ids = [account.id for account in accounts]
    if see.minimal:
        return {account_id: {} for account_id in ids}
    limits, used = limits_of_accounts(see.view, accounts), used_by_accounts(see.view, ids)
    states = instances_by_state(see.view, ids)
    return {
        account_id: {
            **resource_fields(limits[account_id], used[account_id]),
            "vmstopped": states.get((account_id, "Stopped"), 0),
            "vmrunning": states.get((account_id, "Running"), 0),
        }
        for account_id in ids
    }


def of_domains(domains: Sequence[Domain], see: See) -> Mapping[str, Row]:
    """The same of domains, with all accounts in and under them."""
    if see.minimal:
        return {domain.id: {} for domain in domains}
    limits, used = limits_of_domains(see.view, domains), used_by_domains(see.view, domains)
    return {domain.id: resource_fields(limits[domain.id], used[domain.id]) for domain in domains}
