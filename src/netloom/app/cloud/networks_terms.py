"""What users may say of a network besides its addresses: names, resolvers, packet sizes; the same for new and old ones.

Rule 1: what nobody would follow is refused: resolvers and a DNS suffix without Dns, a public MTU without a router.
"""

from __future__ import annotations

import ipaddress

import msgspec

from netloom.app.cloud import configuration
from netloom.app.cloud.work import View
from netloom.base.errors import Conflict, Forbidden, InvalidInput
from netloom.base.net import parse_ip
from netloom.model.cloud.identity import Account, Domain
from netloom.model.cloud.infrastructure import ZoneFacet
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import GuestType, NetworkOffering, Offering, offered, services_of
from netloom.model.cloud.services import Capability, Service
from netloom.model.cloud.vpc import check_dns, check_domain
from netloom.model.mtu import MIN_GUEST_IPV4
from netloom.store.cloud.records import columns


class Resolvers(msgspec.Struct, frozen=True, kw_only=True):
    """Name servers of a network's instances, instead of the zone's."""

    dns1: str | None = None
    dns2: str | None = None
    ip6_dns1: str | None = None
    ip6_dns2: str | None = None

    @property
    def named(self) -> bool:
        """Whether any is named."""
        return any((self.dns1, self.dns2, self.ip6_dns1, self.ip6_dns2))


def check_resolvers(offering: Offering, resolvers: Resolvers) -> Resolvers:
    """Resolvers in canonical form.

    Raises:
        InvalidInput: the offering has no Dns, one is no address of its family, or a second comes without a first.
    """
    if not resolvers.named:
        return Resolvers()
    if Service.DNS not in services_of(offering):
        raise InvalidInput(
            f"name servers were given, but offering {offering.name!r} ({offering.id}) has no Dns",
            subject="dns1",
            hint="leave them out, or use an offering with Dns",
        )
    found = Resolvers(
        dns1=check_dns(resolvers.dns1 or None, 4, "dns1"),
        dns2=check_dns(resolvers.dns2 or None, 4, "dns2"),
        ip6_dns1=check_dns(resolvers.ip6_dns1 or None, 6, "ip6dns1"),
        ip6_dns2=check_dns(resolvers.ip6_dns2 or None, 6, "ip6dns2"),
    )
    for first, second, subject in (
        (found.dns1, found.dns2, "dns2"),
        (found.ip6_dns1, found.ip6_dns2, "ip6dns2"),
    ):
        if second is not None and first is None:
            raise InvalidInput(
                "a second name server without a first", subject=subject, hint="give the first too"
            )
    return found


def network_domain(
    view: View, offering: Offering, owner: Account, facet: ZoneFacet, asked: str | None
) -> str | None:
    """The DNS suffix of a network or VPC: as asked, else the account's, the domain's, the zone's, else one of its own.

    Raises:
        InvalidInput: it is none, or the offering's Dns lets nobody choose.
    """
    service = offered(offering, Service.DNS)
    if asked is not None:
        allowed = service is not None and _may_choose(view, service.provider)
        if not allowed:
            raise InvalidInput(
                f"offering {offering.name!r} ({offering.id}) lets nobody choose a DNS suffix",
                subject="networkdomain",
                hint="leave it out, or use an offering whose Dns has AllowDnsSuffixModification",
            )
        return check_domain(asked)
    if service is None:
        return None
    domain = view.records.get(Domain, owner.domain_id)
    inherited = owner.network_domain or (domain and domain.network_domain) or facet.network_domain
    return inherited or f"cs{owner.number:x}cloud.internal"


def check_mtus(
    view: View,
    facet: ZoneFacet,
    offering: NetworkOffering,
    *,
    public: int | None,
    private: int | None,
    of_vpc: bool = False,
) -> None:
    """Let packet sizes pass that were asked for; whether the underlay carries them is the native network's to say.

    Raises:
        Forbidden: users of this zone choose none (`mtu-not-chosen`).
        InvalidInput: one is out of bounds, or there is no router that has a public side.
    """
    for asked, most, subject in (
        (public, facet.public_mtu, "publicmtu"),
        (private, facet.private_mtu, "privatemtu"),
    ):
        _check_mtu(view, facet, asked, most, subject)
    if public is not None and (of_vpc or offering.guest_type is GuestType.L2):
        raise InvalidInput(
            "the network has no public side of its own",
            subject="publicmtu",
            hint="set it on the VPC" if of_vpc else "leave it out",
        )


def check_public_mtu(view: View, facet: ZoneFacet, asked: int | None) -> None:
    """The same for the public side of a VPC."""
    _check_mtu(view, facet, asked, facet.public_mtu, "publicmtu")


def _check_mtu(view: View, facet: ZoneFacet, asked: int | None, most: int, subject: str) -> None:
    if asked is None:
        return
    if not facet.users_choose_mtu and not view.caller.is_root:
        raise Forbidden(
            "users of this zone do not choose packet sizes",
            code="mtu-not-chosen",
            subject=subject,
            hint="leave it out",
        )
    if not MIN_GUEST_IPV4 <= asked <= most:
        raise InvalidInput(f"an MTU of {asked}", subject=subject, hint=f"{MIN_GUEST_IPV4} to {most}")


def check_name_free(view: View, name: str, owner: Account | GuestNetwork) -> None:
    """Refuse a second network of a name, where the cloud is set to.

    Raises:
        Conflict: the account has one (`name-taken`).
    """
    if configuration.flag(view, "allow.duplicate.networkname"):
        return
    account_id = owner.id if isinstance(owner, Account) else owner.account_id
    c = columns(GuestNetwork)
    found = view.records.first(GuestNetwork, c.account_id == account_id, c.name == name)
    if found is not None:
        raise Conflict(
            f"the account has a network {name!r} ({found.id}) already",
            code="name-taken",
            subject="name",
            hint="choose another name",
        )


def _may_choose(view: View, provider: str | None) -> bool:
    facts = view.backends.providers.facts.get(provider or "")
    if facts is None:
        return False
    return "true" in facts.values(Service.DNS, Capability.ALLOW_DNS_SUFFIX_MODIFICATION)


def check_inside(text: str | None, cidr: str | None, gateway: str | None, subject: str) -> str | None:
    """An address of a network for its appliance, canonical.

    Raises:
        InvalidInput: it is none, outside the network, or the gateway's.
    """
    if text is None:
        return None
    address = parse_ip(text.strip(), subject)
    if cidr is None or address not in ipaddress.ip_network(cidr) or str(address) == gateway:
        raise InvalidInput(
            f"{address} is not an address for an appliance in {cidr or 'a network without addresses'}",
            subject=subject,
            hint="one of the network's that is not the gateway's",
        )
    return str(address)
