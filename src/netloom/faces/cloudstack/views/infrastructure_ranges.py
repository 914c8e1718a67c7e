"""What CloudStack's answers say of ranges of addresses and of segments."""

from __future__ import annotations

from collections.abc import Sequence

from netloom.app.cloud.infrastructure_segments import Segment
from netloom.app.cloud.ranges_ipv6 import taken_of
from netloom.faces.cloudstack.see import Row, See
from netloom.faces.cloudstack.views.networks import network_rows
from netloom.model.cloud.identity import Account, AccountType, Domain, Project, shown_path
from netloom.model.cloud.infrastructure import Pod
from netloom.model.cloud.infrastructure_ranges import (
    GuestVlanRange,
    PortableRange,
    PublicRange,
    StorageRange,
)
from netloom.model.cloud.ipv6_pools import Ipv6Pool
from netloom.model.objects import PhysicalNetwork, Zone
from netloom.store.cloud.records import columns


def vlan_range_rows(ranges: Sequence[PublicRange], see: See) -> list[Row]:
    """Ranges of public addresses and of shared networks."""
    see.many(Account, {each.account_id for each in ranges})
    see.many(Domain, {each.domain_id for each in ranges})
    pods = see.many(Pod, {each.pod_id for each in ranges})
    rows: list[Row] = []
    for each in ranges:
        row: Row = {
            "id": each.id,
            "forvirtualnetwork": each.is_public,
            "zoneid": each.zone_id,
            "vlan": each.vlan,
            "networkid": each.network_id,
            "physicalnetworkid": each.physical_network_id,
            "forsystemvms": each.for_system,
            "fornsx": False,
            **_dedicated_to(each, see),
        }
        if each.pod_id is not None and each.pod_id in pods:
            row |= {"podid": each.pod_id, "podname": pods[each.pod_id].name}
        if each.v4 is not None:
            row |= {
                "gateway": each.v4.gateway,
                "netmask": str(each.v4.subnet.netmask),
                "cidr": each.v4.cidr,
                "startip": each.v4.start,
                "endip": each.v4.end,
            }
        if each.v6 is not None:
            row |= {
                "ip6gateway": each.v6.gateway,
                "ip6cidr": each.v6.cidr,
                "startipv6": each.v6.start,
                "endipv6": each.v6.end,
            }
        rows.append(row)
    return rows


def _dedicated_to(each: PublicRange, see: See) -> Row:
    """Whose a range is; nothing when it is everybody's."""
    row: Row = {}
    account, domain = see.one(Account, each.account_id), see.one(Domain, each.domain_id)
    if account is not None and account.type is AccountType.PROJECT:
        project = see.view.records.first(Project, columns(Project).account_id == account.id)
        if project is not None:
            row |= {"projectid": project.id, "project": project.name}
    elif account is not None:
        row["account"] = account.name
    if domain is not None:
        row |= {"domainid": domain.id, "domain": domain.name, "domainpath": shown_path(domain.path)}
    return row


def portable_range_rows(ranges: Sequence[PortableRange], _see: See) -> list[Row]:
    """Ranges of portable addresses."""
    return [
        {
            "id": each.id,
            "regionid": each.region_id,
            "vlan": each.vlan,
            "gateway": each.v4.gateway,
            "netmask": str(each.v4.subnet.netmask),
            "startip": each.v4.start,
            "endip": each.v4.end,
        }
        for each in ranges
    ]


def storage_range_rows(ranges: Sequence[StorageRange], _see: See) -> list[Row]:
    """Ranges of pods' storage networks; one that is untagged has no `vlan`."""
    return [
        {
            "id": each.id,
            "podid": each.pod_id,
            "zoneid": each.zone_id,
            "gateway": each.v4.gateway,
            "netmask": str(each.v4.subnet.netmask),
            "startip": each.v4.start,
            "endip": each.v4.end,
            "vlan": each.vlan,
        }
        for each in ranges
    ]


def ipv6_pool_rows(pools: Sequence[Ipv6Pool], see: See) -> list[Row]:
    """Prefixes of zones, with how many subnets of them networks have."""
    taken = taken_of(see.view, pools)
    return [
        {
            "id": each.id,
            "zoneid": each.zone_id,
            "prefix": each.prefix,
            "totalsubnets": each.total,
            "usedsubnets": taken.get(each.id, 0),
            "availablesubnets": each.total - taken.get(each.id, 0),
            "created": see.time(each.created_at),
        }
        for each in pools
    ]


def dedicated_rows(ranges: Sequence[GuestVlanRange], see: See) -> list[Row]:
    """Segments that are kept for accounts. CloudStack tells zone and physical network by number here, and so do we."""
    see.owners(ranges)
    wires = see.natives(PhysicalNetwork, {each.physical_network_id for each in ranges})
    zones = see.natives(Zone, {each.zone_id for each in wires.values()})
    rows: list[Row] = []
    for each in ranges:
        carrier = wires.get(each.physical_network_id)
        zone = None if carrier is None else zones.get(carrier.zone_id)
        rows.append(
            {
                "id": each.id,
                "guestvlanrange": f"{each.first}-{each.last}",
                **see.owner(each),
                "physicalnetworkid": None if carrier is None else carrier.number,
                "zoneid": None if zone is None else zone.number,
            }
        )
    return rows


def guest_vlan_rows(found: Sequence[Segment], see: See) -> list[Row]:
    """Segments of physical networks, with the network that has each."""
    see.learn_natives(each.native for each in found if each.native is not None)
    networks = [each.network for each in found if each.network is not None]
    shown = {row["id"]: row for row in network_rows(networks, see)} if networks else {}
    see.owners(each.kept for each in found if each.kept is not None)
    rows: list[Row] = []
    for each in found:
        owner = each.network or each.kept
        rows.append(
            {
                "id": (each.wires.number << 32) | each.number,
                "vlan": str(each.number),
                **({} if owner is None else see.owner(owner)),
                **see.zone(each.wires.zone_id),
                "physicalnetworkid": each.wires.id,
                "physicalnetworkname": each.wires.name,
                "isdedicated": each.kept is not None,
                "allocationstate": "Free" if each.native is None else "Allocated",
                "taken": None if each.native is None else see.time(each.native.created_at),
                "network": [] if each.network is None else [shown[each.network.id]],
            }
        )
    return rows
