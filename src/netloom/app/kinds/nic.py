"""NICs: their MAC, addresses, identity, and the device they are to be.

Rule 1: within a network a MAC and an address are one NIC's; between networks both may repeat.
Rule 2: an identity is one NIC's everywhere, because a switch port knows no networks.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping

import msgspec
from msgspec import UNSET, UnsetType

from netloom.app.batch import Batch, birth, check_rename, immutable, refers
from netloom.base.errors import Conflict, Exhausted, InvalidInput, NetloomError
from netloom.base.ids import HostId, NetworkId, Uuid
from netloom.base.net import format_mac
from netloom.model.addressing import check_nic_address, network_of, offset_of
from netloom.model.kinds import Kind
from netloom.model.macs import local_mac
from netloom.model.objects import Attachment, Host, Network, Nic
from netloom.model.specs import AttachmentSpec, NicSpec
from netloom.model.states import NicState
from netloom.store.allocate import choose_addresses
from netloom.store.catalog import add, find, taken_devices, taken_identities, taken_in_network
from netloom.store.transaction import Transaction

_FAMILIES = (("ipv4", "cidr", 4), ("ipv6", "cidr6", 6))
_FIELDS = ("mac", "ipv4", "ipv6")


class _Draft(msgspec.Struct):
    """A NIC while what was left out is being chosen."""

    network: Network
    mac: str | None
    ipv4: str | None
    ipv6: str | None
    attachment: Attachment | None = None


def create(tx: Transaction, batch: Batch[NicSpec]) -> None:
    """Make the NICs of a batch."""
    batch.refuse_taken_names(tx)
    found = batch.resolve(
        tx, Kind.NETWORK, {index: spec.network for index, spec in batch.specs.items()}, "network"
    )
    drafts: dict[int, _Draft] = {}
    for index, spec in list(batch.specs.items()):
        network = found[index]
        assert isinstance(network, Network)  # noqa: S101 - the kind says so
        try:
            _check_addresses(spec, network)
        except NetloomError as error:
            batch.fail(index, error)
            continue
        drafts[index] = _Draft(network, spec.mac, spec.ipv4, spec.ipv6)
    _attach_all(tx, batch, drafts)
    _refuse_taken_identities(tx, batch)
    groups = _by_network(batch.specs, drafts)
    for indices in groups.values():
        _refuse_taken_values(tx, batch, drafts, indices)
    for indices in _by_network(batch.specs, drafts).values():
        _choose_macs(tx, batch, drafts, indices)
        _choose_all_addresses(tx, batch, drafts, indices)
    items: dict[int, Nic] = {}
    for index, spec in batch.specs.items():
        draft = drafts[index]
        born = birth(tx, Kind.NIC, spec.name, batch.ids.get(index))
        items[index] = Nic(
            **born,
            name=spec.name,
            labels=spec.labels,
            network=draft.network.name,
            network_id=NetworkId(draft.network.id),
            mac=draft.mac or "",
            ipv4=draft.ipv4,
            ipv6=draft.ipv6,
            identity=spec.identity or born["id"],
            attachment=draft.attachment,
            state=NicState.ALLOCATED,
        )
    add(tx, list(items.values()), {draft.network.id: draft.network for draft in drafts.values()})
    batch.made.update(items)


def revise(tx: Transaction, current: Nic, spec: NicSpec, _cleared: frozenset[str]) -> Nic:
    """The NIC as the spec wants it; what the spec leaves out stays."""
    check_rename(tx, Kind.NIC, current.name, spec.name)
    if not refers(spec.network, current.network, current.network_id):
        raise immutable(Kind.NIC, "network", current.network, spec.network)
    wanted = msgspec.structs.replace(
        current,
        name=spec.name,
        labels=spec.labels,
        mac=spec.mac or current.mac,
        ipv4=spec.ipv4 or current.ipv4,
        ipv6=spec.ipv6 or current.ipv6,
        identity=spec.identity or current.identity,
        attachment=_revised_attachment(tx, current, spec.attachment),
    )
    if (wanted.ipv4, wanted.ipv6) != (current.ipv4, current.ipv6):
        network = find(tx.connection, Kind.NETWORK, current.network_id)
        assert isinstance(network, Network)  # noqa: S101 - the kind says so
        _check_addresses(spec, network)
    for field in _FIELDS:
        value: str | None = getattr(wanted, field)
        if value is not None and value != getattr(current, field):
            taken = taken_in_network(tx.connection, current.network_id, field, [value])
            if value in taken:
                raise _value_taken(field, value, taken[value])
    if wanted.identity != current.identity:
        owner = taken_identities(tx.connection, [wanted.identity]).get(wanted.identity)
        if owner is not None:
            raise _identity_taken(wanted.identity, owner)
    return wanted


def fill_addresses(tx: Transaction, network: Network, field: str, nics: Iterable[Nic]) -> list[Nic]:
    """The NICs of a network with an address of a family that the network just got.

    Raises:
        Exhausted: there are more NICs than addresses.
    """
    waiting = list(nics)
    cidr = network.cidr if field == "ipv4" else network.cidr6
    if cidr is None or not waiting:
        return []
    chosen = choose_addresses(tx, network.id, network_of(cidr), len(waiting), set())
    if len(chosen) < len(waiting):
        raise _exhausted(network, cidr, field)
    return [
        msgspec.structs.replace(nic, **{field: address}) for nic, address in zip(waiting, chosen, strict=True)
    ]


def _check_addresses(spec: NicSpec, network: Network) -> None:
    for field, cidr_field, _version in _FAMILIES:
        address: str | None = getattr(spec, field)
        cidr: str | None = getattr(network, cidr_field)
        if address is None:
            continue
        if cidr is None:
            raise InvalidInput(
                f"network {network.name!r} has no {cidr_field}", subject=field, hint=f"leave out {field}"
            )
        check_nic_address(address, network_of(cidr), field)


def _by_network(specs: Mapping[int, NicSpec], drafts: Mapping[int, _Draft]) -> dict[Uuid, list[int]]:
    groups: dict[Uuid, list[int]] = {}
    for index in specs:
        groups.setdefault(drafts[index].network.id, []).append(index)
    return groups


def _attach_all(tx: Transaction, batch: Batch[NicSpec], drafts: dict[int, _Draft]) -> None:
    asked = {
        index: spec.attachment
        for index, spec in batch.specs.items()
        if isinstance(spec.attachment, AttachmentSpec)
    }
    if not asked:
        return
    hosts = batch.resolve(
        tx, Kind.HOST, {index: wish.host for index, wish in asked.items()}, "attachment.host"
    )
    places = {index: (str(hosts[index].id), wish.device) for index, wish in asked.items() if index in hosts}
    taken = taken_devices(tx.connection, list(places.values()))
    for index, place in places.items():
        host = hosts[index]
        assert isinstance(host, Host)  # noqa: S101 - the kind says so
        try:
            _check_host(tx, host, drafts[index].network.zone_id)
            if place in taken:
                raise _device_taken(host.name, place[1], taken[place])
        except NetloomError as error:
            batch.fail(index, error)
            continue
        taken[place] = batch.specs[index].name
        drafts[index].attachment = Attachment(host=host.name, host_id=HostId(host.id), device=place[1])


def _revised_attachment(
    tx: Transaction, current: Nic, wish: AttachmentSpec | UnsetType | None
) -> Attachment | None:
    if wish is UNSET:
        return current.attachment
    if wish is None:
        return None
    assert isinstance(wish, AttachmentSpec)  # noqa: S101 - nothing else is left
    now = current.attachment
    if now is not None and refers(wish.host, now.host, now.host_id) and wish.device == now.device:
        return now
    host = find(tx.connection, Kind.HOST, wish.host, "attachment.host")
    network = find(tx.connection, Kind.NETWORK, current.network_id)
    assert isinstance(host, Host)  # noqa: S101 - the kind says so
    assert isinstance(network, Network)  # noqa: S101 - the kind says so
    _check_host(tx, host, network.zone_id)
    owner = taken_devices(tx.connection, [(host.id, wish.device)]).get((host.id, wish.device))
    if owner is not None:
        raise _device_taken(host.name, wish.device, owner)
    return Attachment(host=host.name, host_id=HostId(host.id), device=wish.device)


def _check_host(tx: Transaction, host: Host, zone_id: str) -> None:
    """A draining host takes nothing new, unless it is made in this very transaction: then a cloud is being restored."""
    if host.zone_id != zone_id:
        raise Conflict(
            f"host {host.name!r} is in zone {host.zone!r}, the network is not",
            code="zone-mismatch",
            subject="attachment.host",
            hint="networks do not cross zones",
        )
    if host.drain and host.created_at != tx.at:
        raise Conflict(
            f"host {host.name!r} is being drained",
            code="host-draining",
            subject="attachment.host",
            hint=f"choose another host, or `netloom host drain {host.name} --off`",
        )


def _refuse_taken_identities(tx: Transaction, batch: Batch[NicSpec]) -> None:
    asked = {index: spec.identity for index, spec in batch.specs.items() if spec.identity is not None}
    if not asked:
        return
    taken = taken_identities(tx.connection, list(asked.values()))
    for index, identity in asked.items():
        if identity in taken:
            batch.fail(index, _identity_taken(identity, taken[identity]))
        else:
            taken[identity] = batch.specs[index].name


def _refuse_taken_values(
    tx: Transaction, batch: Batch[NicSpec], drafts: dict[int, _Draft], indices: list[int]
) -> None:
    network_id = drafts[indices[0]].network.id
    for field in _FIELDS:
        asked: dict[int, str] = {
            index: getattr(batch.specs[index], field)
            for index in indices
            if index in batch.specs and getattr(batch.specs[index], field) is not None
        }
        if not asked:
            continue
        taken = taken_in_network(tx.connection, network_id, field, list(asked.values()))
        for index, value in asked.items():
            if value in taken:
                batch.fail(index, _value_taken(field, value, taken[value]))
            else:
                taken[value] = batch.specs[index].name


def _choose_macs(
    tx: Transaction, batch: Batch[NicSpec], drafts: dict[int, _Draft], indices: list[int]
) -> None:
    """Random ones, apart from each other; that one of 2^46 is in the network already is left to the constraint."""
    used = {drafts[index].mac for index in indices}
    for index in indices:
        if index in batch.specs and drafts[index].mac is None:
            mac = format_mac(local_mac(tx.random_bits(48)))
            while mac in used:
                mac = format_mac(local_mac(tx.random_bits(48)))
            used.add(mac)
            drafts[index].mac = mac


def _choose_all_addresses(
    tx: Transaction, batch: Batch[NicSpec], drafts: dict[int, _Draft], indices: list[int]
) -> None:
    network = drafts[indices[0]].network
    for field, cidr_field, _version in _FAMILIES:
        cidr: str | None = getattr(network, cidr_field)
        waiting = [i for i in indices if i in batch.specs and getattr(drafts[i], field) is None]
        if cidr is None or not waiting:
            continue
        parsed = network_of(cidr)
        avoid = {
            offset_of(ipaddress.ip_address(address), parsed)
            for address in (getattr(drafts[index], field) for index in indices)
            if address is not None
        }
        chosen = choose_addresses(tx, network.id, parsed, len(waiting), avoid)
        for index, address in zip(waiting, chosen, strict=False):
            setattr(drafts[index], field, address)
        for index in waiting[len(chosen) :]:
            batch.fail(index, _exhausted(network, cidr, field))


def _exhausted(network: Network, cidr: str, field: str) -> Exhausted:
    return Exhausted(
        f"no address is free in {cidr} of network {network.name!r}",
        code="addresses-exhausted",
        subject=field,
        hint="delete NICs, or make a larger network",
    )


def _value_taken(field: str, value: str, owner: str) -> Conflict:
    code = "mac-taken" if field == "mac" else "address-taken"
    return Conflict(
        f"{value} is nic/{owner}'s in this network",
        code=code,
        subject=field,
        hint=f"leave out {field} to get a free one",
    )


def _identity_taken(identity: str, owner: str) -> Conflict:
    return Conflict(
        f"the identity {identity!r} is nic/{owner}'s",
        code="identity-taken",
        subject="identity",
        hint="one identity, one NIC: a switch port could not tell them apart",
    )


def _device_taken(host: str, device: str, owner: str) -> Conflict:
    return Conflict(
        f"{device!r} on {host!r} is nic/{owner}'s",
        code="device-taken",
        subject="attachment.device",
        hint=f"`netloom nic detach {owner}` first",
    )
