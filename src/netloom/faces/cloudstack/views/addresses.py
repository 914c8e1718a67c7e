"""What CloudStack's answers say of public addresses, and of those at rest."""

from __future__ import annotations

from collections.abc import Sequence

from netloom.app.cloud.addresses_free import FreeIp
from netloom.faces.cloudstack.see import Row, See
from netloom.faces.cloudstack.views.rules import instance_names
from netloom.model.cloud.addresses import IpState, PublicIp, QuarantinedIp
from netloom.model.cloud.identity import Account
from netloom.model.cloud.infrastructure_ranges import PortableRange, PublicRange
from netloom.model.cloud.instances import Instance
from netloom.model.cloud.load_balancers import LoadBalancer
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.rules import FirewallRule, PortForwardingRule, StaticNatRule
from netloom.model.cloud.vpc import Vpc

RULES = (FirewallRule, PortForwardingRule, LoadBalancer, StaticNatRule)
"""What an address can have (`hasrules`)."""


def address_rows(addresses: Sequence[PublicIp], see: See) -> list[Row]:
    """Public addresses. Which range and wires an address is from is shown to the root administrator only."""
    ids = [ip.id for ip in addresses]
    see.owners(addresses)
    see.tagged(ids)
    see.pending(ids)
    see.many(GuestNetwork, [ip.network_id for ip in addresses])
    see.many(Vpc, [ip.vpc_id for ip in addresses])
    see.many(Instance, [ip.instance_id for ip in addresses])
    used: set[str] = set()
    for record_type in RULES:
        used |= see.view.records.named(record_type, "public_ip_id", ids)
    return [_row(ip, see) | {"hasrules": ip.id in used} for ip in addresses]


def _row(ip: PublicIp, see: See) -> Row:
    network, vpc = see.one(GuestNetwork, ip.network_id), see.one(Vpc, ip.vpc_id)
    return {
        "id": ip.id,
        "ipaddress": ip.address,
        "allocated": None if ip.allocated_at is None else see.time(ip.allocated_at),
        **see.zone(ip.zone_id),
        "issourcenat": ip.source_nat,
        **see.owner(ip),
        "forvirtualnetwork": True,
        "isstaticnat": ip.static_nat,
        "issystem": ip.for_system,
        "associatednetworkid": ip.network_id,
        "associatednetworkname": None if network is None else network.name,
        "vpcid": ip.vpc_id,
        "vpcname": None if vpc is None else vpc.name,
        "state": ip.state.value,
        "isportable": ip.portable,
        "fordisplay": ip.display,
        "forsystemvms": ip.for_system,
        "hasannotations": False,
        "tags": see.tags(ip.id),
        **_static_nat(ip, see),
        **(_origin(ip, see) if see.caller.is_root else {}),
        **see.job(ip.id),
    }


def _static_nat(ip: PublicIp, see: See) -> Row:
    if not ip.static_nat:
        return {}
    return {
        "purpose": "StaticNat",
        "virtualmachineid": ip.instance_id,
        **instance_names(see.one(Instance, ip.instance_id)),
        "virtualmachinetype": "User",
        "vmipaddress": ip.guest_address,
    }


def _origin(ip: PublicIp, see: See) -> Row:
    span = see.one(PortableRange, ip.range_id) if ip.portable else see.one(PublicRange, ip.range_id)
    return {
        "vlanid": ip.range_id,
        "vlanname": None if span is None else span.vlan,
        "physicalnetworkid": ip.physical_network_id,
    }


def free_rows(addresses: Sequence[FreeIp], see: See) -> list[Row]:
    """Addresses that nobody has; their ids are good for reserving them."""
    rows: list[Row] = []
    for free in addresses:
        row: Row = {
            "id": free.id,
            "ipaddress": free.address,
            **see.zone(free.zone_id),
            "issourcenat": False,
            "forvirtualnetwork": True,
            "isstaticnat": False,
            "issystem": False,
            "state": IpState.FREE.value,
            "isportable": False,
            "fordisplay": True,
            "forsystemvms": free.for_system,
            "hasrules": False,
            "hasannotations": False,
            "tags": [],
        }
        if see.caller.is_root:
            row |= {
                "vlanid": free.range_id,
                "vlanname": free.vlan,
                "physicalnetworkid": free.physical_network_id,
            }
        rows.append(row)
    return rows


def quarantine_rows(resting: Sequence[QuarantinedIp], see: See) -> list[Row]:
    """Addresses at rest."""
    accounts = see.many(Account, [each.previous_account_id for each in resting])
    rows: list[Row] = []
    for each in resting:
        owner = accounts.get(each.previous_account_id)
        rows.append(
            {
                "id": each.id,
                "ipaddress": each.address,
                "previousownerid": each.previous_account_id,
                "previousownername": None if owner is None else owner.name,
                "created": see.time(each.created_at),
                "enddate": see.time(each.ends_at),
                "removed": None if each.removed_at is None else see.time(each.removed_at),
                "removalreason": each.removal_reason,
                "removeraccountid": each.removed_by,
            }
        )
    return rows
