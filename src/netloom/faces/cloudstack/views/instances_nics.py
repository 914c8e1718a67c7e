"""What CloudStack's answers say of interfaces of instances and their secondary addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from netloom.app.cloud.instances_find import secondaries_of
from netloom.base.ids import Uuid
from netloom.faces.cloudstack.see import Row, See
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.instances import Instance, InstanceNic, InstanceState, SecondaryIp
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.vpc import Vpc
from netloom.model.objects import Network

_WIRED = frozenset({InstanceState.RUNNING, InstanceState.MIGRATING})
"""States in which CloudStack tells how the network is told apart on the wire."""


def listed_nic_rows(nics: Sequence[InstanceNic], see: See) -> list[Row]:
    """Interfaces as a list of them tells: with their instance, secondary addresses only where there are some."""
    rows = nic_rows(nics, see)
    for nic, row in zip(nics, rows, strict=True):
        row["virtualmachineid"] = nic.instance_id
        if not row["secondaryip"]:
            del row["secondaryip"]
    return rows


def nic_rows(nics: Sequence[InstanceNic], see: See) -> list[Row]:
    """Interfaces as they stand in their instance's row."""
    networks = see.many(GuestNetwork, {nic.network_id for nic in nics})
    natives = see.natives(Network, {nic.network_id for nic in nics})
    vpcs = see.many(Vpc, {network.vpc_id for network in networks.values()})
    instances = see.many(Instance, {nic.instance_id for nic in nics})
    secondaries = secondaries_of(see.view, [nic.id for nic in nics])
    public = _static_nat([nic.id for nic in nics], see)
    in_network = {
        network.id: _of_network(network, vpcs.get(network.vpc_id) if network.vpc_id else None)
        for network in networks.values()
    }
    wires = {network_id: _wire(native) for network_id, native in natives.items()}
    rows = []
    for nic in nics:
        row: Row = {
            "id": nic.id,
            "networkid": nic.network_id,
            "macaddress": nic.mac,
            "ipaddress": nic.ipv4,
            "ip6address": nic.ipv6,
            "isdefault": nic.is_default,
            "deviceid": str(nic.device_number),
            "secondaryip": [
                {"id": each.id, "ipaddress": each.address} for each in secondaries.get(nic.id, ())
            ],
            "extradhcpoption": [
                {"codename": name, "value": value} for name, value in sorted(nic.dhcp_options.items())
            ],
            **in_network.get(nic.network_id, {}),
        }
        native = natives.get(nic.network_id)
        if native is not None:
            row["mtu"] = native.guest_mtu
            instance = instances.get(nic.instance_id)
            if instance is not None and instance.state in _WIRED:
                row["broadcasturi"] = row["isolationuri"] = wires[nic.network_id]
        address = public.get(nic.id)
        if address is not None:
            row.update(publicip=address.address, publicipid=address.id)
        rows.append(row)
    return rows


def secondary_rows(secondaries: Sequence[SecondaryIp], see: See) -> list[Row]:
    """Secondary addresses."""
    nics = see.many(InstanceNic, {each.nic_id for each in secondaries})
    return [
        {
            "id": each.id,
            "ipaddress": each.address,
            "nicid": each.nic_id,
            "networkid": each.network_id,
            "virtualmachineid": nics[each.nic_id].instance_id if each.nic_id in nics else None,
        }
        for each in secondaries
    ]


def _of_network(network: GuestNetwork, vpc: Vpc | None) -> Row:
    whole = network.network_cidr or network.cidr
    return {
        "networkname": network.name,
        "traffictype": network.traffic.value,
        "type": network.guest_type.value,
        "netmask": None if whole is None else str(ipaddress.ip_network(whole).netmask),
        "gateway": network.gateway,
        "ip6cidr": network.cidr6,
        "ip6gateway": network.gateway6,
        "vpcid": network.vpc_id,
        "vpcname": None if vpc is None else vpc.name,
    }


def _wire(native: Network) -> str:
    """How the network is told apart on the wire, as CloudStack writes it (`vlan://107`)."""
    return f"{native.isolation.value}://{native.segment or 'untagged'}"


def _static_nat(nic_ids: Sequence[str], see: See) -> dict[Uuid, PublicIp]:
    return {
        Uuid(address.nic_id): address
        for address in see.having(PublicIp, "nic_id", nic_ids)
        if address.static_nat and address.nic_id is not None
    }
