"""The interfaces of instances and their native NICs, made, changed and taken away together.

Rule 1: a record and its native NIC are written in the same transaction, so neither is ever without the other.
Rule 2: an interface has its network, MAC and addresses from its first moment; they stay while its instance is stopped.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import select

from netloom.app import intent
from netloom.app.batch import single
from netloom.app.cloud import tags
from netloom.app.cloud.instances_addresses import address_for, parse_address
from netloom.app.cloud.instances_find import nics_of_one
from netloom.app.cloud.networks_facts import native as native_network
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import NetworkId, Uuid
from netloom.base.net import format_mac, parse_mac
from netloom.model.cloud.instances import MAX_NICS, Instance, InstanceNic, SecondaryIp
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.errors import InvalidDocuments
from netloom.model.kinds import Kind
from netloom.model.objects import Nic
from netloom.model.patches import NicPatch
from netloom.model.specs import NicSpec
from netloom.store.catalog import taken_in_network
from netloom.store.cloud.records import columns


class NicWish(msgspec.Struct, frozen=True, kw_only=True):
    """An interface that somebody wants; what is None is chosen.

    `identity`: what a port that is there already says in `external_ids:iface-id`.
    """

    network_id: Uuid
    ipv4: str | None = None
    ipv6: str | None = None
    mac: str | None = None
    identity: str | None = None
    dhcp_options: Mapping[str, str] = {}


def add_nic(work: Work, instance: Instance, wish: NicWish, network: GuestNetwork, number: int) -> InstanceNic:
    """Make an interface.

    Args:
        work: the unit.
        instance: whose.
        wish: what was asked for.
        network: in which; checked to be usable.
        number: its device number; 0 is the default interface.

    Raises:
        Conflict: an address cannot be had (`address-unavailable`), the MAC is taken, the host name is another instance's.
        Exhausted: the network has no address left (`addresses-exhausted`).
    """
    if number >= MAX_NICS:
        raise Conflict(f"an instance has {MAX_NICS} interfaces at most", code="too-many-nics")
    _check_network(instance, network)
    check_hostname_free(work, instance.name, network, instance.id)
    native = native_network(work, network)
    spec = NicSpec(
        name=f"{instance.name[:40]}-{instance.id[:8]}-{work.tx.new_number()}",
        network=network.id,
        mac=_checked_mac(work, network, wish.mac),
        ipv4=address_for(work, network, native, 4, wish.ipv4),
        ipv6=address_for(work, network, native, 6, wish.ipv6),
        identity=wish.identity,
    )
    made = _native(work, spec)
    born = work.owned(instance)
    born["id"] = made.id
    return work.insert(
        InstanceNic(
            **born,
            instance_id=instance.id,
            network_id=NetworkId(network.id),
            device_number=number,
            mac=made.mac,
            is_default=number == 0,
            ipv4=made.ipv4,
            ipv6=made.ipv6,
            dhcp_options=wish.dhcp_options,
        )
    )


def change_address(work: Work, nic: InstanceNic, network: GuestNetwork, wanted: str | None) -> InstanceNic:
    """Give an interface another IPv4 (or, when one is named, IPv6) address; its native NIC follows."""
    version = 4 if wanted is None else parse_address(wanted).version
    address = address_for(work, network, native_network(work, network), version, wanted)
    if address is None:
        raise _no_addresses(network, version)
    patch = NicPatch(ipv4=address) if version == 4 else NicPatch(ipv6=address)
    intent.patch(work.tx, Kind.NIC, nic.id, patch, None)
    return work.update(
        msgspec.structs.replace(nic, ipv4=address)
        if version == 4
        else msgspec.structs.replace(nic, ipv6=address)
    )


def secondary_address(work: Work, network: GuestNetwork, wanted: str | None) -> str:
    """A further address of a network for an interface.

    Raises:
        InvalidInput: the network has no addresses.
        Conflict, Exhausted: as `add_nic`.
    """
    version = 4 if wanted is None else parse_address(wanted).version
    found = address_for(work, network, native_network(work, network), version, wanted)
    if found is None:
        raise _no_addresses(network, version)
    return found


def drop_nic(work: Work, nic: InstanceNic) -> None:
    """Take an interface away, with its secondary addresses and its native NIC."""
    s = columns(SecondaryIp)
    work.delete_all(work.records.select(SecondaryIp, s.nic_id == nic.id))
    tags.forget(work, [nic.id])
    work.delete(nic)
    intent.delete(work.tx, Kind.NIC, nic.id, None)


def drop_all(work: Work, instance: Instance) -> None:
    """Take all interfaces of an instance away."""
    for nic in nics_of_one(work, instance.id):
        drop_nic(work, nic)


def check_hostname_free(view: View, name: str, network: GuestNetwork, but: str) -> None:
    """Two machines of one network are not called the same: names are looked up there.

    Raises:
        Conflict: another one is (`hostname-taken`).
    """
    n, i = columns(InstanceNic), columns(Instance)
    others = select(i.id).where(i.name == name, i.id != but)
    there = view.records.first(InstanceNic, n.network_id == network.id, n.instance_id.in_(others))
    if there is not None:
        raise Conflict(
            f"instance {there.instance_id} is called {name!r} in network {network.name} ({network.id}) already",
            code="hostname-taken",
            subject="name",
            hint="choose another name",
        )


def _check_network(instance: Instance, network: GuestNetwork) -> None:
    if network.zone_id != instance.zone_id:
        raise InvalidInput(
            f"network {network.name} ({network.id}) is in another zone than instance {instance.name} ({instance.id})",
            code="zone-mismatch",
            subject="networkid",
            hint="a network of the instance's zone",
        )


def _checked_mac(work: Work, network: GuestNetwork, wanted: str | None) -> str | None:
    if wanted is None:
        return None
    mac = format_mac(parse_mac(wanted, "macaddress"))
    if mac in taken_in_network(work.records.connection, network.id, "mac", [mac]):
        raise Conflict(
            f"{mac} is another interface's in network {network.name} ({network.id})",
            code="mac-taken",
            subject="macaddress",
            hint="leave it out to get a free one",
        )
    return mac


def _native(work: Work, spec: NicSpec) -> Nic:
    try:
        (made,) = intent.create_many(work.tx, Kind.NIC, [spec])
    except InvalidDocuments as several:
        raise single(several) from several
    if not isinstance(made, Nic):
        raise TypeError("a NIC was asked for")
    return made


def _no_addresses(network: GuestNetwork, version: int) -> InvalidInput:
    return InvalidInput(
        f"network {network.name} ({network.id}) has no IPv{version} addresses",
        code="network-without-addresses",
        subject="ipaddress",
    )
