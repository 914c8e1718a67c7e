"""Which address of a network an interface gets: the one that is wanted, or a free one.

Rule 1: an address is one interface's or one secondary address's in a network, and never a router's; whether that holds is
    asked and decided in one transaction under the writers' lock, and the store's constraints stand behind it.
Rule 2: nothing is scanned whole: the next free one is looked for behind the last that was given.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select, union_all

from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, Exhausted, InvalidInput
from netloom.base.net import IPAddress
from netloom.model.addressing import network_of, offset_of
from netloom.model.cloud.instances import SecondaryIp
from netloom.model.cloud.load_balancers import InternalLbAddress
from netloom.model.cloud.networks import GuestNetwork, may_allocate, reserved_addresses
from netloom.model.cloud.routes import PrivateGateway
from netloom.model.objects import Network
from netloom.store.allocate import address_pool, choose
from netloom.store.catalog import taken_in_network
from netloom.store.cloud.records import columns

_WIDEST = 1 << 48
"""Addresses of an IPv6 network that are looked at."""


@dataclass(frozen=True, slots=True)
class _Span:
    first: int
    last: int


def parse_address(text: str, subject: str = "ipaddress") -> IPAddress:
    """An address.

    Raises:
        InvalidInput: it is none.
    """
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise InvalidInput(
            f"{text[:64]!r} is not an IP address", subject=subject, hint="for example 10.1.1.7"
        ) from None


def address_for(
    work: Work, network: GuestNetwork, native: Network, version: int, wanted: str | None
) -> str | None:
    """The address of one family that somebody gets in a network; None: the network has none of it.

    Raises:
        InvalidInput: what is wanted is no address of that family.
        Conflict: it cannot be had (`address-unavailable`).
        Exhausted: none is free (`addresses-exhausted`).
    """
    if wanted is not None:
        parsed = parse_address(wanted, "ipaddress" if version == 4 else "ip6address")
        if parsed.version != version:
            raise InvalidInput(f"{wanted} is no IPv{version} address", subject="ipaddress")
        _check_wanted(work, network, parsed)
        return str(parsed)
    cidr = native.cidr if version == 4 else native.cidr6
    return None if cidr is None else _next_free(work, network, native, version, cidr)


def may_be_given(view: View, network: GuestNetwork, address: str) -> bool:
    """Whether somebody can get an address in a network now."""
    return _not_to_be_had(view, network, parse_address(address)) is None


def _next_free(work: Work, network: GuestNetwork, native: Network, version: int, cidr: str) -> str:
    whole = network_of(cidr)
    avoid = {
        offset_of(address, whole)
        for address in map(ipaddress.ip_address, (*reserved_addresses(network), *_others(work, network)))
        if address.version == version and address in whole
    }
    pool = address_pool(native.id, version)
    key = (native.id, f"instances{version}")
    spans = list(_spans(network, version, cidr))
    hint = work.tx.hint(key) or 0
    behind = [_Span(max(span.first, hint), span.last) for span in spans if span.last >= hint]
    for ranges in (behind, spans):
        chosen = choose(work.records.connection, pool, ranges, 1, avoid)
        if chosen:
            work.tx.leave_hint(key, chosen[0] + 1)
            return str(whole.network_address + chosen[0])
    raise Exhausted(
        f"no address is free in network {network.name} ({network.id}), {cidr}",
        code="addresses-exhausted",
        subject="ipaddress",
        hint="remove interfaces, or use a larger network",
    )


def _spans(network: GuestNetwork, version: int, cidr: str) -> Iterator[_Span]:
    """What instances may have, as offsets in the native network; the router's address is left out by whoever chooses."""
    whole = network_of(cidr)
    own = [span for span in network.spans if ipaddress.ip_address(span.first).version == version]
    for span in own:
        first, last = ipaddress.ip_address(span.first), ipaddress.ip_address(span.last)
        if first in whole and last in whole:
            yield _Span(offset_of(first, whole), offset_of(last, whole))
    if own:
        return
    part = network_of((network.cidr if version == 4 else network.cidr6) or cidr)
    first_offset = offset_of(part.network_address, whole)
    last_offset = first_offset + part.num_addresses - 1
    top = whole.num_addresses - (2 if version == 4 else 1)  # the last of IPv4 is everybody's
    first_usable = max(first_offset, 1)
    yield _Span(first_usable, min(last_offset, top, first_usable + _WIDEST))


def _check_wanted(view: View, network: GuestNetwork, address: IPAddress) -> None:
    reason = _not_to_be_had(view, network, address)
    if reason is not None:
        raise Conflict(
            f"{address} cannot be had in network {network.name} ({network.id}): {reason}",
            code="address-unavailable",
            subject="ipaddress",
            hint="a free address of the network, or none to get one",
        )


def _not_to_be_had(view: View, network: GuestNetwork, address: IPAddress) -> str | None:
    cidr = network.cidr if address.version == 4 else network.cidr6
    if cidr is None:
        return f"it has no IPv{address.version} addresses"
    whole = network_of(network.network_cidr or cidr) if address.version == 4 else network_of(cidr)
    if address not in whole:
        return f"it is not in {cidr}"
    if address.version == 4 and address in (whole.network_address, whole.broadcast_address):
        return "it is the address of the network itself, or of all in it"
    if not may_allocate(network, address):
        return "it is the router's, or outside the ranges for instances"
    field = "ipv4" if address.version == 4 else "ipv6"
    taken = taken_in_network(view.records.connection, network.id, field, [str(address)])
    if taken:
        return "it is another interface's"
    s = columns(SecondaryIp)
    if view.records.exists(SecondaryIp, s.network_id == network.id, s.address == str(address)):
        return "it is a secondary address of an interface"
    g = columns(PrivateGateway)
    if view.records.exists(PrivateGateway, g.network_id == network.id, g.address == str(address)):
        return "it is that of a VPC's router"
    b = columns(InternalLbAddress)
    if view.records.exists(InternalLbAddress, b.network_id == network.id, b.address == str(address)):
        return "it is that of internal balancers"
    return None


def _others(view: View, network: GuestNetwork) -> list[str]:
    """Addresses that are no interface's own: secondary ones, those of routers that join the network, and of balancers."""
    kinds = (columns(SecondaryIp), columns(PrivateGateway), columns(InternalLbAddress))
    every = union_all(*(select(c.address).where(c.network_id == network.id) for c in kinds))
    return [row[0] for row in view.records.connection.execute(every)]
