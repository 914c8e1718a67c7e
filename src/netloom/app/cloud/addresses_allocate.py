"""Finding a public address for somebody: which ranges may be drawn from, which address of them is free and rested.

Rule 1: ranges dedicated to the account come first, then those of its domain and the domains above it, then everybody's.
Rule 2: nothing is pre-filled: what is taken is a row, what is free is found behind the last choice (`store.allocate`).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import bindparam

from netloom.app.cloud.addresses_ranges import Draw, draws_for
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, Exhausted, InvalidInput
from netloom.base.ids import NetworkId, Uuid, ZoneId
from netloom.base.net import parse_ip
from netloom.model.addressing import AddressRange
from netloom.model.cloud.addresses import IpEvent, IpState, PublicIp, QuarantinedIp, next_ip_state
from netloom.model.cloud.identity import Account
from netloom.store.allocate import Column64, Pool, choose
from netloom.store.cloud.records import Where, columns
from netloom.store.cloud.schema import STORED
from netloom.store.times import to_microseconds

_POSITIONS = Column64(
    STORED[PublicIp].table, "position", lambda table: (table.c.range_id == bindparam("range"),)
)
MAX_RESTING = 100_000
"""Addresses at rest that are looked at for one request."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants.

    Attributes:
        zone_id: where.
        address: one in particular; None: any.
        portable: from the portable ranges.
        for_system: for netloom's own gateways.
        network_id, vpc_id: what it shall lead into.
        source_nat: what these are seen as outside.
    """

    zone_id: ZoneId
    address: str | None = None
    portable: bool = False
    for_system: bool = False
    network_id: NetworkId | None = None
    vpc_id: Uuid | None = None
    source_nat: bool = False
    display: bool = True


def acquire(work: Work, owner: Account, wanted: Wanted, event: IpEvent = IpEvent.ALLOCATE) -> PublicIp:
    """Take an address for an account; it is Allocating (or Reserved) from now on.

    Raises:
        Exhausted: no range has a free one (`address-exhausted`), or the owner's limit is reached.
        Conflict: the one asked for is somebody's, or rests (`address-taken`, `address-quarantined`).
        InvalidInput: the one asked for is in no range that the owner may draw from.
    """
    draws = draws_for(work, owner, wanted.zone_id, portable=wanted.portable, for_system=wanted.for_system)
    text = wanted.address
    found = _any_free(work, owner, draws) if text is None else _this_one(work, owner, draws, text)
    if isinstance(found, PublicIp):
        return _again(work, found, wanted)
    draw, position = found
    return work.insert(
        PublicIp(
            **work.owned(owner),
            address=draw.interval.address(position),
            position=position,
            range_id=draw.range_id,
            zone_id=wanted.zone_id,
            physical_network_id=draw.physical_network_id,
            state=next_ip_state(IpState.FREE, event),
            allocated_at=work.at,
            network_id=wanted.network_id,
            vpc_id=wanted.vpc_id,
            source_nat=wanted.source_nat,
            portable=draw.portable,
            for_system=wanted.for_system,
            display=wanted.display,
        )
    )


def _again(work: Work, reserved: PublicIp, wanted: Wanted) -> PublicIp:
    """Take an address that was reserved for the same account."""
    return work.update(
        msgspec.structs.replace(
            reserved,
            state=next_ip_state(reserved.state, IpEvent.ALLOCATE),
            allocated_at=work.at,
            network_id=wanted.network_id,
            vpc_id=wanted.vpc_id,
            source_nat=wanted.source_nat,
            display=wanted.display,
        )
    )


def _any_free(work: Work, owner: Account, draws: Sequence[Draw]) -> tuple[Draw, int]:
    for draw in draws:
        pool = Pool((draw.range_id, "public"), _POSITIONS, {"range": draw.range_id})
        span = AddressRange(*draw.interval.positions)
        hint = work.tx.hint(pool.key)
        if hint is None:
            used = pool.last_used(work.records.connection)
            hint = span.first if used is None else used + 1
        if not span.first <= hint <= span.last:
            hint = span.first
        rest = _resting(work, owner, draw.range_id)
        chosen = choose(work.records.connection, pool, span.from_hint(hint), 1, rest)
        if chosen:
            work.tx.leave_hint(pool.key, chosen[0] + 1)
            return draw, chosen[0]
    raise Exhausted(
        f"no public address is free for account {owner.name} ({owner.id})",
        code="address-exhausted",
        subject="zoneid",
        hint="release one, or have an administrator add a range"
        if draws
        else "an administrator has to add a public range",
    )


def _this_one(work: Work, owner: Account, draws: Sequence[Draw], text: str) -> tuple[Draw, int] | PublicIp:
    address = parse_ip(text, "ipaddress")
    for draw in draws:
        position = draw.position_of(address)
        if position is None:
            continue
        c = columns(PublicIp)
        standing = work.records.first(PublicIp, c.range_id == draw.range_id, c.position == position)
        if standing is not None:
            if standing.state is IpState.RESERVED and standing.account_id == owner.id:
                return standing
            raise Conflict(
                f"public address {address} is taken",
                code="address-taken",
                subject="ipaddress",
                hint="name another",
            )
        if position in _resting(work, owner, draw.range_id, position):
            raise Conflict(
                f"public address {address} rests: only who had it last may have it now",
                code="address-quarantined",
                subject="ipaddress",
                hint="name another, or wait until its quarantine ends",
            )
        return draw, position
    raise InvalidInput(
        f"{address} is in no public range that account {owner.name} ({owner.id}) may draw from",
        code="address-outside-ranges",
        subject="ipaddress",
        hint="leave it out for any free address",
    )


def _resting(work: View, owner: Account, range_id: Uuid, position: int | None = None) -> set[int]:
    """Positions of a range that only somebody else may have now."""
    c = columns(QuarantinedIp)
    where: list[Where] = [
        c.range_id == range_id,
        c.removed_at.is_(None),
        c.ends_at > to_microseconds(work.at),
        c.previous_account_id != owner.id,
    ]
    if position is not None:
        where.append(c.position == position)
    return {each.position for each in work.records.select(QuarantinedIp, *where, limit=MAX_RESTING)}
