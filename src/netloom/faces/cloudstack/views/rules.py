"""What CloudStack's answers say of rules: firewall rules, forwardings, openings of static NAT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netloom.base.ids import Uuid
from netloom.faces.cloudstack.see import Row, See
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.instances import Instance
from netloom.model.cloud.rules import (
    EdgeRule,
    FilterRule,
    FirewallRule,
    PortForwardingRule,
    Rule,
    StaticNatRule,
)


def firewall_rows(rules: Sequence[FirewallRule], see: See) -> list[Row]:
    """Firewall rules of either direction."""
    addresses = see.many(PublicIp, [rule.public_ip_id for rule in rules])
    _ahead(rules, see)
    return [
        {
            **_filter_row(rule, see),
            "ipaddressid": rule.public_ip_id,
            "ipaddress": _address(addresses, rule.public_ip_id),
        }
        for rule in rules
    ]


def edge_rows(rules: Sequence[EdgeRule], see: See) -> list[Row]:
    """Rules at the edge of networks, of either direction.

    CloudStack declares the fields of forwardings for these and answers with those of firewall rules: both are there.
    """
    _ahead(rules, see)
    return [
        {
            **_filter_row(rule, see),
            "publicport": _port(rule.start_port),
            "publicendport": _port(rule.end_port),
        }
        for rule in rules
    ]


def _port(number: int | None) -> str | None:
    return None if number is None else str(number)


def _filter_row(rule: FilterRule, see: See) -> Row:
    return {
        "id": rule.id,
        "protocol": rule.protocol.value,
        "startport": rule.start_port,
        "endport": rule.end_port,
        "networkid": rule.network_id,
        "state": rule.state.value,
        "cidrlist": ",".join(rule.sources),
        "icmptype": rule.icmp_type,
        "icmpcode": rule.icmp_code,
        "tags": see.tags(rule.id),
        "fordisplay": rule.display,
        "destcidrlist": ",".join(rule.destinations),
        "traffictype": rule.direction.value,
        **see.job(rule.id),
    }


def forwarding_rows(rules: Sequence[PortForwardingRule], see: See) -> list[Row]:
    """Port forwarding rules; ports are texts in these."""
    addresses = see.many(PublicIp, [rule.public_ip_id for rule in rules])
    instances = see.many(Instance, [rule.instance_id for rule in rules])
    _ahead(rules, see)
    return [
        {
            "id": rule.id,
            "privateport": str(rule.private_start),
            "privateendport": str(rule.private_end),
            "protocol": rule.protocol.value,
            "publicport": str(rule.public_start),
            "publicendport": str(rule.public_end),
            "virtualmachineid": rule.instance_id,
            **instance_names(instances.get(rule.instance_id)),
            "ipaddressid": rule.public_ip_id,
            "ipaddress": _address(addresses, rule.public_ip_id),
            "state": rule.state.value,
            "cidrlist": ",".join(rule.sources),
            "tags": see.tags(rule.id),
            "vmguestip": rule.guest_address,
            "networkid": rule.network_id,
            "fordisplay": rule.display,
            **see.job(rule.id),
        }
        for rule in rules
    ]


def static_nat_rows(rules: Sequence[StaticNatRule], see: See) -> list[Row]:
    """Openings of static NAT, with the guest that their address leads to."""
    addresses = see.many(PublicIp, [rule.public_ip_id for rule in rules])
    instances = see.many(Instance, [address.instance_id for address in addresses.values()])
    rows: list[Row] = []
    for rule in rules:
        address = addresses.get(rule.public_ip_id)
        instance_id = None if address is None else address.instance_id
        rows.append(
            {
                "id": rule.id,
                "protocol": rule.protocol.value,
                "virtualmachineid": instance_id,
                **instance_names(None if instance_id is None else instances.get(instance_id)),
                "vmguestip": None if address is None else address.guest_address,
                "ipaddressid": rule.public_ip_id,
                "ipaddress": None if address is None else address.address,
                "startport": rule.start_port,
                "endport": rule.end_port,
                "publicport": str(rule.start_port),
                "publicendport": str(rule.end_port),
                "privateport": str(rule.start_port),
                "privateendport": str(rule.end_port),
                "networkid": rule.network_id,
                "cidrlist": ",".join(rule.sources),
                "state": rule.state.value,
                "fordisplay": rule.display,
                "tags": see.tags(rule.id),
                **see.job(rule.id),
            }
        )
    return rows


def instance_names(instance: Instance | None) -> Row:
    """How answers about rules name an instance."""
    if instance is None:
        return {}
    return {
        "virtualmachinename": instance.name,
        "virtualmachinedisplayname": instance.display_name or instance.name,
    }


def _ahead(rules: Sequence[Rule], see: See) -> None:
    ids = [rule.id for rule in rules]
    see.tagged(ids)
    see.pending(ids)


def _address(addresses: Mapping[Uuid, PublicIp], address_id: Uuid | None) -> str | None:
    found = None if address_id is None else addresses.get(address_id)
    return None if found is None else found.address
