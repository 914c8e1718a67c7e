"""Where an instance goes that names no network: its owner's only isolated one, or its zone's only shared one.

Rule 1: with several to choose from, nothing is guessed: the refusal names them.
Rule 2: an owner without any isolated network gets one, as with CloudStack: behind a router where somebody provides routers.
"""

from __future__ import annotations

from netloom.app.cloud.infrastructure import wire_facts, wires_for
from netloom.app.cloud.instances_nics import NicWish
from netloom.app.cloud.networks_create import CreateNetwork
from netloom.app.cloud.networks_create import create as create_network
from netloom.app.cloud.networks_owner import Asked
from netloom.app.cloud.networks_use import may_use
from netloom.app.cloud.offerings_seed import OVS_ISOLATED, SOURCE_NAT
from netloom.app.cloud.work import View, Work
from netloom.base.errors import InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Account, AccountType, Project
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import GuestType, NetworkOffering, Traffic
from netloom.model.cloud.words import Allocation
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
        offering = None if found else default_offering(work, zone_id)
        if offering is not None:
            found = [_made(work, owner, zone_id, offering)]
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


def default_offering(view: View, zone_id: str) -> NetworkOffering | None:
    """The offering of a network that nobody asked for: with a router where all its providers are there, else without."""
    c = columns(NetworkOffering)
    for name in (SOURCE_NAT, OVS_ISOLATED):
        offering = view.records.first(NetworkOffering, c.name == name, c.state == Allocation.ENABLED.value)
        if offering is not None and _is_provided(view, offering, zone_id):
            return offering
    return None


def _is_provided(view: View, offering: NetworkOffering, zone_id: str) -> bool:
    needed = {provider for item in offering.services for provider in item.providers}
    return needed <= view.backends.providers.elements.keys() and any(
        needed <= wire_facts(view, wires).providers for wires in wires_for(view, zone_id, Traffic.GUEST)
    )


def _made(work: Work, owner: Account, zone_id: str, offering: NetworkOffering) -> GuestNetwork:
    project = None
    if owner.type is AccountType.PROJECT:
        project = work.records.first(Project, columns(Project).account_id == owner.id)
    asked = (
        Asked(account=owner.name, domain_id=owner.domain_id)
        if project is None
        else Asked(project_id=project.id)
    )
    name = owner.name if project is None else project.name
    request = CreateNetwork(
        name=f"{name}-network", offering_id=offering.id, zone_id=Uuid(zone_id), owner=asked
    )
    made = create_network(work, request)
    work.event("NETWORK.CREATE", f"create network {made.name}, for an instance that names none", made)
    return made
