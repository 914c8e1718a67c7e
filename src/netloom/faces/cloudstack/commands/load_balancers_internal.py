"""CloudStack's commands for internal balancers; their members are assigned as those of any balancer."""

from __future__ import annotations

from sqlalchemy import select

from netloom.app.cloud.load_balancers_internal import (
    CREATE_INTERNAL,
    DELETE_INTERNAL,
    UPDATE_INTERNAL,
    CreateInternalLoadBalancer,
    DeleteInternalLoadBalancer,
    UpdateInternalLoadBalancer,
)
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing
from netloom.faces.cloudstack.views.load_balancers_internal import internal_rows
from netloom.model.cloud.load_balancers import InternalLbAddress, InternalLoadBalancer, Scheme, parse_scheme
from netloom.model.cloud.networks import GuestNetwork
from netloom.store.cloud.records import columns


async def create_load_balancer(call: Call) -> object:
    """Balances the connections to a port of an address inside a tier."""
    return await call.do(
        CREATE_INTERNAL,
        CreateInternalLoadBalancer(
            name=call.need("name"),
            description=call.text("description"),
            network_id=call.need_uuid("networkid"),
            source_port=call.need_integer("sourceport"),
            instance_port=call.need_integer("instanceport"),
            algorithm=call.need("algorithm"),
            address=call.text("sourceipaddress") or None,
            source_network_id=call.need_uuid("sourceipaddressnetworkid"),
            scheme=call.need("scheme"),
            display=call.flag("fordisplay", default=True),
        ),
    )


async def update_load_balancer(call: Call) -> object:
    """Changes whether lists show an internal balancer."""
    request = UpdateInternalLoadBalancer(id=call.need_uuid("id"), display=call.flag("fordisplay"))
    return await call.do(UPDATE_INTERNAL, request)


async def delete_load_balancer(call: Call) -> object:
    """Ends an internal balancer, with its members."""
    return await call.do(DELETE_INTERNAL, DeleteInternalLoadBalancer(id=call.need_uuid("id")))


async def list_load_balancers(call: Call) -> object:
    """Lists internal balancers."""
    c, a = columns(InternalLoadBalancer), columns(InternalLbAddress)
    scheme, address = call.text("scheme") or None, call.text("sourceipaddress") or None
    other = scheme is not None and parse_scheme(scheme) is not Scheme.INTERNAL
    return await call.select(
        InternalLoadBalancer,
        call.match(c.id, "id", InternalLoadBalancer),
        call.match(c.name, "name"),
        call.match(c.network_id, "networkid", GuestNetwork),
        call.match(c.network_id, "sourceipaddressnetworkid", GuestNetwork),
        call.match(c.display, "fordisplay"),
        None if address is None else c.address_id.in_(select(a.id).where(a.address == address)),
        c.id.is_(None) if other else None,
        keyword=("name", "description"),
        tags_of="InternalLoadBalancer",
    )


COMMANDS: tuple[Command, ...] = (
    Command(
        "createLoadBalancer",
        create_load_balancer,
        JobAnswer(CREATE_INTERNAL, "loadbalancer", internal_rows, made=True, about="None"),
    ),
    Command(
        "updateLoadBalancer",
        update_load_balancer,
        JobAnswer(UPDATE_INTERNAL, "loadbalancer", internal_rows),
    ),
    Command("deleteLoadBalancer", delete_load_balancer, JobAnswer(DELETE_INTERNAL)),
    Command("listLoadBalancers", list_load_balancers, Listing("loadbalancer", internal_rows)),
)
