"""CloudStack's commands for public addresses, and for those at rest."""

from __future__ import annotations

from netloom.app.cloud.addresses import (
    ASSOCIATE_IP,
    DISASSOCIATE_IP,
    RELEASE_IP,
    RESERVE_IP,
    UPDATE_IP,
    NamedIp,
    ReserveIp,
    UpdateIp,
)
from netloom.app.cloud.addresses_free import Filter, list_free
from netloom.app.cloud.addresses_place import AssociateIp
from netloom.app.cloud.addresses_quarantine import (
    REMOVE_QUARANTINE,
    UPDATE_QUARANTINE,
    RemoveQuarantine,
    UpdateQuarantine,
)
from netloom.app.cloud.work import View
from netloom.faces.cloudstack.command import (
    Call,
    Command,
    JobAnswer,
    Listing,
    Match,
    One,
    Rows,
    See,
    Success,
)
from netloom.faces.cloudstack.views.addresses import address_rows, free_rows, quarantine_rows
from netloom.model.cloud.addresses import IpState, PublicIp, QuarantinedIp
from netloom.model.cloud.infrastructure_ranges import PublicRange
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.vpc import Vpc
from netloom.store.cloud.records import Where, columns
from netloom.store.times import to_microseconds


async def associate_ip_address(call: Call) -> object:
    """Acquires a public address for a network, a VPC or a zone."""
    return await call.do(
        ASSOCIATE_IP,
        AssociateIp(
            zone_id=call.uuid("zoneid"),
            network_id=call.uuid("networkid"),
            vpc_id=call.uuid("vpcid"),
            address=call.text("ipaddress") or None,
            portable=call.flag("isportable", default=False),
            account=call.text("account") or None,
            domain_id=call.uuid("domainid"),
            project_id=call.uuid("projectid"),
            display=call.flag("fordisplay", default=True),
        ),
    )


def _named(call: Call) -> NamedIp:
    return NamedIp(id=call.uuid("id"), address=call.text("ipaddress") or None)


async def disassociate_ip_address(call: Call) -> object:
    """Gives a public address back, with all rules on it."""
    return await call.do(DISASSOCIATE_IP, _named(call))


async def update_ip_address(call: Call) -> object:
    """Changes whether lists show a public address."""
    return await call.do(UPDATE_IP, UpdateIp(id=call.need_uuid("id"), display=call.flag("fordisplay")))


async def reserve_ip_address(call: Call) -> object:
    """Keeps a free public address for one account."""
    return await call.do(
        RESERVE_IP,
        ReserveIp(
            free_id=call.need_uuid("id"),
            account=call.text("account") or None,
            domain_id=call.uuid("domainid"),
            project_id=call.uuid("projectid"),
            display=call.flag("fordisplay", default=True),
        ),
    )


async def release_ip_address(call: Call) -> object:
    """Ends the reservation of a public address."""
    return await call.do(RELEASE_IP, NamedIp(id=call.need_uuid("id")))


async def list_public_ip_addresses(call: Call) -> object:
    """Lists public addresses: those that are somebody's, and free ones where they are asked for."""
    state = (call.text("state") or "").lower()
    if state == IpState.FREE.value.lower():
        return await _free(call, 0)
    taken = await _taken(call, state)
    if call.flag("retrieveonlyresourcecount", default=False):
        return Rows((), taken.count)
    if state or call.flag("allocatedonly", default=True) or call.has("id"):
        return taken
    free = await _free(call, taken.count)
    room = call.listing.page_size - len(taken.rows)
    return Rows((*taken.rows, *free.rows[:room]), taken.count + free.count)


async def _taken(call: Call, state: str) -> Rows:
    c = columns(PublicIp)
    conditions: list[Match | Where | None] = [
        call.match(c.id, "id", PublicIp),
        call.match(c.address, "ipaddress"),
        call.match(c.range_id, "vlanid", PublicRange),
        call.match(c.zone_id, "zoneid"),
        call.match(c.physical_network_id, "physicalnetworkid"),
        call.match(c.network_id, "associatednetworkid", GuestNetwork),
        call.match(c.network_id, "networkid", GuestNetwork),
        call.match(c.vpc_id, "vpcid", Vpc),
        call.match(c.source_nat, "issourcenat"),
        call.match(c.static_nat, "isstaticnat"),
        call.match(c.display, "fordisplay"),
        c.for_system.is_(call.flag("forsystemvms", default=False)),
    ]
    if state:
        named = next((each for each in IpState if each.value.lower() == state), None)
        conditions.append(c.state == (named.value if named else state))
    if call.flag("forloadbalancing", default=False):
        conditions.append(c.static_nat.is_(False))
    if not call.flag("forvirtualnetwork", default=True):
        conditions.append(c.id.is_(None))  # guests' addresses are their NICs' here
    return await call.select(PublicIp, *conditions, keyword=("address",), tags_of="PublicIpAddress")


async def _free(call: Call, before: int) -> Rows:
    """The part of the page that free addresses are on, behind so many that are taken."""
    listing = call.listing
    wanted = Filter(
        zone_id=call.uuid("zoneid"),
        range_id=call.uuid("vlanid"),
        address=call.text("ipaddress") or None,
        for_system=call.flag("forsystemvms", default=False),
    )
    offset = max(0, listing.offset - before)

    def read(view: View) -> Rows:
        found, count = list_free(view, wanted, offset, listing.page_size)
        return Rows(free_rows(found, See(view)), count)

    return await call.read(read)


async def list_quarantined_ips(call: Call) -> object:
    """Lists public addresses at rest; with `showremoved` and `showinactive` also those whose rest was ended or is over."""
    c = columns(QuarantinedIp)
    now = to_microseconds(call.cloud.now())
    return await call.select(
        QuarantinedIp,
        None if call.flag("showremoved", default=False) else c.removed_at.is_(None),
        None if call.flag("showinactive", default=False) else c.ends_at > now,
        keyword=("address",),
    )


async def update_quarantined_ip(call: Call) -> object:
    """Changes when the rest of a public address ends."""
    ends_at = call.moment("enddate")
    if ends_at is None:
        raise call.missing("enddate")
    done = await call.do(
        UPDATE_QUARANTINE,
        UpdateQuarantine(id=call.uuid("id"), address=call.text("ipaddress") or None, ends_at=ends_at),
    )
    return done.record


async def remove_quarantined_ip(call: Call) -> object:
    """Ends the rest of a public address now."""
    done = await call.do(
        REMOVE_QUARANTINE,
        RemoveQuarantine(
            id=call.uuid("id"), address=call.text("ipaddress") or None, reason=call.need("removalreason")
        ),
    )
    return done.record


COMMANDS: tuple[Command, ...] = (
    Command(
        "associateIpAddress",
        associate_ip_address,
        JobAnswer(ASSOCIATE_IP, "ipaddress", address_rows, made=True, about="IpAddress", with_id=True),
    ),
    Command(
        "disassociateIpAddress",
        disassociate_ip_address,
        JobAnswer(DISASSOCIATE_IP, about="IpAddress", with_id=True),
    ),
    Command("updateIpAddress", update_ip_address, JobAnswer(UPDATE_IP, "ipaddress", address_rows)),
    Command("reserveIpAddress", reserve_ip_address, One("ipaddress", address_rows)),
    Command("releaseIpAddress", release_ip_address, Success()),
    Command("listPublicIpAddresses", list_public_ip_addresses, Listing("publicipaddress", address_rows)),
    Command("listQuarantinedIps", list_quarantined_ips, Listing("quarantinedip", quarantine_rows)),
    Command("updateQuarantinedIp", update_quarantined_ip, One("quarantinedip", quarantine_rows)),
    Command("removeQuarantinedIp", remove_quarantined_ip, One("quarantinedip", quarantine_rows)),
)
