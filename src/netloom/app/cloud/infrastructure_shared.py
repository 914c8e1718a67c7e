"""Ranges of addresses that a shared network's instances get: one network, one or more ranges, each a row of the zone's.

Rule 1: what the ranges say and what the network hands out (`spans`) is one thing, changed in one transaction.
Rule 2: an address that an interface has stays in a range; the last range stays too, as none would mean all of the CIDR.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

import msgspec

from netloom.app.cloud.networks_facts import native
from netloom.app.cloud.work import View, Work, missing
from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.infrastructure_ranges import Interval, PublicRange
from netloom.model.cloud.instances import InstanceNic, SecondaryIp
from netloom.model.cloud.networks import AddressSpan, GuestNetwork
from netloom.model.cloud.offerings import GuestType
from netloom.model.objects import Network
from netloom.store.cloud.records import columns


class Taken(msgspec.Struct, frozen=True):
    """An address that something has, and what."""

    address: str
    by: Uuid


def shared_network(view: View, network_id: Uuid, subject: str = "networkid") -> tuple[GuestNetwork, Network]:
    """A shared network and its native one.

    Raises:
        NotFound: there is none.
        InvalidInput: it is no shared network.
    """
    found = view.records.get(GuestNetwork, network_id)
    if found is None:
        raise missing(GuestNetwork, network_id, subject)
    if found.guest_type is not GuestType.SHARED:
        raise InvalidInput(
            f"the network {found.name!r} ({found.id}) is {found.guest_type.value}",
            subject=subject,
            hint="only shared networks have ranges; an isolated one has all of its CIDR",
        )
    return found, native(view, found)


def taken_by_guests(view: View, network_id: str) -> list[Taken]:
    """The addresses that interfaces of a network have, secondary ones too."""
    nic, second = columns(InstanceNic), columns(SecondaryIp)
    found: list[Taken] = []
    for each in view.records.select(InstanceNic, nic.network_id == network_id):
        found += [Taken(address, each.id) for address in (each.ipv4, each.ipv6) if address is not None]
    found += [
        Taken(each.address, each.id)
        for each in view.records.select(SecondaryIp, second.network_id == network_id)
    ]
    return found


def check_kept(view: View, before: PublicRange, after: PublicRange | None) -> None:
    """Let a change of a shared network's range pass that takes no address out that an interface has.

    Args:
        view: where it is.
        before: the range.
        after: what it shall be; None: gone.

    Raises:
        Conflict: an interface has an address that would be in no range (`in-use`), or it is the network's only one.
    """
    if before.network_id is None:
        return
    if after is None and len(_ranges(view, before.network_id)) == 1:
        raise Conflict(
            f"{before.id} is the only range of the network {before.network_id}",
            code="in-use",
            subject="id",
            hint="make another one first, or delete the network",
        )
    left = () if after is None else (after.v4, after.v6)
    for each in taken_by_guests(view, before.network_id):
        if _in_any((before.v4, before.v6), each.address) and not _in_any(left, each.address):
            raise Conflict(
                f"{each.address} is that of an interface ({each.by}) and would be in no range any more",
                code="in-use",
                subject="startip" if after is not None else "id",
                hint="remove the interface first, or keep its address in the range",
            )


def tell(work: Work, network_id: str | None) -> None:
    """Have a network hand out what its ranges say now."""
    network = None if network_id is None else work.records.get(GuestNetwork, network_id)
    if network is None:
        return
    spans = tuple(
        AddressSpan(interval.start, interval.end)
        for each in _ranges(work, network.id)
        for interval in (each.v4, each.v6)
        if interval is not None
    )
    work.update(msgspec.structs.replace(network, spans=spans))


def _ranges(view: View, network_id: str) -> list[PublicRange]:
    return view.records.select(PublicRange, columns(PublicRange).network_id == network_id)


def _in_any(intervals: Iterable[Interval | None], text: str) -> bool:
    address = ipaddress.ip_address(text)
    return any(
        address in AddressSpan(interval.start, interval.end) for interval in intervals if interval is not None
    )
