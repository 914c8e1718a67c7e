"""Objects out of rows and rows out of objects.

Rule 1: what a row holds was checked before it was written; reading trusts it.
Rule 2: one select per kind gives everything an object needs, the names of what it refers to included.
"""

from __future__ import annotations

import datetime as dt
import functools
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypedDict

import msgspec
from sqlalchemy import Connection, Row, Select, Table, select

from netloom.base.ids import HostId, NetworkId, Number, PhysicalNetworkId, Uuid, ZoneId
from netloom.model.addressing import AUTOMATIC_OFFSETS, gateway_of, network_of, offset_of
from netloom.model.isolation import Isolation
from netloom.model.kinds import Kind
from netloom.model.labels import NO_LABELS
from netloom.model.mtu import Family, guest_mtu
from netloom.model.objects import Attachment, Host, Network, Nic, Object, PhysicalNetwork, Uplink, Zone
from netloom.model.states import NetworkState, NicState
from netloom.store import tables
from netloom.store.cloud.known import Known
from netloom.store.times import to_datetime, to_microseconds

Value: TypeAlias = str | int | bool | None
Columns: TypeAlias = Row[*tuple[Any, ...]]
"""A row of `select_objects`: the database's values, whose types the schema knows and the type checker cannot."""

ObjectSelect: TypeAlias = Select[*tuple[Any, ...]]

TABLES: Mapping[Kind, Table] = {
    Kind.ZONE: tables.zones,
    Kind.PHYSICAL_NETWORK: tables.physical_networks,
    Kind.HOST: tables.hosts,
    Kind.NETWORK: tables.networks,
    Kind.NIC: tables.nics,
}

_decode_labels = msgspec.json.Decoder(dict[str, str]).decode
_decode_texts = msgspec.json.Decoder(tuple[str, ...]).decode
_canonical = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What objects need that stands in no row of theirs: the zones whose underlay is partly IPv6 (it has less room), for
    networks; the names of physical networks by id, for hosts.
    """

    ipv6_zones: frozenset[str] = frozenset()
    wires: Mapping[str, str] = field(default_factory=dict)


NO_SURROUNDINGS = Surroundings()
"""For kinds that need none."""

_IPV6_ZONES = select(tables.hosts.c.zone_id).where(tables.hosts.c.tunnel_ip.like("%:%")).distinct()


_WIRES = select(tables.physical_networks.c.id, tables.physical_networks.c.name)


def surroundings(connection: Connection, kind: Kind, known: Known | None = None) -> Surroundings:
    """Read what objects of a kind need, unless it is known."""
    if kind is Kind.NETWORK:
        if known is not None:
            known.look(connection)
            if known.ipv6_zones:
                return Surroundings(ipv6_zones=known.ipv6_zones[0])
        zones = frozenset(row[0] for row in connection.execute(_IPV6_ZONES))
        if known is not None:
            known.ipv6_zones.append(zones)
        return Surroundings(ipv6_zones=zones)
    if kind is Kind.HOST:
        return Surroundings(wires={row[0]: row[1] for row in connection.execute(_WIRES)})
    return NO_SURROUNDINGS


def select_objects(kind: Kind) -> ObjectSelect:
    """The columns that `make_object` takes, in its order."""
    return _SELECTS[kind]


def make_object(kind: Kind, row: Columns, around: Surroundings) -> Object:
    """An object from a row of `select_objects`."""
    return MAKERS[kind](row, around)


def labels_text(labels: Mapping[str, str]) -> str:
    """Labels as they are stored; also what filters look for in it."""
    return _canonical.encode(labels).decode() if labels else "{}"


def _labels(text: str) -> Mapping[str, str]:
    return NO_LABELS if text == "{}" else _decode_labels(text)


def _texts(values: tuple[str, ...]) -> str:
    return _canonical.encode(values).decode()


class _Identity(TypedDict):
    """What every object has."""

    id: Uuid
    number: Number
    name: str
    labels: Mapping[str, str]
    generation: int
    revision: int
    created_at: dt.datetime
    updated_at: dt.datetime


_COMMON = len(_Identity.__annotations__)
"""Columns that every select begins with."""


def _identity(row: Columns) -> _Identity:
    return {
        "id": Uuid(row[0]),
        "number": Number(row[1]),
        "name": row[2],
        "labels": _labels(row[3]),
        "generation": row[4],
        "revision": row[5],
        "created_at": to_datetime(row[6]),
        "updated_at": to_datetime(row[7]),
    }


def _make_zone(row: Columns, _around: Surroundings) -> Zone:
    (description,) = row[_COMMON:]
    return Zone(
        **_identity(row),
        description=description,
    )


def _make_physical_network(row: Columns, _around: Surroundings) -> PhysicalNetwork:
    zone_id, zone, isolations, segments, mtu = row[_COMMON:]
    return PhysicalNetwork(
        **_identity(row),
        zone=zone,
        zone_id=ZoneId(zone_id),
        isolations=tuple(Isolation(text) for text in _decode_texts(isolations)),
        segments=_decode_texts(segments),
        mtu=mtu,
    )


class _UplinkRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """An uplink as it is stored."""

    physical_network_id: str
    port: str | None = None
    bridge: str | None = None


_decode_uplinks = msgspec.json.Decoder(tuple[_UplinkRow, ...]).decode


def _uplinks(text: str, wires: Mapping[str, str]) -> tuple[Uplink, ...]:
    if text == "[]":
        return ()
    return tuple(
        Uplink(
            physical_network=wires[stored.physical_network_id],
            physical_network_id=PhysicalNetworkId(Uuid(stored.physical_network_id)),
            port=stored.port,
            bridge=stored.bridge,
        )
        for stored in _decode_uplinks(text)
    )


def _uplinks_text(uplinks: tuple[Uplink, ...]) -> str:
    rows = [_UplinkRow(uplink.physical_network_id, uplink.port, uplink.bridge) for uplink in uplinks]
    return _canonical.encode(rows).decode()


def _make_host(row: Columns, around: Surroundings) -> Host:
    zone_id, zone, ovsdb, openflow, tunnel_ip, bridge, mtu, uplinks, drain, system_id, fingerprint = row[
        _COMMON:
    ]
    return Host(
        **_identity(row),
        zone=zone,
        zone_id=ZoneId(zone_id),
        ovsdb=ovsdb,
        openflow=openflow,
        tunnel_ip=tunnel_ip,
        bridge=bridge,
        mtu=mtu,
        uplinks=_uplinks(uplinks, around.wires),
        drain=bool(drain),
        system_id=system_id,
        fingerprint=fingerprint,
    )


def _make_network(row: Columns, around: Surroundings) -> Network:
    zone_id, zone, physical_id, physical, underlay, isolation, segment, cidr, cidr6, mtu, state, since = row[
        _COMMON:
    ]
    encapsulation = Isolation(isolation)
    return Network(
        **_identity(row),
        zone=zone,
        zone_id=ZoneId(zone_id),
        physical_network=physical,
        physical_network_id=PhysicalNetworkId(physical_id),
        isolation=encapsulation,
        segment=segment,
        cidr=cidr,
        cidr6=cidr6,
        gateway=gateway_text(cidr),
        gateway6=gateway_text(cidr6),
        mtu=mtu,
        guest_mtu=effective_mtu(mtu, underlay, encapsulation, ipv6_underlay=zone_id in around.ipv6_zones),
        state=NetworkState(state),
        state_since=to_datetime(since),
    )


def _make_nic(row: Columns, _around: Surroundings) -> Nic:
    network_id, network, mac, ipv4, ipv6, identity, host_id, host, device, state = row[_COMMON:]
    return Nic(
        **_identity(row),
        network=network,
        network_id=NetworkId(network_id),
        mac=mac,
        ipv4=ipv4,
        ipv6=ipv6,
        identity=identity,
        attachment=None if host_id is None else Attachment(host=host, host_id=HostId(host_id), device=device),
        state=NicState(state),
    )


Maker = Callable[[Columns, Surroundings], Object]

MAKERS: Mapping[Kind, Maker] = {
    Kind.ZONE: _make_zone,
    Kind.PHYSICAL_NETWORK: _make_physical_network,
    Kind.HOST: _make_host,
    Kind.NETWORK: _make_network,
    Kind.NIC: _make_nic,
}


@functools.lru_cache(maxsize=4096)
def gateway_text(cidr: str | None) -> str | None:
    """The gateway's address of a CIDR; as for `network_of`, the same few are asked for again and again."""
    return None if cidr is None else str(gateway_of(network_of(cidr)))


def effective_mtu(asked: int | None, underlay: int, isolation: Isolation, *, ipv6_underlay: bool) -> int:
    """What guests should use: what was asked, or the most that the narrowest kind of tunnel in the zone carries."""
    if asked is not None:
        return asked
    family: Family = 6 if ipv6_underlay else 4
    return guest_mtu(underlay, isolation, family)


def _identity_row(item: Object) -> dict[str, Value]:
    return {
        "id": item.id,
        "number": item.number,
        "name": item.name,
        "labels": labels_text(item.labels),
        "generation": item.generation,
        "revision": item.revision,
        "created_at": to_microseconds(item.created_at),
        "updated_at": to_microseconds(item.updated_at),
    }


def to_row(item: Object) -> dict[str, Value]:
    """All columns of an object's row."""
    row = _identity_row(item)
    match item:
        case Zone():
            row["description"] = item.description
        case PhysicalNetwork():
            row["zone_id"] = item.zone_id
            row["isolations"] = _texts(tuple(i.value for i in item.isolations))
            row["segments"] = _texts(item.segments)
            row["mtu"] = item.mtu
        case Host():
            row["zone_id"] = item.zone_id
            row["ovsdb"] = item.ovsdb
            row["openflow"] = item.openflow
            row["tunnel_ip"] = item.tunnel_ip
            row["bridge"] = item.bridge
            row["mtu"] = item.mtu
            row["uplinks"] = _uplinks_text(item.uplinks)
            row["drain"] = item.drain
            row["system_id"] = item.system_id
            row["fingerprint"] = item.fingerprint
        case Network():
            row["zone_id"] = item.zone_id
            row["physical_network_id"] = item.physical_network_id
            row["isolation"] = item.isolation.value
            row["segment"] = item.segment
            row["cidr"] = item.cidr
            row["cidr6"] = item.cidr6
            row["mtu"] = item.mtu
            row["state"] = item.state.value
            row["state_since"] = to_microseconds(item.state_since)
        case Nic():
            raise TypeError("a NIC's row needs its network: use nic_row")
    return row


def nic_row(item: Nic, cidr: str | None, cidr6: str | None) -> dict[str, Value]:
    """All columns of a NIC's row; the offsets count from the network's own addresses."""
    return {
        **_identity_row(item),
        "network_id": item.network_id,
        "mac": item.mac,
        "ipv4": item.ipv4,
        "ipv4_offset": _offset(item.ipv4, cidr),
        "ipv6": item.ipv6,
        "ipv6_offset": _offset(item.ipv6, cidr6),
        "identity": item.identity,
        "host_id": None if item.attachment is None else item.attachment.host_id,
        "device": None if item.attachment is None else item.attachment.device,
        "state": item.state.value,
    }


def _offset(address: str | None, cidr: str | None) -> int | None:
    if address is None or cidr is None:
        return None
    offset = offset_of(ipaddress.ip_address(address), network_of(cidr))
    return offset if offset <= AUTOMATIC_OFFSETS else None


def _selects() -> dict[Kind, ObjectSelect]:
    zones, physical, hosts = tables.zones, tables.physical_networks, tables.hosts
    networks, nics = tables.networks, tables.nics

    def common(table: Table) -> list[object]:
        c = table.c
        return [c.id, c.number, c.name, c.labels, c.generation, c.revision, c.created_at, c.updated_at]

    p, h, n, i = physical.c, hosts.c, networks.c, nics.c
    return {
        Kind.ZONE: select(*common(zones), zones.c.description),  # type: ignore[call-overload]
        Kind.PHYSICAL_NETWORK: select(
            *common(physical),
            p.zone_id,
            zones.c.name,
            p.isolations,
            p.segments,
            p.mtu,  # type: ignore[call-overload]
        ).select_from(physical.join(zones, zones.c.id == p.zone_id)),
        Kind.HOST: select(
            *common(hosts),  # type: ignore[call-overload]
            h.zone_id,
            zones.c.name,
            h.ovsdb,
            h.openflow,
            h.tunnel_ip,
            h.bridge,
            h.mtu,
            h.uplinks,
            h.drain,
            h.system_id,
            h.fingerprint,
        ).select_from(hosts.join(zones, zones.c.id == h.zone_id)),
        Kind.NETWORK: select(
            *common(networks),  # type: ignore[call-overload]
            n.zone_id,
            zones.c.name,
            n.physical_network_id,
            p.name,
            p.mtu,
            n.isolation,
            n.segment,
            n.cidr,
            n.cidr6,
            n.mtu,
            n.state,
            n.state_since,
        ).select_from(
            networks.join(zones, zones.c.id == n.zone_id).join(physical, p.id == n.physical_network_id)
        ),
        Kind.NIC: select(
            *common(nics),  # type: ignore[call-overload]
            i.network_id,
            n.name,
            i.mac,
            i.ipv4,
            i.ipv6,
            i.identity,
            i.host_id,
            h.name,
            i.device,
            i.state,
        ).select_from(nics.join(networks, n.id == i.network_id).join(hosts, h.id == i.host_id, isouter=True)),
    }


_SELECTS: Mapping[Kind, ObjectSelect] = _selects()
