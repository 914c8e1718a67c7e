"""Which networks a list is to hold, as conditions of one query.

Rule 1: what is an offering's property is found among the offerings first: there are tens of them, and an index on networks.
"""

from __future__ import annotations

import enum
from collections.abc import Callable

import msgspec
from sqlalchemy import select

from netloom.app.cloud.networks_use import permitted_to
from netloom.app.cloud.work import View
from netloom.model.cloud.networks import AclType, GuestNetwork
from netloom.model.cloud.offerings import GuestType, NetworkOffering, Traffic, services_of
from netloom.model.cloud.services import parse_service
from netloom.model.cloud.words import parse_word
from netloom.model.states import NetworkState
from netloom.store import tables
from netloom.store.cloud.records import Where, columns


class NetworkFilter(enum.Enum):
    """Which networks, by how the caller came to them."""

    ALL = "all"
    ACCOUNT = "account"
    DOMAIN = "domain"
    ACCOUNT_DOMAIN = "accountdomain"
    SHARED = "shared"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for besides what is a column of its own; None: not asked."""

    type: str | None = None
    acl_type: str | None = None
    traffic: str | None = None
    services: tuple[str, ...] = ()
    specify_ip_ranges: bool | None = None
    deployable: bool | None = None
    for_vpc: bool | None = None
    is_system: bool | None = None
    filter: str | None = None


def conditions(view: View, wanted: Wanted) -> list[Where]:
    """The conditions.

    Raises:
        InvalidInput: a word is none of those there are.
    """
    c = columns(GuestNetwork)
    found: list[Where] = []
    if wanted.type is not None:
        found.append(c.guest_type == parse_word(GuestType, wanted.type, "type").value)
    if wanted.acl_type is not None:
        found.append(c.acl_type == parse_word(AclType, wanted.acl_type, "acltype").value)
    if wanted.traffic is not None:
        found.append(c.traffic == parse_word(Traffic, wanted.traffic, "traffictype").value)
    if wanted.services:
        services = {parse_service(text) for text in wanted.services}
        found.append(c.offering_id.in_(_offerings(view, lambda each: services <= services_of(each))))
    if wanted.specify_ip_ranges is not None:
        named = wanted.specify_ip_ranges
        found.append(c.offering_id.in_(_offerings(view, lambda each: each.specify_ip_ranges is named)))
    if wanted.for_vpc is not None:
        found.append(c.vpc_id.is_not(None) if wanted.for_vpc else c.vpc_id.is_(None))
    if wanted.is_system:
        found.append(c.id.is_(None))  # networks of the system are no guests' networks
    if wanted.deployable is not None:
        found.append(_deployable(wanted.deployable))
    if wanted.filter is not None:
        found.extend(_filtered(view, parse_word(NetworkFilter, wanted.filter, "networkfilter")))
    return found


def _offerings(view: View, fits: Callable[[NetworkOffering], bool]) -> list[str]:
    return [each.id for each in view.records.select(NetworkOffering) if fits(each)]


def _deployable(wanted: bool) -> Where:
    n = tables.networks.c
    usable = [NetworkState.ALLOCATED.value, NetworkState.IMPLEMENTED.value, NetworkState.SETUP.value]
    ready = columns(GuestNetwork).id.in_(select(n.id).where(n.state.in_(usable)))
    return ready if wanted else ~ready


def _filtered(view: View, wanted: NetworkFilter) -> list[Where]:
    c = columns(GuestNetwork)
    opened = permitted_to(view.caller.account_id)
    match wanted:
        case NetworkFilter.ALL:
            return []
        case NetworkFilter.ACCOUNT:
            return [c.acl_type == AclType.ACCOUNT.value, ~opened]
        case NetworkFilter.DOMAIN:
            return [c.acl_type == AclType.DOMAIN.value]
        case NetworkFilter.ACCOUNT_DOMAIN:
            return [~opened]
        case NetworkFilter.SHARED:
            return [opened]
