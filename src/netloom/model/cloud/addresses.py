"""Public addresses that somebody has, and those that rest before somebody else may have them.

Rule 1: there is a record for an address only while it is not Free: what is free follows from the ranges.
Rule 2: that an address is taken once in its range is the store's constraint; this module says what its states are.

    Free -allocate-> Allocating -succeed-> Allocated -release-> Releasing -succeed-> Free
    Free -reserve-> Reserved -allocate-> Allocating        Reserved -release-> Free
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from netloom.base.ids import NetworkId, NicId, PhysicalNetworkId, Uuid, ZoneId
from netloom.model.cloud.record import AccountId, DomainId, Owned, Record
from netloom.model.transitions import step


class IpState(enum.Enum):
    """FREE is a word only: a Free address has no record."""

    FREE = "Free"
    ALLOCATING = "Allocating"
    ALLOCATED = "Allocated"
    RELEASING = "Releasing"
    RESERVED = "Reserved"


class IpEvent(enum.Enum):
    """What moves an address on."""

    ALLOCATE = "allocate"
    RESERVE = "reserve"
    SUCCEED = "succeed"
    FAIL = "fail"
    RELEASE = "release"


IP_TABLE: Final[Mapping[tuple[IpState, IpEvent], IpState]] = {
    (IpState.FREE, IpEvent.ALLOCATE): IpState.ALLOCATING,
    (IpState.FREE, IpEvent.RESERVE): IpState.RESERVED,
    (IpState.ALLOCATING, IpEvent.SUCCEED): IpState.ALLOCATED,
    (IpState.ALLOCATING, IpEvent.FAIL): IpState.RELEASING,
    (IpState.ALLOCATED, IpEvent.RELEASE): IpState.RELEASING,
    (IpState.RELEASING, IpEvent.RELEASE): IpState.RELEASING,
    (IpState.RELEASING, IpEvent.SUCCEED): IpState.FREE,
    (IpState.RELEASING, IpEvent.FAIL): IpState.RELEASING,
    (IpState.RESERVED, IpEvent.ALLOCATE): IpState.ALLOCATING,
    (IpState.RESERVED, IpEvent.RELEASE): IpState.FREE,
}


def next_ip_state(state: IpState, event: IpEvent) -> IpState:
    """Where an event takes an address.

    Raises:
        Conflict: the table has no such step (`bad-transition`).
    """
    return step(IP_TABLE, "a public address", state, event)


class PublicIp(Owned, frozen=True, kw_only=True):
    """A public address that is not Free, and whose it is.

    Attributes:
        range_id: the public (or portable) range that it is from; unique together with the address.
        position: how far it is from the first address of its subnet, so that free ones are found by an index.
        network_id: the network that it leads into; None for a VPC's address that serves no tier yet, and when unused.
        static_nat: translated one to one to `guest_address` of `instance_id`.
        for_system: taken for netloom's own gateways, not asked for by a user.
        allocated_at: when it became its owner's.
    """

    address: str
    position: int
    range_id: Uuid
    zone_id: ZoneId
    physical_network_id: PhysicalNetworkId | None = None
    state: IpState
    allocated_at: datetime | None = None
    network_id: NetworkId | None = None
    vpc_id: Uuid | None = None
    source_nat: bool = False
    portable: bool = False
    for_system: bool = False
    display: bool = True
    static_nat: bool = False
    instance_id: Uuid | None = None
    nic_id: NicId | None = None
    guest_address: str | None = None


def free_id(range_id: str, position: int) -> Uuid:
    """What an address of a range is called while nobody has it: from it alone, and back (`free_position`)."""
    return Uuid(str(uuid.UUID(int=uuid.UUID(range_id).int ^ position)))


def free_position(range_id: str, ip_id: str) -> int:
    """The position that makes this id of a range; a number that is in no range when it is no such id."""
    return uuid.UUID(range_id).int ^ uuid.UUID(ip_id).int


class QuarantinedIp(Record, frozen=True, kw_only=True):
    """A released address that only its previous owner may have before `ends_at`.

    Attributes:
        removed_at, removed_by, removal_reason: who ended it early and why.
    """

    address: str
    position: int
    range_id: Uuid
    previous_account_id: AccountId
    previous_domain_id: DomainId
    ends_at: datetime
    removed_at: datetime | None = None
    removed_by: AccountId | None = None
    removal_reason: str | None = None

    def holds(self, at: datetime) -> bool:
        """Whether others must still wait."""
        return self.removed_at is None and at < self.ends_at
