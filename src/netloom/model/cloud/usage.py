"""What was used and for how long: a span from when something began to be had until it ended.

Rule 1: spans are history: one is begun now and ended now, and what it says of the time between never changes. What was used
    in any time follows from them: nothing is added up ahead, so nothing is lost or counted twice.
Rule 2: a span says of its thing what costs may depend on (`facts`); when that changes, it ends and the next one begins.

The types' numbers and names are CloudStack's; those from 1001 on are netloom's own, for what CloudStack does not meter.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from netloom.base.errors import InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.record import Owned

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MAX_PERIODS: Final = 1_000
"""Periods that one question may be about."""


class UsageType(enum.Enum):
    """What is metered, all of it by the time that it was there."""

    RUNNING_VM = "RUNNING_VM"
    ALLOCATED_VM = "ALLOCATED_VM"
    IP_ADDRESS = "IP_ADDRESS"
    SECURITY_GROUP = "SECURITY_GROUP"
    LOAD_BALANCER_POLICY = "LOAD_BALANCER_POLICY"
    PORT_FORWARDING_RULE = "PORT_FORWARDING_RULE"
    NETWORK_OFFERING = "NETWORK_OFFERING"
    VPN_USERS = "VPN_USERS"
    NETWORK = "NETWORK"
    VPC = "VPC"
    FIREWALL_RULE = "FIREWALL_RULE"
    STATIC_NAT_RULE = "STATIC_NAT_RULE"
    NETWORK_ACL_ITEM = "NETWORK_ACL_ITEM"
    VPN_CONNECTION = "VPN_CONNECTION"
    REMOTE_ACCESS_VPN = "REMOTE_ACCESS_VPN"


class UsageKind(msgspec.Struct, frozen=True):
    """How a type is told: CloudStack's number and words."""

    number: int
    description: str


KINDS: Final[Mapping[UsageType, UsageKind]] = {
    UsageType.RUNNING_VM: UsageKind(1, "Running Vm Usage"),
    UsageType.ALLOCATED_VM: UsageKind(2, "Allocated Vm Usage"),
    UsageType.IP_ADDRESS: UsageKind(3, "IP Address Usage"),
    UsageType.SECURITY_GROUP: UsageKind(10, "Security Group Usage"),
    UsageType.LOAD_BALANCER_POLICY: UsageKind(11, "Load Balancer Usage"),
    UsageType.PORT_FORWARDING_RULE: UsageKind(12, "Port Forwarding Usage"),
    UsageType.NETWORK_OFFERING: UsageKind(13, "Network Offering Usage"),
    UsageType.VPN_USERS: UsageKind(14, "VPN users usage"),
    UsageType.NETWORK: UsageKind(30, "Network usage"),
    UsageType.VPC: UsageKind(31, "VPC usage"),
    UsageType.FIREWALL_RULE: UsageKind(1001, "Firewall rule usage"),
    UsageType.STATIC_NAT_RULE: UsageKind(1002, "Static NAT rule usage"),
    UsageType.NETWORK_ACL_ITEM: UsageKind(1003, "Network ACL item usage"),
    UsageType.VPN_CONNECTION: UsageKind(1004, "Site-to-site VPN connection usage"),
    UsageType.REMOTE_ACCESS_VPN: UsageKind(1005, "Remote access VPN usage"),
}

_BY_NUMBER: Final = {kind.number: usage_type for usage_type, kind in KINDS.items()}


class UsageFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What costs may depend on; None: does not apply. `cpu_speed` MHz, `memory` MiB."""

    zone_id: Uuid | None = None
    network_id: Uuid | None = None
    vpc_id: Uuid | None = None
    instance_id: Uuid | None = None
    offering_id: Uuid | None = None
    template_id: Uuid | None = None
    cpu_number: int | None = None
    cpu_speed: int | None = None
    memory: int | None = None
    is_default: bool | None = None
    source_nat: bool | None = None
    for_system: bool | None = None


class UsageSpan(Owned, frozen=True, kw_only=True):
    """A thing that an account had from `started_at` until before `ended_at` (None: it has it).

    Attributes:
        resource_id: the thing; it may be gone since.
        name: what it was called when the span began, for people.
    """

    type: UsageType
    resource_id: Uuid
    name: str
    facts: UsageFacts
    started_at: datetime
    ended_at: datetime | None = None


class Period(msgspec.Struct, frozen=True):
    """A time from `start` until before `end`, UTC."""

    start: datetime
    end: datetime


def type_of_number(number: int) -> UsageType:
    """The type that a call names by its number.

    Raises:
        InvalidInput: there is none.
    """
    found = _BY_NUMBER.get(number)
    if found is None:
        raise InvalidInput(
            f"there is no usage of type {number}",
            subject="type",
            hint=", ".join(f"{number}: {usage_type.value}" for number, usage_type in _BY_NUMBER.items()),
        )
    return found


def periods(whole: Period, minutes: int) -> list[Period]:
    """A time cut at each multiple of so many minutes: of 1,440, at each midnight (UTC).

    Raises:
        InvalidInput: it ends before it begins, or is too long.
    """
    if whole.end < whole.start:
        raise InvalidInput(
            f"{whole.end:%Y-%m-%d %H:%M:%S} is before {whole.start:%Y-%m-%d %H:%M:%S}",
            subject="enddate",
            hint="an end after the start",
        )
    if whole.end - whole.start > timedelta(minutes=minutes * MAX_PERIODS):
        raise InvalidInput(
            f"more than {MAX_PERIODS} periods of {minutes} minutes",
            subject="startdate",
            hint="ask for a shorter time",
        )
    return list(_cut(whole, minutes))


def hours(span: UsageSpan, period: Period) -> float:
    """How long a span was inside a period."""
    start = max(span.started_at, period.start)
    end = period.end if span.ended_at is None else min(span.ended_at, period.end)
    return max(0.0, (end - start).total_seconds() / 3600)


def _cut(whole: Period, minutes: int) -> Iterator[Period]:
    step = timedelta(minutes=minutes)
    start = whole.start
    while start < whole.end:
        left = step - (start - _EPOCH) % step  # a multiple may be later than any date
        end = start + left if whole.end - start > left else whole.end
        yield Period(start, end)
        start = end
