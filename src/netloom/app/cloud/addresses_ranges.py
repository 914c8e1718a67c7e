"""Which ranges an account's public addresses are drawn from, and in which order.

Rule 1: what is dedicated to the account comes first, then what is dedicated to its domain and to those above, the nearest
    first, then everybody's; the last only when the setting lets those have it who have their own.
Rule 2: what is dedicated to others, or to netloom's own appliances, is not drawn from.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud import configuration
from netloom.app.cloud.work import View
from netloom.base.ids import PhysicalNetworkId, Uuid, ZoneId
from netloom.base.net import IPAddress
from netloom.model.cloud.identity import Account, Domain, parents_of
from netloom.model.cloud.infrastructure_ranges import Interval, PortableRange, PublicRange
from netloom.store.cloud.records import columns

EVERYBODYS = "use.system.public.ips"


class Draw(msgspec.Struct, frozen=True, kw_only=True):
    """A range to draw from, as positions in its subnet."""

    range_id: Uuid
    interval: Interval
    physical_network_id: PhysicalNetworkId | None = None
    portable: bool = False

    def position_of(self, address: IPAddress) -> int | None:
        """Where an address stands; None when it is not of this range."""
        if address.version != self.interval.subnet.version:
            return None
        position = int(address) - int(self.interval.subnet.network_address)
        first, last = self.interval.positions
        return position if first <= position <= last else None


def draws_for(
    view: View, owner: Account, zone_id: ZoneId, *, portable: bool = False, for_system: bool = False
) -> list[Draw]:
    """The ranges that an account's addresses in a zone come from, the first to look at first."""
    if portable:
        return [
            Draw(range_id=each.id, interval=each.v4, portable=True)
            for each in view.records.select(PortableRange)
        ]
    c = columns(PublicRange)
    there = [
        each
        for each in view.records.select(PublicRange, c.zone_id == zone_id, c.network_id.is_(None))
        if each.v4 is not None
    ]
    if for_system:
        chosen = [each for each in there if each.for_system] + [each for each in there if _is_free(each)]
    else:
        own = [each for each in there if each.account_id == owner.id]
        for domain_id in _lineage(view, owner):
            own += [each for each in there if each.account_id is None and each.domain_id == domain_id]
        others = [each for each in there if _is_free(each)]
        chosen = own + others if not own or configuration.flag(view, EVERYBODYS) else own
    return [
        Draw(range_id=each.id, interval=each.v4, physical_network_id=each.physical_network_id)
        for each in chosen
        if each.v4 is not None
    ]


def _is_free(each: PublicRange) -> bool:
    return each.account_id is None and each.domain_id is None and not each.for_system


def _lineage(view: View, owner: Account) -> list[Uuid]:
    """The owner's domain and those above it, the nearest first."""
    domain = view.records.get(Domain, owner.domain_id)
    if domain is None:
        return []
    paths = parents_of(domain.path)
    found = {each.path: each.id for each in view.records.select(Domain, columns(Domain).path.in_(paths))}
    return [found[path] for path in paths if path in found]
