"""CloudStack's commands for balancers, their members and policies."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, not_, select

from netloom.app.cloud.load_balancers import (
    CREATE_LOAD_BALANCER,
    DELETE_LOAD_BALANCER,
    UPDATE_LOAD_BALANCER,
    CreateLoadBalancer,
    DeleteLoadBalancer,
    UpdateLoadBalancer,
)
from netloom.app.cloud.load_balancers_members import (
    ASSIGN_INTERNAL,
    ASSIGN_MEMBERS,
    REMOVE_INTERNAL,
    REMOVE_MEMBERS,
    ChangeMembers,
    MemberAddress,
)
from netloom.app.cloud.load_balancers_policies import (
    CREATE_HEALTH_CHECK,
    CREATE_STICKINESS,
    DELETE_HEALTH_CHECK,
    DELETE_STICKINESS,
    UPDATE_HEALTH_CHECK,
    UPDATE_STICKINESS,
    CreateHealthCheck,
    CreateStickiness,
    DeletePolicy,
    UpdatePolicy,
)
from netloom.app.cloud.work import View
from netloom.base.ids import Uuid, parse_uuid
from netloom.faces.cloudstack.command import Call, Command, Content, JobAnswer, Listing, Rows
from netloom.faces.cloudstack.see import See
from netloom.faces.cloudstack.views.instances import instance_rows
from netloom.faces.cloudstack.views.load_balancers import balancer_rows, health_check_rows, stickiness_rows
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.instances import Instance, InstanceNic
from netloom.model.cloud.load_balancers import (
    HealthCheck,
    InternalLbMember,
    InternalLoadBalancer,
    LbMember,
    LoadBalancer,
    Stickiness,
)
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.rules import RuleState
from netloom.store.cloud.records import Where, columns


async def create_load_balancer_rule(call: Call) -> object:
    """Balances the connections to a port of a public address."""
    return await call.do(
        CREATE_LOAD_BALANCER,
        CreateLoadBalancer(
            name=call.need("name"),
            description=call.text("description"),
            public_ip_id=call.uuid("publicipid"),
            public_port=call.need_integer("publicport"),
            private_port=call.need_integer("privateport"),
            algorithm=call.need("algorithm"),
            protocol=call.text("protocol") or None,
            network_id=call.uuid("networkid"),
            sources=call.texts("cidrlist"),
            open_firewall=call.flag("openfirewall"),
            display=call.flag("fordisplay", default=True),
        ),
    )


async def update_load_balancer_rule(call: Call) -> object:
    """Changes how a balancer spreads connections, or what it is called."""
    return await call.do(
        UPDATE_LOAD_BALANCER,
        UpdateLoadBalancer(
            id=call.need_uuid("id"),
            name=call.text("name"),
            description=call.text("description"),
            algorithm=call.text("algorithm"),
            protocol=call.text("protocol") or None,
            display=call.flag("fordisplay"),
        ),
    )


async def delete_load_balancer_rule(call: Call) -> object:
    """Ends a balancer, with its members and policies."""
    return await call.do(DELETE_LOAD_BALANCER, DeleteLoadBalancer(id=call.need_uuid("id")))


async def list_load_balancer_rules(call: Call) -> object:
    """Lists balancers."""
    c, m, ip = columns(LoadBalancer), columns(LbMember), columns(PublicIp)
    instance_id, zone_id = call.uuid("virtualmachineid"), call.uuid("zoneid")
    return await call.select(
        LoadBalancer,
        call.match(c.id, "id", LoadBalancer),
        call.match(c.name, "name"),
        call.match(c.public_ip_id, "publicipid", PublicIp),
        call.match(c.network_id, "networkid", GuestNetwork),
        call.match(c.display, "fordisplay"),
        None
        if instance_id is None
        else c.id.in_(select(m.load_balancer_id).where(m.instance_id == instance_id)),
        None if zone_id is None else c.public_ip_id.in_(select(ip.id).where(ip.zone_id == zone_id)),
        keyword=("name", "description"),
        tags_of="LoadBalancer",
    )


def _members(call: Call) -> tuple[MemberAddress, ...]:
    """Instances by id, and instances at an address (`vmidipmap[0].vmid`, `.vmip`)."""
    mapped = [
        MemberAddress(parse_uuid(entry.get("vmid", ""), "vmidipmap"), entry.get("vmip") or None)
        for entry in call.maps("vmidipmap")
    ]
    at_an_address = {member.instance_id for member in mapped}
    plain = [MemberAddress(found) for found in call.uuids("virtualmachineids") if found not in at_an_address]
    return (*plain, *mapped)


async def assign_to_load_balancer_rule(call: Call) -> object:
    """Adds instances to a balancer."""
    request = ChangeMembers(id=call.need_uuid("id"), members=_members(call))
    if await _is_internal(call, request.id):
        return await call.do(ASSIGN_INTERNAL, request)
    return await call.do(ASSIGN_MEMBERS, request)


async def remove_from_load_balancer_rule(call: Call) -> object:
    """Takes instances from a balancer."""
    request = ChangeMembers(id=call.need_uuid("id"), members=_members(call))
    if await _is_internal(call, request.id):
        return await call.do(REMOVE_INTERNAL, request)
    return await call.do(REMOVE_MEMBERS, request)


async def _is_internal(call: Call, balancer_id: Uuid) -> bool:
    """Which of the two kinds of balancers is meant: CloudStack has one command for the members of both."""
    return await call.read(lambda view: view.find(InternalLoadBalancer, balancer_id) is not None)


async def list_load_balancer_rule_instances(call: Call) -> object:
    """Lists the instances of a balancer, with `lbvmips` also at which addresses; `applied=false`: those that could be."""
    balancer_id, with_addresses = call.need_uuid("id"), call.flag("lbvmips", default=False)
    applied, listing = call.flag("applied", default=True), call.listing

    def read(view: View) -> Rows:
        balancer = view.find(InternalLoadBalancer, balancer_id) or view.get(LoadBalancer, balancer_id)
        which = _members_of(balancer) if applied else _could_be_members(balancer)
        if listing.keyword is not None:
            which = and_(which, columns(Instance).name.icontains(listing.keyword, autoescape=True))
        found = view.records.select(Instance, which, limit=listing.page_size, offset=listing.offset)
        rows = instance_rows(found, See(view))
        if with_addresses:
            addresses = _addresses_of(view, balancer, [instance.id for instance in found])
            rows = [
                {"loadbalancerruleinstance": row, "lbvmipaddresses": addresses.get(instance.id, [])}
                for row, instance in zip(rows, found, strict=True)
            ]
        return Rows(rows, view.records.count(Instance, which))

    page = await call.read(read)
    key = "lbrulevmidip" if with_addresses else "loadbalancerruleinstance"
    return {"count": page.count, key: list(page.rows)} if page.count else {}


Balanced = LoadBalancer | InternalLoadBalancer


def _member_type(balancer: Balanced) -> type[LbMember | InternalLbMember]:
    return InternalLbMember if isinstance(balancer, InternalLoadBalancer) else LbMember


def _members_of(balancer: Balanced) -> Where:
    c = columns(_member_type(balancer))
    standing = c.state != RuleState.REVOKE.value
    members = select(c.instance_id).where(c.load_balancer_id == balancer.id, standing)
    return columns(Instance).id.in_(members)


def _could_be_members(balancer: Balanced) -> Where:
    c, instance = columns(InstanceNic), columns(Instance)
    there = select(c.instance_id).where(c.network_id == balancer.network_id)
    same = instance.account_id == balancer.account_id
    return and_(instance.id.in_(there), same, not_(_members_of(balancer)))


def _addresses_of(view: View, balancer: Balanced, ids: Sequence[str]) -> dict[str, list[str]]:
    member_type = _member_type(balancer)
    c = columns(member_type)
    found: dict[str, list[str]] = {}
    for member in view.records.select(
        member_type,
        c.load_balancer_id == balancer.id,
        c.instance_id.in_(ids),
        c.state != RuleState.REVOKE.value,
    ):
        found.setdefault(member.instance_id, []).append(member.guest_address)
    return found


async def create_stickiness_policy(call: Call) -> object:
    """Keeps clients of a balancer at their member."""
    return await call.do(
        CREATE_STICKINESS,
        CreateStickiness(
            load_balancer_id=call.need_uuid("lbruleid"),
            name=call.need("name"),
            method=call.need("methodname"),
            description=call.text("description"),
            parameters={
                entry["name"]: entry.get("value", "") for entry in call.maps("param") if "name" in entry
            },
            display=call.flag("fordisplay", default=True),
        ),
    )


async def update_stickiness_policy(call: Call) -> object:
    """Changes whether lists show a stickiness policy."""
    return await call.do(
        UPDATE_STICKINESS, UpdatePolicy(id=call.need_uuid("id"), display=call.flag("fordisplay"))
    )


async def delete_stickiness_policy(call: Call) -> object:
    """Ends a stickiness policy."""
    return await call.do(DELETE_STICKINESS, DeletePolicy(id=call.need_uuid("id")))


async def list_stickiness_policies(call: Call) -> object:
    """Lists the stickiness policies of a balancer."""
    c = columns(Stickiness)
    return await call.select(
        Stickiness,
        call.match(c.id, "id", Stickiness),
        call.match(c.load_balancer_id, "lbruleid", LoadBalancer),
        call.match(c.display, "fordisplay"),
        keyword=("name",),
        opened_by=("lbruleid",),
    )


async def create_health_check_policy(call: Call) -> object:
    """Has a balancer check its members."""
    return await call.do(
        CREATE_HEALTH_CHECK,
        CreateHealthCheck(
            load_balancer_id=call.need_uuid("lbruleid"),
            ping_path=call.text("pingpath"),
            description=call.text("description"),
            response_timeout=call.integer("responsetimeout"),
            interval=call.integer("intervaltime"),
            healthy_threshold=call.integer("healthythreshold"),
            unhealthy_threshold=call.integer("unhealthythreshold"),
            display=call.flag("fordisplay", default=True),
        ),
    )


async def update_health_check_policy(call: Call) -> object:
    """Changes whether lists show a health check."""
    return await call.do(
        UPDATE_HEALTH_CHECK, UpdatePolicy(id=call.need_uuid("id"), display=call.flag("fordisplay"))
    )


async def delete_health_check_policy(call: Call) -> object:
    """Ends a health check."""
    return await call.do(DELETE_HEALTH_CHECK, DeletePolicy(id=call.need_uuid("id")))


async def list_health_check_policies(call: Call) -> object:
    """Lists the health checks of a balancer."""
    c = columns(HealthCheck)
    return await call.select(
        HealthCheck,
        call.match(c.id, "id", HealthCheck),
        call.match(c.load_balancer_id, "lbruleid", LoadBalancer),
        call.match(c.display, "fordisplay"),
        keyword=("ping_path",),
        opened_by=("lbruleid",),
    )


COMMANDS: tuple[Command, ...] = (
    Command(
        "createLoadBalancerRule",
        create_load_balancer_rule,
        JobAnswer(
            CREATE_LOAD_BALANCER, "loadbalancer", balancer_rows, made=True, about="FirewallRule", with_id=True
        ),
    ),
    Command(
        "updateLoadBalancerRule",
        update_load_balancer_rule,
        JobAnswer(UPDATE_LOAD_BALANCER, "loadbalancer", balancer_rows),
    ),
    Command("deleteLoadBalancerRule", delete_load_balancer_rule, JobAnswer(DELETE_LOAD_BALANCER)),
    Command("listLoadBalancerRules", list_load_balancer_rules, Listing("loadbalancerrule", balancer_rows)),
    Command("assignToLoadBalancerRule", assign_to_load_balancer_rule, JobAnswer(ASSIGN_MEMBERS)),
    Command("removeFromLoadBalancerRule", remove_from_load_balancer_rule, JobAnswer(REMOVE_MEMBERS)),
    Command("listLoadBalancerRuleInstances", list_load_balancer_rule_instances, Content()),
    Command(
        "createLBStickinessPolicy",
        create_stickiness_policy,
        JobAnswer(CREATE_STICKINESS, "stickinesspolicies", stickiness_rows, made=True, about="None"),
    ),
    Command(
        "updateLBStickinessPolicy",
        update_stickiness_policy,
        JobAnswer(UPDATE_STICKINESS, "stickinesspolicies", stickiness_rows),
    ),
    Command("deleteLBStickinessPolicy", delete_stickiness_policy, JobAnswer(DELETE_STICKINESS)),
    Command(
        "listLBStickinessPolicies", list_stickiness_policies, Listing("stickinesspolicies", stickiness_rows)
    ),
    Command(
        "createLBHealthCheckPolicy",
        create_health_check_policy,
        JobAnswer(CREATE_HEALTH_CHECK, "healthcheckpolicies", health_check_rows, made=True, about="None"),
    ),
    Command(
        "updateLBHealthCheckPolicy",
        update_health_check_policy,
        JobAnswer(UPDATE_HEALTH_CHECK, "healthcheckpolicies", health_check_rows),
    ),
    Command("deleteLBHealthCheckPolicy", delete_health_check_policy, JobAnswer(DELETE_HEALTH_CHECK)),
    Command(
        "listLBHealthCheckPolicies",
        list_health_check_policies,
        Listing("healthcheckpolicies", health_check_rows),
    ),
)
