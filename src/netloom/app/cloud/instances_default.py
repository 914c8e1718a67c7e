"""Where an instance goes that names no network: its owner's only isolated one, or its zone's only shared one.

Rule 1: with several to choose from, nothing is guessed: the refusal names them.
"""

from __future__ import annotations

from netloom.app.cloud.instances_nics import NicWish
from netloom.app.cloud.networks_use import may_use
from netloom.app.cloud.work import Work
from netloom.base.errors import InvalidInput
from netloom.model.cloud.identity import Account
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import GuestType
from netloom.store.cloud.records import columns


def networks_for(work: Work, owner: Account, zone_id: str, security_groups: bool) -> tuple[NicWish, ...]:
    """One interface in the network that goes without saying.

    Raises:
        InvalidInput: there is none, or there are several (`network-needed`).
    """
    c = columns(GuestNetwork)
    where = [c.zone_id == zone_id, c.vpc_id.is_(None)]
    if security_groups:
        where.append(c.guest_type == GuestType.SHARED.value)
        found = [n for n in work.records.select(GuestNetwork, *where, limit=500) if may_use(work, n, owner)]
    else:
        where += [c.guest_type == GuestType.ISOLATED.value, c.account_id == owner.id]
        found = work.records.select(GuestNetwork, *where, limit=6)
    if len(found) == 1:
        return (NicWish(network_id=found[0].id),)
    names = ", ".join(f"{network.name} ({network.id})" for network in found[:5])
    told = f"there are several: {names}" if found else "the owner has none"
    raise InvalidInput(
        f"no network is named, and {told}",
        code="network-needed",
        subject="networkids",
        hint="name the networks of the instance's interfaces, the default one first",
    )
