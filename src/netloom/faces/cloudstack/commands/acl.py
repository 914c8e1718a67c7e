"""CloudStack's commands for access control lists of VPCs."""

from __future__ import annotations

from sqlalchemy import select

from netloom.app.cloud import acl_items, acl_lists
from netloom.app.cloud.acl_apply import REPLACE, ReplaceAclList
from netloom.app.cloud.acl_items import CreateAclItem, DeleteAclItem, UpdateAclItem
from netloom.app.cloud.acl_lists import CreateAclList, DeleteAclList, UpdateAclList, get_list
from netloom.app.cloud.acl_order import MOVE, MoveAclItem, speaks_of
from netloom.app.cloud.work import View
from netloom.base.ids import Uuid, parse_uuid
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing
from netloom.faces.cloudstack.commands.traffic_asked import ports_asked
from netloom.faces.cloudstack.views.acl import item_rows, list_rows
from netloom.model.cloud.acl import AclItem, AclList, parse_action, parse_direction
from netloom.model.cloud.acl_match import check_protocol
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.vpc import Vpc
from netloom.store.cloud.records import Where, columns


async def create_list(call: Call) -> object:
    """Makes an access control list for the tiers and private gateways of a VPC."""
    return await call.do(
        acl_lists.CREATE,
        CreateAclList(
            name=call.need("name"),
            description=call.text("description") or None,
            vpc_id=call.uuid("vpcid"),
            for_display=call.flag("fordisplay", default=True),
        ),
    )


async def update_list(call: Call) -> object:
    """Changes what an access control list is called."""
    return await call.do(
        acl_lists.UPDATE,
        UpdateAclList(
            id=call.need_uuid("id"),
            name=call.text("name") or None,
            description=call.text("description") or None,
            for_display=call.flag("fordisplay"),
        ),
    )


async def delete_list(call: Call) -> object:
    """Deletes an access control list that nothing uses."""
    return await call.do(acl_lists.DELETE, DeleteAclList(id=call.need_uuid("id")))


async def replace_list(call: Call) -> object:
    """Gives a tier or a private gateway another access control list."""
    return await call.do(
        REPLACE,
        ReplaceAclList(
            acl_id=call.need_uuid("aclid"),
            network_id=call.uuid("networkid"),
            gateway_id=call.uuid("gatewayid"),
        ),
    )


async def list_lists(call: Call) -> object:
    """Lists access control lists; those of the system are everybody's."""
    c = columns(AclList)
    vpc_id, network_id = call.uuid("vpcid"), call.uuid("networkid")

    def of_place(view: View) -> tuple[Where, ...]:
        where: list[Where] = []
        if vpc_id is not None:
            view.get(Vpc, vpc_id, "vpcid")
            where.append((c.vpc_id == vpc_id) | c.vpc_id.is_(None))
        if network_id is not None:
            where.append(c.id == view.get(GuestNetwork, network_id, "networkid").acl_id)
        return tuple(where)

    return await call.select(
        AclList,
        call.match(c.id, "id"),
        call.match(c.name, "name"),
        call.match(c.for_display, "fordisplay"),
        keyword=("name", "description"),
        also=of_place,
        opened_by=("vpcid", "networkid"),
        everybodys=c.vpc_id.is_(None),
    )


async def create_item(call: Call) -> object:
    """Lets packets into or out of tiers, or drops them: an item of an access control list."""
    return await call.do(
        acl_items.CREATE,
        CreateAclItem(
            acl_id=call.uuid("aclid"),
            network_id=call.uuid("networkid"),
            protocol=call.need("protocol"),
            **ports_asked(call),
            cidrs=call.texts("cidrlist"),
            action=call.text("action") or "Allow",
            direction=call.text("traffictype") or "Ingress",
            number=call.integer("number"),
            reason=call.text("reason"),
            for_display=call.flag("fordisplay", default=True),
        ),
    )


async def update_item(call: Call) -> object:
    """Changes an item of an access control list; without `partialupgrade`, what is not said becomes as in a new one."""
    return await call.do(
        acl_items.UPDATE,
        UpdateAclItem(
            id=call.need_uuid("id"),
            partial=call.flag("partialupgrade", default=True),
            protocol=call.text("protocol") or None,
            **ports_asked(call),
            cidrs=call.texts("cidrlist") or None,
            action=call.text("action") or None,
            direction=call.text("traffictype") or None,
            number=call.integer("number"),
            reason=call.text("reason"),
            for_display=call.flag("fordisplay"),
        ),
    )


async def move_item(call: Call) -> object:
    """Moves an item of an access control list between two others."""
    return await call.do(
        MOVE,
        MoveAclItem(
            id=parse_uuid(call.need("id"), "id"),
            after=_neighbour(call, "previousaclruleid"),
            before=_neighbour(call, "nextaclruleid"),
            seen=call.text("aclconsistencyhash"),
        ),
    )


def _neighbour(call: Call, name: str) -> Uuid | None:
    text = call.text(name)
    return parse_uuid(text, name) if text else None


async def delete_item(call: Call) -> object:
    """Takes an item out of an access control list."""
    return await call.do(acl_items.DELETE, DeleteAclItem(id=call.need_uuid("id")))


async def list_items(call: Call) -> object:
    """Lists the items of access control lists: those of one list or tier by their numbers."""
    c, acl = columns(AclItem), columns(AclList)
    acl_id, network_id = call.uuid("aclid"), call.uuid("networkid")
    protocol, action, direction = (call.text(name) or None for name in ("protocol", "action", "traffictype"))

    def of_place(view: View) -> tuple[Where, ...]:
        where: list[Where] = []
        if acl_id is not None:
            where.append(c.acl_id == get_list(view, acl_id).id)
        if network_id is not None:
            where.append(c.acl_id == view.get(GuestNetwork, network_id, "networkid").acl_id)
        return tuple(where)

    return await call.select(
        AclItem,
        call.match(c.id, "id"),
        None if protocol is None else speaks_of(check_protocol(protocol)),
        None if action is None else c.action == parse_action(action).value,
        None if direction is None else c.direction == parse_direction(direction).value,
        call.match(c.for_display, "fordisplay"),
        keyword=("reason",),
        tags_of="NetworkACL",
        order=c.order if acl_id is not None or network_id is not None else None,
        also=of_place,
        opened_by=("aclid", "networkid"),
        everybodys=c.acl_id.in_(select(acl.id).where(acl.vpc_id.is_(None))),
    )


_LIST, _ITEM = "NetworkAcl", "NetworkAclItem"

COMMANDS: tuple[Command, ...] = (
    Command(
        "createNetworkACLList",
        create_list,
        JobAnswer(acl_lists.CREATE, "networkacllist", list_rows, made=True, about=_LIST),
    ),
    Command("updateNetworkACLList", update_list, JobAnswer(acl_lists.UPDATE, about=_LIST)),
    Command("deleteNetworkACLList", delete_list, JobAnswer(acl_lists.DELETE, about=_LIST)),
    Command("replaceNetworkACLList", replace_list, JobAnswer(REPLACE)),
    Command("listNetworkACLLists", list_lists, Listing("networkacllist", list_rows)),
    Command(
        "createNetworkACL",
        create_item,
        JobAnswer(acl_items.CREATE, "networkacl", item_rows, made=True, about=_ITEM),
    ),
    Command(
        "updateNetworkACLItem", update_item, JobAnswer(acl_items.UPDATE, "networkacl", item_rows, about=_ITEM)
    ),
    Command("moveNetworkAclItem", move_item, JobAnswer(MOVE, "networkacl", item_rows, about=_ITEM)),
    Command("deleteNetworkACL", delete_item, JobAnswer(acl_items.DELETE, about=_ITEM)),
    Command("listNetworkACLs", list_items, Listing("networkacl", item_rows)),
)
