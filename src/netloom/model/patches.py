"""What a caller changes: one patch per kind. A field left out stays; null clears a field that may be empty.

Fields that are missing here never change after creation (a network's isolation and segment; a NIC's network), and a
network's CIDR only where it had none: what stands on them, addresses and guests' settings, could not follow.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import UNSET, UnsetType

from netloom.model.isolation import Isolation
from netloom.model.kinds import Kind
from netloom.model.specs import AttachmentSpec, UplinkSpec


class ZonePatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Changes to a zone."""

    name: str | UnsetType = UNSET
    labels: Mapping[str, str] | UnsetType = UNSET
    description: str | UnsetType = UNSET


class PhysicalNetworkPatch(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Changes to a physical network; segments in use must stay inside the ranges."""

    name: str | UnsetType = UNSET
    labels: Mapping[str, str] | UnsetType = UNSET
    isolations: tuple[Isolation, ...] | UnsetType = UNSET
    segments: tuple[str, ...] | UnsetType = UNSET
    mtu: int | UnsetType = UNSET


class HostPatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Changes to a host; null for `system_id` or `fingerprint` forgets the pinned identity."""

    name: str | UnsetType = UNSET
    labels: Mapping[str, str] | UnsetType = UNSET
    ovsdb: str | UnsetType | None = UNSET
    openflow: str | UnsetType | None = UNSET
    tunnel_ip: str | UnsetType | None = UNSET
    bridge: str | UnsetType = UNSET
    mtu: int | UnsetType = UNSET
    uplinks: tuple[UplinkSpec, ...] | UnsetType = UNSET
    drain: bool | UnsetType = UNSET
    system_id: str | UnsetType | None = UNSET
    fingerprint: str | UnsetType | None = UNSET


class NetworkPatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Changes to a network; null for `mtu` lets the underlay decide again; a CIDR may be added, not changed."""

    name: str | UnsetType = UNSET
    labels: Mapping[str, str] | UnsetType = UNSET
    cidr: str | UnsetType | None = UNSET
    cidr6: str | UnsetType | None = UNSET
    mtu: int | UnsetType | None = UNSET


class NicPatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Changes to a NIC; null for `attachment` takes the device off."""

    name: str | UnsetType = UNSET
    labels: Mapping[str, str] | UnsetType = UNSET
    mac: str | UnsetType = UNSET
    ipv4: str | UnsetType = UNSET
    ipv6: str | UnsetType = UNSET
    identity: str | UnsetType = UNSET
    attachment: AttachmentSpec | UnsetType | None = UNSET


Patch = ZonePatch | PhysicalNetworkPatch | HostPatch | NetworkPatch | NicPatch

PATCH_TYPES: Mapping[Kind, type[Patch]] = {
    Kind.ZONE: ZonePatch,
    Kind.PHYSICAL_NETWORK: PhysicalNetworkPatch,
    Kind.HOST: HostPatch,
    Kind.NETWORK: NetworkPatch,
    Kind.NIC: NicPatch,
}
