"""Hosts: one machine has one name here, whichever way it is recognised."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import UNSET
from sqlalchemy import ColumnElement, or_, select

from netloom.app.batch import Batch, birth, check_rename, immutable, refers
from netloom.base.errors import Conflict, InvalidInput, NetloomError
from netloom.base.ids import PhysicalNetworkId, ZoneId
from netloom.model.kinds import Kind
from netloom.model.objects import Host, Object, PhysicalNetwork, Uplink
from netloom.model.specs import HostSpec
from netloom.store import tables
from netloom.store.catalog import add, not_found, recall_many
from netloom.store.lookup import chunks
from netloom.store.transaction import Transaction

Claim = tuple[str, ...]
"""Something that only one host has: the field, then the values."""

_WORDS: Mapping[str, tuple[str, str]] = {
    "tunnel_ip": ("tunnel-ip-taken", "the tunnel address {} is {}'s in this zone"),
    "ovsdb": ("endpoint-taken", "the bridge behind {} is {}'s"),
    "system_id": ("identity-taken", "the system id {} is {}'s"),
    "fingerprint": ("identity-taken", "the certificate {} is {}'s"),
}


def create(tx: Transaction, batch: Batch[HostSpec]) -> None:
    """Make the hosts of a batch."""
    batch.refuse_taken_names(tx)
    zones = batch.resolve(tx, Kind.ZONE, {index: spec.zone for index, spec in batch.specs.items()}, "zone")
    wires = _resolve_uplinks(tx, batch, zones)
    claims = {index: _claims(spec, zones[index].id) for index, spec in batch.specs.items()}
    taken = _taken(tx, [claim for several in claims.values() for claim in several])
    for index, several in claims.items():
        name = batch.specs[index].name
        conflict = next((claim for claim in several if claim in taken), None)
        if conflict is not None:
            batch.fail(index, _conflict(conflict, taken[conflict]))
        else:
            taken.update((claim, name) for claim in several)
    items = {
        index: Host(
            **birth(tx, Kind.HOST, spec.name),
            name=spec.name,
            labels=spec.labels,
            zone=zones[index].name,
            zone_id=ZoneId(zones[index].id),
            ovsdb=spec.ovsdb,
            openflow=spec.openflow,
            tunnel_ip=spec.tunnel_ip,
            bridge=spec.bridge,
            mtu=spec.mtu,
            uplinks=wires[index],
            drain=spec.drain is True,
            system_id=spec.system_id,
            fingerprint=spec.fingerprint,
        )
        for index, spec in batch.specs.items()
    }
    add(tx, list(items.values()))
    batch.made.update(items)


def revise(tx: Transaction, current: Host, spec: HostSpec, cleared: frozenset[str]) -> Host:
    """The host as the spec wants it; a pinned identity stays unless it is named or cleared."""
    check_rename(tx, Kind.HOST, current.name, spec.name)
    if not refers(spec.zone, current.zone, current.zone_id):
        raise immutable(Kind.HOST, "zone", current.zone, spec.zone)
    wanted = msgspec.structs.replace(
        current,
        name=spec.name,
        labels=spec.labels,
        ovsdb=spec.ovsdb,
        openflow=spec.openflow,
        tunnel_ip=spec.tunnel_ip,
        bridge=spec.bridge,
        mtu=spec.mtu,
        uplinks=_revised_uplinks(tx, current, spec),
        drain=current.drain if spec.drain is UNSET else spec.drain,
        system_id=_kept(spec.system_id, current.system_id, "system_id" in cleared),
        fingerprint=_kept(spec.fingerprint, current.fingerprint, "fingerprint" in cleared),
    )
    had = set(_claims(current, current.zone_id))
    new = [claim for claim in _claims(wanted, current.zone_id) if claim not in had]
    for claim, owner in _taken(tx, new).items():
        raise _conflict(claim, owner)
    return wanted


def _resolve_uplinks(
    tx: Transaction, batch: Batch[HostSpec], zones: Mapping[int, Object]
) -> dict[int, tuple[Uplink, ...]]:
    """The uplinks of each; a host with one that leads nowhere is taken out."""
    wires: dict[int, tuple[Uplink, ...]] = {}
    for index, spec in list(batch.specs.items()):
        broken = batch.mistakes.broken
        if any((Kind.PHYSICAL_NETWORK, uplink.physical_network) in broken for uplink in spec.uplinks):
            batch.drop(index)
            continue
        try:
            wires[index] = _uplinks(tx, spec, zones[index].id)
        except NetloomError as error:
            batch.fail(index, error)
    return wires


def _revised_uplinks(tx: Transaction, current: Host, spec: HostSpec) -> tuple[Uplink, ...]:
    uplinks = _uplinks(tx, spec, current.zone_id)
    return current.uplinks if set(uplinks) == set(current.uplinks) else uplinks


def _uplinks(tx: Transaction, spec: HostSpec, zone_id: str) -> tuple[Uplink, ...]:
    """The uplinks that a spec asks for.

    Raises:
        NotFound: a physical network is not there.
        Conflict: it is in another zone.
        InvalidInput: it is named twice, by name and by id.
    """
    if not spec.uplinks:
        return ()
    found = recall_many(tx, Kind.PHYSICAL_NETWORK, [uplink.physical_network for uplink in spec.uplinks])
    uplinks: dict[str, Uplink] = {}
    for at, uplink in enumerate(spec.uplinks):
        subject = f"uplinks[{at}].physical_network"
        wires = found.get(uplink.physical_network)
        if not isinstance(wires, PhysicalNetwork):
            raise not_found(Kind.PHYSICAL_NETWORK, uplink.physical_network, subject)
        if wires.zone_id != zone_id:
            raise Conflict(
                f"physical network {wires.name!r} is in zone {wires.zone!r}, the host is not",
                code="zone-mismatch",
                subject=subject,
                hint="a host reaches the wires of its own zone",
            )
        if wires.id in uplinks:
            raise InvalidInput(
                f"physical network {wires.name!r} has two uplinks", subject=subject, hint="one for each"
            )
        uplinks[wires.id] = Uplink(
            physical_network=wires.name,
            physical_network_id=PhysicalNetworkId(wires.id),
            port=uplink.port,
            bridge=uplink.bridge,
        )
    return tuple(uplinks.values())


def _kept(wanted: str | None, current: str | None, cleared: bool) -> str | None:
    return None if cleared else wanted or current


def _claims(host: HostSpec | Host, zone_id: str) -> list[Claim]:
    claims: list[Claim] = []
    if host.system_id is not None:
        claims.append(("system_id", host.system_id))
    if host.fingerprint is not None:
        claims.append(("fingerprint", host.fingerprint))
    if host.tunnel_ip is not None:
        claims.append(("tunnel_ip", host.tunnel_ip, zone_id))
    if host.ovsdb is not None:
        claims.append(("ovsdb", host.ovsdb, host.bridge))
    return claims


def _taken(tx: Transaction, claims: list[Claim]) -> dict[Claim, str]:
    """Which claims other hosts have, and their names."""
    h = tables.hosts.c
    taken: dict[Claim, str] = {}
    for chunk in chunks(claims, 100):
        wanted = set(chunk)
        where = or_(*(_condition(claim) for claim in chunk))
        columns = select(h.name, h.zone_id, h.tunnel_ip, h.ovsdb, h.bridge, h.system_id, h.fingerprint)
        for name, zone_id, tunnel_ip, ovsdb, bridge, system_id, fingerprint in tx.connection.execute(
            columns.where(where)
        ):
            for claim in (
                ("tunnel_ip", tunnel_ip, zone_id),
                ("ovsdb", ovsdb, bridge),
                ("system_id", system_id),
                ("fingerprint", fingerprint),
            ):
                if claim in wanted:
                    taken[claim] = name
    return taken


def _condition(claim: Claim) -> ColumnElement[bool]:
    h = tables.hosts.c
    match claim[0]:
        case "tunnel_ip":
            return (h.tunnel_ip == claim[1]) & (h.zone_id == claim[2])
        case "ovsdb":
            return (h.ovsdb == claim[1]) & (h.bridge == claim[2])
        case "system_id":
            return h.system_id == claim[1]
        case _:
            return h.fingerprint == claim[1]


def _conflict(claim: Claim, owner: str) -> Conflict:
    code, words = _WORDS[claim[0]]
    return Conflict(words.format(claim[1], f"host/{owner}"), code=code, subject=claim[0])
