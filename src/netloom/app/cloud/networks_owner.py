"""Whose a new network is: an account's, or (shared) a whole domain's.

Rule 1: a domain's network belongs to the system's account and names the domain; only administrators make one.
Rule 2: a tier belongs to whom its VPC belongs to.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.domains import domain_seen
from netloom.app.cloud.work import View
from netloom.base.errors import Conflict, Forbidden, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import SYSTEM_ACCOUNT_ID, Account
from netloom.model.cloud.networks import AclType
from netloom.model.cloud.offerings import GuestType
from netloom.model.cloud.record import DomainId
from netloom.model.cloud.vpc import Vpc
from netloom.model.cloud.words import parse_word


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was said of the owner.

    Attributes:
        acl_type: `Account` or `Domain`; a shared network that an administrator makes for nobody in particular is a domain's.
        subdomain_access: whether a domain's network is open to the domains below it; it is, unless told otherwise.
    """

    account: str | None = None
    domain_id: Uuid | None = None
    project_id: Uuid | None = None
    acl_type: str | None = None
    subdomain_access: bool | None = None

    @property
    def names_account(self) -> bool:
        """Whether an account or a project was named."""
        return self.account is not None or self.project_id is not None


class NetworkOwner(msgspec.Struct, frozen=True):
    """Whose a network is: an account's, or (for a domain's network) the system's in the name of the domain."""

    account: Account
    domain_id: DomainId
    acl_type: AclType = AclType.ACCOUNT
    subdomain_access: bool = False


def owner_of(view: View, asked: Asked, guest_type: GuestType, vpc: Vpc | None) -> NetworkOwner:
    """The owner of a new network.

    Raises:
        NotFound: there is no such account, project or domain that the caller may act for.
        InvalidInput: a network that cannot be a domain's is to be one, or one of an account is to be open to domains.
        Forbidden: the caller makes no networks for domains, or the VPC is another account's.
    """
    if vpc is not None:
        return _of_vpc(view, asked, vpc)
    shared = guest_type is GuestType.SHARED
    if asked.acl_type is not None:
        wanted = parse_word(AclType, asked.acl_type, "acltype")
    else:
        wanted = (
            AclType.DOMAIN if shared and view.caller.is_root and not asked.names_account else AclType.ACCOUNT
        )
    if wanted is AclType.DOMAIN:
        return _of_domain(view, asked, guest_type)
    if asked.subdomain_access:
        raise InvalidInput(
            "a network of an account is not open to domains",
            subject="subdomainaccess",
            hint="leave it out, or make a shared network of type Domain",
        )
    account = view.owner(asked.account, asked.domain_id, asked.project_id)
    return NetworkOwner(account, DomainId(account.domain_id))


def _of_vpc(view: View, asked: Asked, vpc: Vpc) -> NetworkOwner:
    account = view.records.get(Account, vpc.account_id)
    if asked.names_account:
        account = view.owner(asked.account, asked.domain_id, asked.project_id)
    if account is None or account.id != vpc.account_id:
        raise Forbidden(
            f"VPC {vpc.name} ({vpc.id}) is another account's: its tiers are too",
            code="not-owner",
            subject="account",
            hint="leave the account out",
        )
    return NetworkOwner(account, DomainId(account.domain_id))


def _of_domain(view: View, asked: Asked, guest_type: GuestType) -> NetworkOwner:
    if guest_type is not GuestType.SHARED:
        raise InvalidInput(
            f"a network of type {guest_type.value} belongs to an account",
            subject="acltype",
            hint="leave it out; shared networks may be a domain's",
        )
    if asked.names_account:
        raise InvalidInput(
            "a network for a whole domain and for one account",
            subject="account",
            hint="leave one of them out",
        )
    if not view.caller.is_admin:
        raise Forbidden(
            "networks for whole domains are made by administrators", subject="acltype", hint="Account"
        )
    domain = domain_seen(view, asked.domain_id or view.caller.domain_id)
    system = view.records.get(Account, SYSTEM_ACCOUNT_ID)
    if system is None:
        raise Conflict("the system's account is gone", code="account-not-found", subject="account")
    return NetworkOwner(system, DomainId(domain.id), AclType.DOMAIN, asked.subdomain_access is not False)
