"""Changing a tenant's network: its words, packet sizes, the part of it that instances get, its offering.

Rule 1: what stands on a network stays valid: the CIDR does not change, no interface is left outside the part for instances.
Rule 2: providers are told only of what concerns them, and only while they have the network.
"""

from __future__ import annotations

import ipaddress

import msgspec
from sqlalchemy import select

from netloom.app.cloud import networks_native, networks_terms
from netloom.app.cloud.addresses_source_nat import claim_source_nat
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.infrastructure import zone_facet
from netloom.app.cloud.networks_facts import native
from netloom.app.cloud.networks_life import crew, found, queue_of, raise_up, tell
from netloom.app.cloud.networks_offering import idle_elements, offering_of, with_offering
from netloom.app.cloud.networks_terms import Resolvers
from netloom.app.cloud.networks_use import own_network
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, Forbidden, InvalidInput
from netloom.base.ids import Uuid
from netloom.base.net import is_part
from netloom.model.addressing import network_of, parse_cidr
from netloom.model.cloud.identity import Account
from netloom.model.cloud.networks import GuestNetwork, may_allocate
from netloom.model.cloud.offerings import GuestType
from netloom.model.cloud.words import check_text
from netloom.model.states import NetworkState
from netloom.store import tables


class UpdateNetwork(msgspec.Struct, frozen=True, kw_only=True):
    """What changes of a network; None stays.

    Attributes:
        guest_cidr: the part of the network that instances get; the whole again when it is the network's own CIDR.
        forced: a new offering may lack services that the network has now.
    """

    id: Uuid
    name: str | None = None
    display_text: str | None = None
    network_domain: str | None = None
    offering_id: Uuid | None = None
    guest_cidr: str | None = None
    forced: bool = False
    display: bool | None = None
    resolvers: Resolvers = Resolvers()
    public_mtu: int | None = None
    private_mtu: int | None = None
    source_nat_address: str | None = None

    @property
    def concerns_providers(self) -> bool:
        """Whether anything changes that a provider was told."""
        told = (
            self.network_domain,
            self.offering_id,
            self.guest_cidr,
            self.public_mtu,
            self.private_mtu,
            self.source_nat_address,
        )
        return self.resolvers.named or any(each is not None for each in told)


class MigrateNetwork(msgspec.Struct, frozen=True, kw_only=True):
    """A network's new offering, by other providers; services that only the old one has go, if no rule stands on them."""

    id: Uuid
    offering_id: Uuid


def _begin_migrate(work: Work, request: MigrateNetwork) -> GuestNetwork:
    network = own_network(work, request.id, "networkid")
    return work.update(with_offering(work, network, request.offering_id, forced=True))


def _begin(work: Work, request: UpdateNetwork) -> GuestNetwork:
    before = own_network(work, request.id)
    after = _words(work, before, request)
    after = _terms(work, after, request)
    if request.guest_cidr is not None:
        after = _with_part(work, after, request.guest_cidr)
    if request.offering_id is not None and request.offering_id != before.offering_id:
        after = with_offering(work, after, request.offering_id, forced=request.forced)
    networks_native.change(work, before, after)
    after = work.update(after)
    if request.source_nat_address is not None:
        claim_source_nat(work, after, request.source_nat_address)
    return after


def _words(work: Work, network: GuestNetwork, request: UpdateNetwork) -> GuestNetwork:
    name = network.name if request.name is None else check_text(request.name, "name")
    if name != network.name:
        networks_terms.check_name_free(work, name, network)
    text = network.display_text
    if request.display_text is not None:
        text = check_text(request.display_text, "displaytext")
    if request.display is not None and not work.caller.is_root:
        raise Forbidden(
            "what is displayed is for administrators", subject="displaynetwork", hint="leave it out"
        )
    display = network.display if request.display is None else request.display
    return msgspec.structs.replace(network, name=name, display_text=text, display=display)


def _terms(work: Work, network: GuestNetwork, request: UpdateNetwork) -> GuestNetwork:
    offering = offering_of(work, network)
    facet = zone_facet(work, network.zone_id)
    if request.network_domain is not None:
        owner = work.records.get(Account, network.account_id)
        if owner is None or network.vpc_id is not None:
            raise InvalidInput(
                "a tier's DNS suffix is its VPC's", subject="networkdomain", hint="leave it out"
            )
        suffix = networks_terms.network_domain(work, offering, owner, facet, request.network_domain)
        network = msgspec.structs.replace(network, network_domain=suffix)
    if request.resolvers.named:
        resolvers = networks_terms.check_resolvers(offering, request.resolvers)
        network = msgspec.structs.replace(
            network,
            dns1=resolvers.dns1 or network.dns1,
            dns2=resolvers.dns2 or network.dns2,
            ip6_dns1=resolvers.ip6_dns1 or network.ip6_dns1,
            ip6_dns2=resolvers.ip6_dns2 or network.ip6_dns2,
        )
    networks_terms.check_mtus(
        work,
        facet,
        offering,
        public=request.public_mtu,
        private=request.private_mtu,
        of_vpc=network.vpc_id is not None,
    )
    return msgspec.structs.replace(
        network,
        public_mtu=network.public_mtu if request.public_mtu is None else request.public_mtu,
        private_mtu=network.private_mtu if request.private_mtu is None else request.private_mtu,
    )


def _with_part(work: View, network: GuestNetwork, text: str) -> GuestNetwork:
    """The network with another part of it for instances.

    Raises:
        InvalidInput: it is no part of the network, or the network has no addresses.
        Conflict: interfaces have addresses outside it (`addresses-outside`).
    """
    whole = network.network_cidr or network.cidr
    if whole is None or network.guest_type is not GuestType.ISOLATED:
        raise InvalidInput(
            f"network {network.name!r} ({network.id}) has no addresses to keep from instances",
            subject="guestvmcidr",
            hint="isolated networks with an IPv4 CIDR have",
        )
    part = parse_cidr(text, 4, "guestvmcidr")
    if not is_part(part, network_of(whole)):
        raise InvalidInput(f"{part} is not a part of {whole}", subject="guestvmcidr", hint=f"inside {whole}")
    if str(part) == whole:
        return msgspec.structs.replace(network, cidr=whole, network_cidr=None)
    after = msgspec.structs.replace(network, cidr=str(part), network_cidr=whole)
    i = tables.nics.c
    rows = work.records.connection.execute(
        select(i.name, i.ipv4).where(i.network_id == network.id, i.ipv4.is_not(None))
    )
    outside = [f"{name} ({address})" for name, address in rows if not _inside(after, address)]
    if outside:
        raise Conflict(
            f"{len(outside)} interfaces of network {network.name!r} ({network.id}) are outside {part}:"
            f" {', '.join(outside[:5])}",
            code="addresses-outside",
            subject="guestvmcidr",
            hint="a part that holds them",
        )
    return after


def _inside(network: GuestNetwork, address: str) -> bool:
    return may_allocate(network, ipaddress.ip_address(address))


async def _apply(doing: Doing, network: GuestNetwork) -> Ending | None:
    """Have providers know of what concerns them."""
    request = doing.request(UpdateNetwork)
    if request.concerns_providers:
        await _tell(doing, network.id, reoffered=request.offering_id is not None)
    return None


async def _apply_migrate(doing: Doing, network: GuestNetwork) -> Ending | None:
    await _tell(doing, network.id, reoffered=True)
    return None


async def _tell(doing: Doing, network_id: Uuid, *, reoffered: bool) -> None:
    """Have providers have a network as it is; those that a new offering has no use for let go once the others have it."""
    async with doing.turn(f"life/{network_id}"):
        now, state = await doing.read(lambda view: _now(view, network_id))
        if state not in (NetworkState.IMPLEMENTED, NetworkState.SETUP):
            return
        await raise_up(doing, now)
        if reoffered:
            facts, elements = await doing.read(lambda view: crew(view, now))
            for element in await doing.read(lambda view: idle_elements(view, (facts, elements))):
                await tell(doing, element, element.destroy(facts), "let go of", facts)


def _now(view: View, network_id: Uuid) -> tuple[GuestNetwork, NetworkState]:
    network = found(view, network_id)
    return network, native(view, network).state


UPDATE = UseCase(
    name="network.update",
    command="updateNetwork",
    request=UpdateNetwork,
    begin=_begin,
    apply=_apply,
    event="NETWORK.UPDATE",
    queue=queue_of,
    keep_request=True,
)
MIGRATE = UseCase(
    name="network.migrate",
    command="migrateNetwork",
    request=MigrateNetwork,
    begin=_begin_migrate,
    apply=_apply_migrate,
    event="NETWORK.MIGRATE",
    queue=queue_of,
)
USE_CASES = (UPDATE, MIGRATE)
