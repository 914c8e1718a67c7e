"""CloudStack's commands for ranges of addresses and of segments."""

from __future__ import annotations

from netloom.app.cloud import infrastructure, physical_networks, public_ranges, ranges_ipv6
from netloom.app.cloud.infrastructure_segments import segments, taken_segments
from netloom.app.cloud.infrastructure_zones import OneOf
from netloom.app.cloud.physical_networks import DedicateVlans
from netloom.app.cloud.public_ranges import (
    Addresses,
    CreatePortable,
    CreateRange,
    DedicateRange,
    UpdateRange,
)
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing, One, Rows, See, Success
from netloom.faces.cloudstack.scope import account_of, domain_of, project_account
from netloom.faces.cloudstack.views.infrastructure_ranges import (
    dedicated_rows,
    guest_vlan_rows,
    ipv6_pool_rows,
    portable_range_rows,
    vlan_range_rows,
)
from netloom.model.cloud.infrastructure import Pod
from netloom.model.cloud.infrastructure_ranges import (
    GuestVlanRange,
    PortableRange,
    PublicRange,
    checked_vlan,
)
from netloom.model.cloud.ipv6_pools import Ipv6Pool
from netloom.model.kinds import Kind
from netloom.store.cloud.records import Where, columns


async def list_vlan_ip_ranges(call: Call) -> Rows:
    """Lists ranges of public addresses and of shared networks."""
    c = columns(PublicRange)
    public, vlan = call.flag("forvirtualnetwork"), call.text("vlan")
    asked = call.asked

    def also(view: View) -> list[Where]:
        domain = None if asked.domain_id is None else domain_of(view, asked.domain_id)
        if asked.project_id is not None:
            return [c.account_id == project_account(view, asked.project_id)]
        if asked.account is not None:
            return [c.account_id == account_of(view, asked.account, domain)]
        return [] if domain is None else [c.domain_id == domain.id]

    return await call.select(
        PublicRange,
        call.match(c.id, "id", PublicRange),
        call.match(c.zone_id, "zoneid", Kind.ZONE),
        call.match(c.physical_network_id, "physicalnetworkid", Kind.PHYSICAL_NETWORK),
        call.match(c.network_id, "networkid", Kind.NETWORK),
        call.match(c.pod_id, "podid", Pod),
        c.vlan == checked_vlan(vlan) if vlan else None,
        None if public is None else c.network_id.is_(None) if public else c.network_id.is_not(None),
        keyword=("vlan",),
        also=also,
    )


async def create_vlan_ip_range(call: Call) -> object:
    """Makes a range of public addresses, or of a shared network's."""
    public, network_id = call.flag("forvirtualnetwork"), call.uuid("networkid")
    if public is True and network_id is not None:
        raise InvalidInput(
            "a range of a network is not for public addresses",
            subject="forvirtualnetwork",
            hint="forvirtualnetwork=false, or leave out networkid",
        )
    if public is False and network_id is None:
        raise InvalidInput(
            "a range that is not for public addresses is a network's",
            subject="networkid",
            hint="give the shared network",
        )
    return await call.do(
        public_ranges.CREATE,
        CreateRange(
            addresses=_addresses(call),
            zone_id=call.uuid("zoneid"),
            physical_network_id=call.uuid("physicalnetworkid"),
            network_id=network_id,
            vlan=call.text("vlan") or None,
            account=call.text("account") or None,
            domain_id=call.uuid("domainid"),
            project_id=call.uuid("projectid"),
            for_system=call.flag("forsystemvms", default=False),
        ),
    )


async def update_vlan_ip_range(call: Call) -> object:
    """Changes the addresses of a range."""
    return await call.do(
        public_ranges.UPDATE,
        UpdateRange(
            id=call.need_uuid("id"), addresses=_addresses(call), for_system=call.flag("forsystemvms")
        ),
    )


async def delete_vlan_ip_range(call: Call) -> object:
    """Deletes a range of which nothing is taken."""
    return await call.do(public_ranges.DELETE, OneOf(id=call.need_uuid("id")))


async def dedicate_public_ip_range(call: Call) -> object:
    """Gives a range of public addresses to an account, a project or a domain."""
    return await call.do(
        public_ranges.DEDICATE,
        DedicateRange(
            id=call.need_uuid("id"),
            domain_id=call.need_uuid("domainid"),
            account=call.text("account") or None,
            project_id=call.uuid("projectid"),
        ),
    )


async def release_public_ip_range(call: Call) -> object:
    """Gives a dedicated range back to everybody."""
    return await call.do(public_ranges.RELEASE, OneOf(id=call.need_uuid("id")))


def _addresses(call: Call) -> Addresses:
    return Addresses(
        gateway=call.text("gateway") or None,
        netmask=call.text("netmask") or None,
        start=call.text("startip") or None,
        end=call.text("endip") or None,
        gateway6=call.text("ip6gateway") or None,
        cidr6=call.text("ip6cidr") or None,
        start6=call.text("startipv6") or None,
        end6=call.text("endipv6") or None,
    )


async def list_portable_ip_ranges(call: Call) -> Rows:
    """Lists ranges of portable addresses."""
    c = columns(PortableRange)
    return await call.select(
        PortableRange, call.match(c.id, "id", PortableRange), call.match(c.region_id, "regionid")
    )


async def create_portable_ip_range(call: Call) -> object:
    """Makes a range of portable addresses."""
    return await call.do(
        public_ranges.CREATE_PORTABLE,
        CreatePortable(
            region_id=call.need_integer("regionid"),
            addresses=_addresses(call),
            vlan=call.text("vlan") or None,
        ),
    )


async def delete_portable_ip_range(call: Call) -> object:
    """Deletes a range of portable addresses of which nothing is taken."""
    return await call.do(public_ranges.DELETE_PORTABLE, OneOf(id=call.need_uuid("id")))


async def dedicate_guest_vlan_range(call: Call) -> object:
    """Keeps segments of a physical network for an account or project."""
    return await call.do(
        physical_networks.DEDICATE_VLANS,
        DedicateVlans(
            physical_network_id=call.need_uuid("physicalnetworkid"),
            segments=call.need("vlanrange"),
            account=call.text("account") or None,
            domain_id=call.uuid("domainid"),
            project_id=call.uuid("projectid"),
        ),
    )


async def release_dedicated_guest_vlan_range(call: Call) -> object:
    """Lets everybody have dedicated segments again."""
    return await call.do(physical_networks.RELEASE_VLANS, OneOf(id=call.need_uuid("id")))


async def list_dedicated_guest_vlan_ranges(call: Call) -> Rows:
    """Lists the segments that are kept for accounts."""
    c = columns(GuestVlanRange)
    first, _, last = (call.text("guestvlanrange") or "").partition("-")
    zone_id = call.uuid("zoneid")

    def also(view: View) -> list[Where]:
        if zone_id is None:
            return []
        wires = infrastructure.physical_networks(view, infrastructure.zone(view, zone_id).id)
        return [c.physical_network_id.in_([each.id for each in wires])]

    return await call.select(
        GuestVlanRange,
        call.match(c.id, "id", GuestVlanRange),
        call.match(c.physical_network_id, "physicalnetworkid", Kind.PHYSICAL_NETWORK),
        c.first == int(first) if first.isdecimal() else None,
        c.last == int(last or first) if (last or first).isdecimal() else None,
        also=also,
    )


async def list_guest_vlans(call: Call) -> Rows:
    """Lists the segments of physical networks, and the networks that have them."""
    vnet, wires_id, zone_id = call.text("vnet") or "", call.uuid("physicalnetworkid"), call.uuid("zoneid")
    if vnet and not vnet.isdecimal():
        raise InvalidInput(f"{vnet[:64]!r} is no segment", subject="vnet", hint="a number")
    numbered = call.integer("id")
    read_page = taken_segments if call.flag("allocatedonly", default=False) else segments
    listing = call.listing

    def read(view: View) -> Rows:
        if wires_id is not None:
            carriers = [infrastructure.physical_network(view, wires_id)]
        else:
            zone = None if zone_id is None else infrastructure.zone(view, zone_id).id
            carriers = infrastructure.physical_networks(view, zone)
        only = int(vnet) if vnet else None
        if numbered is not None:
            carriers = [each for each in carriers if each.number == numbered >> 32]
            only = numbered & 0xFFFFFFFF
        page, count = read_page(view, carriers, only=only, offset=listing.offset, limit=listing.page_size)
        return Rows(guest_vlan_rows(page, See(view)), count)

    return await call.read(read)


async def list_ipv6_prefixes(call: Call) -> object:
    """Lists the prefixes from which networks of zones get their IPv6 subnets."""
    c = columns(Ipv6Pool)
    return await call.select(
        Ipv6Pool,
        call.match(c.id, "id", Ipv6Pool),
        call.match(c.zone_id, "zoneid", Kind.ZONE),
        keyword=("prefix",),
    )


async def create_ipv6_prefix(call: Call) -> object:
    """Gives a zone a prefix from which its dual-stack networks get their IPv6 subnets."""
    return await call.do(
        ranges_ipv6.CREATE,
        ranges_ipv6.CreatePool(zone_id=call.need_uuid("zoneid"), prefix=call.need("prefix")),
    )


async def delete_ipv6_prefix(call: Call) -> object:
    """Deletes a prefix of which no network has a subnet."""
    return await call.do(ranges_ipv6.DELETE, ranges_ipv6.DeletePool(id=call.need_uuid("id")))


COMMANDS: tuple[Command, ...] = (
    Command("listGuestVlans", list_guest_vlans, Listing("guestvlan")),
    Command("listVlanIpRanges", list_vlan_ip_ranges, Listing("vlaniprange", vlan_range_rows)),
    Command("createVlanIpRange", create_vlan_ip_range, One("vlan", vlan_range_rows)),
    Command("updateVlanIpRange", update_vlan_ip_range, One("vlan", vlan_range_rows)),
    Command("deleteVlanIpRange", delete_vlan_ip_range, Success()),
    Command("dedicatePublicIpRange", dedicate_public_ip_range, One("vlan", vlan_range_rows)),
    Command("releasePublicIpRange", release_public_ip_range, Success()),
    Command("listPortableIpRanges", list_portable_ip_ranges, Listing("portableiprange", portable_range_rows)),
    Command(
        "createPortableIpRange",
        create_portable_ip_range,
        JobAnswer(
            public_ranges.CREATE_PORTABLE,
            "portableiprange",
            portable_range_rows,
            made=True,
            about="PortableIpAddress",
        ),
    ),
    Command("deletePortableIpRange", delete_portable_ip_range, JobAnswer(public_ranges.DELETE_PORTABLE)),
    Command(
        "dedicateGuestVlanRange", dedicate_guest_vlan_range, One("dedicatedguestvlanrange", dedicated_rows)
    ),
    Command(
        "releaseDedicatedGuestVlanRange",
        release_dedicated_guest_vlan_range,
        JobAnswer(physical_networks.RELEASE_VLANS),
    ),
    Command(
        "listDedicatedGuestVlanRanges",
        list_dedicated_guest_vlan_ranges,
        Listing("dedicatedguestvlanrange", dedicated_rows),
    ),
    Command(
        "listGuestNetworkIpv6Prefixes", list_ipv6_prefixes, Listing("guestnetworkipv6prefix", ipv6_pool_rows)
    ),
    Command(
        "createGuestNetworkIpv6Prefix",
        create_ipv6_prefix,
        JobAnswer(ranges_ipv6.CREATE, "guestnetworkipv6prefix", ipv6_pool_rows),
    ),
    Command("deleteGuestNetworkIpv6Prefix", delete_ipv6_prefix, JobAnswer(ranges_ipv6.DELETE)),
)
