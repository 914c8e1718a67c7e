"""Making a tenant's network: who owns it, what it is made of, who designs it, where it is; in one transaction.

Rule 1: everything that can be refused is refused here: services that nobody enabled offers, addresses, VLANs, limits.
Rule 2: nothing is built: a network costs nothing on hosts until its first NIC, unless its offering is persistent.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud import networks_native, networks_terms, ranges_ipv6
from netloom.app.cloud.addresses_source_nat import claim_source_nat
from netloom.app.cloud.infrastructure import wire_facts
from netloom.app.cloud.networks_checks import bounds_for, check_vlan, check_zone
from netloom.app.cloud.networks_facts import facts_from
from netloom.app.cloud.networks_life import implement_later
from netloom.app.cloud.networks_owner import Asked, owner_of
from netloom.app.cloud.networks_place import check_named_segment, only_zone, own_segment, wires_of, zone_for
from netloom.app.cloud.offerings_seen import offering_seen, usable
from netloom.app.cloud.providers import nobody_gives
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.vpc_tiers import Tier, check_tier, check_tier_domain
from netloom.app.cloud.work import View, Work
from netloom.base.errors import InvalidInput
from netloom.base.ids import NetworkId, PhysicalNetworkId, Uuid, ZoneId
from netloom.model.cloud.identity import Account
from netloom.model.cloud.infrastructure import ZoneFacet, ZoneType
from netloom.model.cloud.infrastructure_ranges import PublicRange, check_apart, checked_vlan
from netloom.model.cloud.networks import GuestNetwork, native_name
from netloom.model.cloud.networks_subnet import Subnet, Wished, settle
from netloom.model.cloud.offerings import GuestType, InternetProtocol, NetworkOffering
from netloom.model.cloud.record import AccountId
from netloom.model.cloud.vpc import Vpc
from netloom.model.cloud.words import check_text
from netloom.model.objects import PhysicalNetwork
from netloom.model.specs import NetworkSpec
from netloom.plan.gurus import Design, DesignQuestion
from netloom.store.cloud.records import columns


class CreateNetwork(msgspec.Struct, frozen=True, kw_only=True):
    """A new network.

    Attributes:
        zone_id: where; not needed for a tier, which is in its VPC's.
        physical_network_id: which wires; not needed where one only fits.
        owner: an account, a project, or for a shared network a domain.
        addresses: gateway, netmask, range, and the same of IPv6.
        vlan: where the offering says that the operator names it: 1 to 4094, or `untagged`.
        source_nat_address: the public address that it shall be seen as outside, taken at once.
    """

    name: str
    offering_id: Uuid
    zone_id: Uuid | None = None
    display_text: str | None = None
    physical_network_id: Uuid | None = None
    owner: Asked = Asked()
    addresses: Wished = Wished()
    vlan: str | None = None
    network_domain: str | None = None
    resolvers: networks_terms.Resolvers = networks_terms.Resolvers()
    vpc_id: Uuid | None = None
    acl_id: Uuid | None = None
    external_id: str | None = None
    public_mtu: int | None = None
    private_mtu: int | None = None
    router_ip: str | None = None
    router_ip6: str | None = None
    source_nat_address: str | None = None
    display: bool = True


def create(work: Work, request: CreateNetwork) -> GuestNetwork:
    """Make a network; see `CREATE`."""
    vpc = None if request.vpc_id is None else work.get(Vpc, request.vpc_id, "vpcid")
    shown = offering_seen(work, NetworkOffering, request.offering_id, "networkofferingid")
    owner = owner_of(work, request.owner, shown.guest_type, vpc)
    place, facet = zone_for(work, _zone_id(work, request, vpc), owner.account)
    offering = usable(
        work, NetworkOffering, shown.id, "networkofferingid", owner_domain=owner.domain_id, zone_id=place.id
    )
    check_zone(work, facet, offering)
    check_vlan(work, request.vlan, offering)
    name = check_text(request.name, "name")
    networks_terms.check_name_free(work, name, owner.account)
    drawn = _own_subnet(work, place.id, offering, request.addresses)
    wished = request.addresses if drawn is None else _with_subnet(request.addresses, drawn)
    subnet = settle(offering.guest_type, wished, bounds_for(work, facet, offering, tier=vpc is not None))
    if drawn is None:
        ranges_ipv6.check_no_pool(work, place.id, subnet.cidr6)
    tier = _tier(work, request, offering, subnet, vpc)
    resolvers = networks_terms.check_resolvers(offering, request.resolvers)
    networks_terms.check_mtus(
        work, facet, offering, public=request.public_mtu, private=request.private_mtu, of_vpc=vpc is not None
    )

    def asked(wires: PhysicalNetwork) -> DesignQuestion:
        return DesignQuestion(
            traffic=offering.traffic,
            wires=wire_facts(work, wires),
            guest_type=offering.guest_type,
            basic_zone=facet.type is ZoneType.BASIC,
            services={item.service: item.providers for item in offering.services},
            specify_vlan=offering.specify_vlan,
            vlan=request.vlan,
            vpc_id=request.vpc_id,
            cidr=subnet.cidr,
            gateway=subnet.gateway,
            cidr6=subnet.cidr6,
            gateway6=subnet.gateway6,
        )

    providers = work.backends.providers
    wires = wires_of(
        work, place, request.physical_network_id, offering, lambda each: providers.designed(asked(each))
    )
    question = asked(wires)
    guru = providers.choose(question, name).guru
    design = guru.design(question)
    network_id = work.tx.new_id()
    spec = NetworkSpec(
        name=native_name(name, network_id),
        physical_network=wires.id,
        isolation=design.isolation,
        segment=_segment(work, wires, design, owner.account),
        cidr=design.cidr,
        cidr6=design.cidr6,
        mtu=request.private_mtu,
    )
    native = networks_native.make(work, network_id, spec, design.state)
    router_ip, router_ip6 = _router(request, offering, subnet)
    network = GuestNetwork(
        id=native.id,
        number=native.number,
        created_at=native.created_at,
        updated_at=native.updated_at,
        account_id=AccountId(owner.account.id),
        domain_id=owner.domain_id,
        name=name,
        display_text=check_text(request.display_text or name, "displaytext"),
        zone_id=Uuid(place.id),
        physical_network_id=Uuid(wires.id),
        offering_id=offering.id,
        guest_type=offering.guest_type,
        guru=guru.name,
        acl_type=owner.acl_type,
        subdomain_access=owner.subdomain_access,
        cidr=design.cidr,
        cidr6=design.cidr6,
        gateway=design.gateway,
        gateway6=design.gateway6,
        spans=subnet.spans,
        vlan=request.vlan,
        network_domain=_suffix(work, request, offering, owner.account, facet, tier),
        dns1=resolvers.dns1,
        dns2=resolvers.dns2,
        ip6_dns1=resolvers.ip6_dns1,
        ip6_dns2=resolvers.ip6_dns2,
        vpc_id=request.vpc_id,
        acl_id=None if tier is None or tier.acl is None else tier.acl.id,
        router_ip=router_ip,
        router_ip6=router_ip6,
        external_id=request.external_id,
        public_mtu=request.public_mtu,
        private_mtu=request.private_mtu,
        egress_default_allow=offering.egress_default_allow,
        persistent=offering.persistent,
        display=request.display,
    )
    missing = providers.missing(facts_from(network, design.isolation, offering, question.wires))
    if missing:
        raise nobody_gives(name, missing)
    network = work.insert(network)
    if drawn is not None:
        ranges_ipv6.keep(work, drawn, network.id)
    _keep_ranges(work, network, subnet)
    if request.source_nat_address is not None:
        claim_source_nat(work, network, request.source_nat_address)
    if network.persistent:
        implement_later(work, network)
    return network


def _own_subnet(
    work: Work, zone_id: Uuid, offering: NetworkOffering, wished: Wished
) -> ranges_ipv6.Drawn | None:
    """The IPv6 subnet that the zone gives the network; None: it has none, or one that was named."""
    if offering.internet_protocol is InternetProtocol.IPV4 or wished.says_v6:
        return None
    return ranges_ipv6.draw(work, zone_id)


def _with_subnet(wished: Wished, drawn: ranges_ipv6.Drawn) -> Wished:
    return msgspec.structs.replace(wished, cidr6=drawn.cidr, gateway6=drawn.gateway)


def _zone_id(work: Work, request: CreateNetwork, vpc: Vpc | None) -> Uuid:
    if vpc is not None:
        if request.zone_id not in (None, vpc.zone_id):
            raise InvalidInput(
                f"VPC {vpc.name} ({vpc.id}) is in another zone",
                subject="zoneid",
                hint=f"{vpc.zone_id}",
            )
        return vpc.zone_id
    return request.zone_id or only_zone(work)


def _tier(
    view: View, request: CreateNetwork, offering: NetworkOffering, subnet: Subnet, vpc: Vpc | None
) -> Tier | None:
    if vpc is not None:
        return check_tier(view, vpc.id, subnet.cidr, offering, request.acl_id, gateway=subnet.gateway)
    if offering.for_vpc:
        raise InvalidInput(
            f"offering {offering.name!r} ({offering.id}) is for tiers of VPCs",
            code="offering-for-vpc",
            subject="vpcid",
            hint="give the VPC, or use another offering",
        )
    if request.acl_id is not None:
        raise InvalidInput(
            "only tiers of VPCs have access control lists", subject="aclid", hint="leave it out"
        )
    return None


def _suffix(
    view: View,
    request: CreateNetwork,
    offering: NetworkOffering,
    owner: Account,
    facet: ZoneFacet,
    tier: Tier | None,
) -> str | None:
    asked = request.network_domain or None
    if tier is not None:
        asked = check_tier_domain(tier.vpc, asked)
        if asked is not None and asked == tier.vpc.network_domain:
            return asked
    return networks_terms.network_domain(view, offering, owner, facet, asked)


def _segment(work: Work, wires: PhysicalNetwork, design: Design, owner: Account) -> int | None:
    """The segment that the network must have; None: any free one."""
    if design.segment is None:
        return own_segment(work, wires, design.isolation, owner)
    check_named_segment(work, wires, design.segment, owner)
    return design.segment


def _router(
    request: CreateNetwork, offering: NetworkOffering, subnet: Subnet
) -> tuple[str | None, str | None]:
    """The addresses that the appliance of a shared network shall have."""
    if request.router_ip is None and request.router_ip6 is None:
        return None, None
    if offering.guest_type is not GuestType.SHARED:
        raise InvalidInput(
            "the router of such a network has the gateway's address",
            subject="routerip",
            hint="leave it out; it is for shared networks",
        )
    return (
        networks_terms.check_inside(request.router_ip, subnet.cidr, subnet.gateway, "routerip"),
        networks_terms.check_inside(request.router_ip6, subnet.cidr6, subnet.gateway6, "routeripv6"),
    )


def _keep_ranges(work: Work, network: GuestNetwork, subnet: Subnet) -> None:
    """Write down the addresses that an operator named for a shared network, as one of the zone's ranges."""
    if network.guest_type is not GuestType.SHARED or (subnet.v4 is None and subnet.v6 is None):
        return
    made = PublicRange(
        **work.birth(),
        zone_id=ZoneId(network.zone_id),
        physical_network_id=PhysicalNetworkId(network.physical_network_id),
        vlan=checked_vlan(network.vlan),
        v4=subnet.v4,
        v6=subnet.v6,
        network_id=NetworkId(network.id),
    )
    check_apart(made, work.records.select(PublicRange, columns(PublicRange).zone_id == network.zone_id))
    work.insert(made)


CREATE = UseCase(
    name="network.create",
    command="createNetwork",
    request=CreateNetwork,
    begin=create,
    event="NETWORK.CREATE",
)
