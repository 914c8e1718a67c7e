"""What documents say otherwise than records: which are told at all, and the fields that have another form there.

Rule 1: a line here is for something that `telling` cannot read off the record; what is regular has no line.
Rule 2: what netloom makes itself, at its first start or with something else, is not told: it is there wherever that is.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any, Final

from netloom.app.cloud.resources.telling import Said, Telling
from netloom.model.cloud.acl import BUILT_IN
from netloom.model.cloud.addresses import IpState, PublicIp
from netloom.model.cloud.identity import AccountType, ProjectMember, ProjectRole, User
from netloom.model.cloud.infrastructure import ZoneType
from netloom.model.cloud.infrastructure_ranges import Interval
from netloom.model.cloud.instances import InstanceNic, InstanceState
from netloom.model.cloud.load_balancers import InternalLbAddress
from netloom.model.cloud.networks import AclType, GuestNetwork
from netloom.model.cloud.offerings import GuestType
from netloom.model.cloud.record import Record
from netloom.model.cloud.rules import FirewallRule, TrafficDirection
from netloom.model.cloud.security_groups import SecurityGroupMember
from netloom.model.cloud.services import Service

_Any = Any  # a record of the kind that the line is about: each reads fields of its own

UNTELLABLE: Final[Mapping[str, str]] = {
    "api_key": "its secret is told to nobody again: give the user new keys",
    "project_role": "no document says the rules of a role",
    "role": "no document says the rules of a role",
    "secondary_ip": "no document names the interface that it is on",
    "ssl_certificate": "its private key is told to nobody",
}
"""Kinds whose records no document could make again, and why."""

SILENT: Final = frozenset({"resource_tag", "quarantined_ip"})
"""Kinds that are told with others, or that nobody declares."""

_GONE: Final = frozenset({InstanceState.DESTROYED, InstanceState.EXPUNGING})


def is_told(telling: Telling, kind: str, record: Record) -> bool:
    """Whether somebody declared the record: netloom did not make it itself."""
    check = _TOLD.get(kind)
    if getattr(record, "is_default", False) or getattr(record, "is_system", False):
        return False
    return check is None or bool(check(telling, record))


def _written(telling: Telling, record: _Any) -> bool:
    return telling.view.records.get(type(record), record.id) is not None


def first_user(telling: Telling, account_id: str) -> User | None:
    """The user that an account was made with."""
    return next(iter(telling.by(User, "account_id").get(account_id, ())), None)


def _is_later_user(telling: Telling, record: _Any) -> bool:
    return bool(first_user(telling, record.account_id) != record)


def _is_apart(telling: Telling, record: _Any) -> bool:
    """Whether a range was made by itself, and not with the network that says the same."""
    network = None if record.network_id is None else telling.view.records.get(GuestNetwork, record.network_id)
    spans = () if network is None else network.spans[:1]
    ours = [(each.start, each.end) for each in (record.v4, record.v6) if each is not None]
    return not any((span.first, span.last) in ours for span in spans)


def _firewall(direction: TrafficDirection) -> Callable[[Telling, _Any], bool]:
    def check(_: Telling, record: _Any) -> bool:
        return record.direction is direction and record.related_id is None and not record.system

    return check


_TOLD: Final[Mapping[str, Callable[[Telling, _Any], bool]]] = {
    "Account": lambda _, record: record.type is not AccountType.PROJECT,
    "AclItem": lambda _, record: record.acl_id not in BUILT_IN,
    "AclList": lambda _, record: record.id not in BUILT_IN,
    "CloudHost": _written,
    "CloudPhysicalNetwork": _written,
    "CloudZone": _written,
    "Configuration": _written,
    "Domain": lambda _, record: record.level > 0,
    "EgressRule": _firewall(TrafficDirection.EGRESS),
    "FirewallRule": _firewall(TrafficDirection.INGRESS),
    "Instance": lambda _, record: record.state not in _GONE,
    "PublicRange": _is_apart,
    "PublicIp": lambda _, record: record.state is IpState.ALLOCATED and not record.for_system,
    "ServiceProvider": _written,
    "Template": lambda _, record: record.registered,
    "TrafficType": _written,
    "User": _is_later_user,
}


def say_apart(telling: Telling, kind: str, record: Record, said: Said) -> None:
    """Put right what a document says otherwise than its record; None: it is not said."""
    part = _PARTS.get(kind)
    if part is not None:
        part(telling, record, said)


def _account(telling: Telling, record: _Any, said: Said) -> None:
    user = first_user(telling, record.id)
    if user is not None:
        said |= {
            name: getattr(user, name) for name in ("username", "first_name", "last_name", "email", "timezone")
        }


def _user(telling: Telling, record: _Any, said: Said) -> None:
    said |= telling.owner(record.account_id)


def _acl_item(_: Telling, record: _Any, said: Said) -> None:
    match = record.match
    said |= {"protocol": match.protocol, "cidrs": list(match.cidrs), "number": record.order}
    said |= {name: getattr(match, name) for name in ("start_port", "end_port", "icmp_type", "icmp_code")}
    said["network"] = None


def _facet(*more: str) -> Callable[[Telling, _Any, Said], None]:
    """What says more of an object of the switches' intent: that object's own document makes it."""

    def part(_: Telling, record: _Any, said: Said) -> None:
        for name in more:
            said[name] = None
        if getattr(record, "type", None) is ZoneType.ADVANCED:
            said["type"] = None
            said["security_groups"] = None if not record.security_groups else True

    return part


def _network(telling: Telling, record: _Any, said: Said) -> None:
    gone = ["external_id", "router_ip", "router_ip6"]
    if record.vpc_id is not None:
        net = ipaddress.ip_network(record.cidr)
        said["netmask"] = str(net.netmask)
        gone += ["cidr", "network_domain"]
    if record.guest_type is GuestType.ISOLATED:
        gone += ["physical_network", "vlan"]
    if record.guest_type is not GuestType.SHARED:
        gone += ["acl_type", "subdomain_access"]
    if record.guest_type is GuestType.SHARED and record.acl_type is AclType.DOMAIN:
        gone.append("account")
    said["source_nat_address"] = _source_nat(telling, "network_id", record.id)
    for span in record.spans[:1] if record.guest_type is GuestType.SHARED else ():
        six = ":" in span.first
        said |= {"start6": span.first, "end6": span.last} if six else {"start": span.first, "end": span.last}
    said |= dict.fromkeys(gone)


def _vpc(telling: Telling, record: _Any, said: Said) -> None:
    said["source_nat_address"] = _source_nat(telling, "vpc_id", record.id)


def _source_nat(telling: Telling, field: str, ref: str) -> str | None:
    for each in telling.by(PublicIp, field).get(ref, ()):
        if each.source_nat and (field == "vpc_id" or each.vpc_id is None):
            return each.address
    return None


def _instance(telling: Telling, record: _Any, said: Said) -> None:
    mine = sorted(
        telling.by(InstanceNic, "instance_id").get(record.id, ()),
        key=lambda each: (not each.is_default, each.device_number),
    )
    said["nics"] = [
        {
            name: value
            for name, value in (
                ("network", telling.record_name("network", each.network_id)),
                ("ipv4", each.ipv4),
                ("ipv6", each.ipv6),
                ("mac", each.mac),
            )
            if value is not None
        }
        for each in mine
    ]
    groups = telling.by(SecurityGroupMember, "instance_id").get(record.id, ())
    said["security_groups"] = [
        telling.record_name("security_group", each.group_id) for each in groups
    ] or None
    if record.state in {InstanceState.STOPPED, InstanceState.STOPPING}:
        said["start"] = False
    said |= dict.fromkeys(("host", "hypervisor"))


def _ports(telling: Telling, record: _Any, said: Said) -> None:
    said |= {
        "public_port": record.public_start, "public_end_port": record.public_end,
        "private_port": record.private_start, "private_end_port": record.private_end,
    }  # fmt: skip
    _opened(telling, record, said)


def _opened(telling: Telling, record: _Any, said: Said) -> None:
    """A firewall rule that came with it comes with it again."""
    said["open_firewall"] = bool(telling.by(FirewallRule, "related_id").get(record.id))


def _offering(_: Telling, record: _Any, said: Said) -> None:
    # Whoever translates or routes is the gateway: that service is not asked for.
    services = [each for each in record.services if each.service is not Service.GATEWAY]
    said["services"] = [each.service.value for each in services] or None
    said["providers"] = [
        {"service": each.service.value, "provider": provider}
        for each in services
        for provider in each.providers
    ] or None
    said["capabilities"] = [
        {"service": each.service.value, "capability": name, "value": value}
        for each in services
        for name, value in each.capabilities.items()
    ] or None


def _permission(telling: Telling, record: _Any, said: Said) -> None:
    owner = telling.owner(record.account_id)
    if "project" in owner:
        said["projects"] = [owner["project"]]
    else:
        said["account_ids"] = [telling.record_name("account", record.account_id)]


def _spans(record: _Any, said: Said) -> None:
    four: Interval | None = record.v4
    six: Interval | None = getattr(record, "v6", None)
    if four is not None:
        mask = str(ipaddress.ip_network(four.cidr).netmask)
        said |= {"gateway": four.gateway, "netmask": mask, "start": four.start, "end": four.end}
    if six is not None:
        said |= {"gateway6": six.gateway, "cidr6": six.cidr, "start6": six.start, "end6": six.end}


def _range(telling: Telling, record: _Any, said: Said) -> None:
    _spans(record, said)
    if getattr(record, "account_id", None) is not None:
        said |= telling.owner(record.account_id)


def _project(telling: Telling, record: _Any, said: Said) -> None:
    for each in telling.by(ProjectMember, "project_id").get(record.id, ()):
        if each.role is ProjectRole.ADMIN and each.user_id is None:
            said["account"] = telling.owner(each.account_id).get("account")


def _public_ip(_: Telling, record: _Any, said: Said) -> None:
    said["portable"] = True if record.portable else None
    if record.vpc_id is not None:
        said["network"] = None


def _gateway(_: Telling, record: _Any, said: Said) -> None:
    said["network"] = None


def _route(_: Telling, record: _Any, said: Said) -> None:
    if record.gateway_id is not None:
        said |= dict.fromkeys(("vpc", "next_hop"))


def _vlans(_: Telling, record: _Any, said: Said) -> None:
    said["segments"] = f"{record.first}-{record.last}"


def _internal(telling: Telling, record: _Any, said: Said) -> None:
    for each in telling.by(InternalLbAddress, "id").get(record.address_id, ()):
        said["address"] = each.address


def _domain(telling: Telling, record: _Any, said: Said) -> None:
    said["parent"] = telling.record_name("domain", record.parent_id) if record.level > 1 else None


_PARTS: Final[Mapping[str, Callable[[Telling, _Any, Said], None]]] = {
    "Account": _account,
    "AclItem": _acl_item,
    "CloudHost": _facet("pod", "hypervisor", "cluster_id"),
    "CloudPhysicalNetwork": _facet("broadcast_range"),
    "CloudZone": _facet(),
    "Domain": _domain,
    "GuestNetwork": _network,
    "GuestVlanRange": _vlans,
    "Instance": _instance,
    "InternalLoadBalancer": _internal,
    "LoadBalancer": _opened,
    "NetworkOffering": _offering,
    "NetworkPermission": _permission,
    "PortForwardingRule": _ports,
    "PortableRange": _range,
    "PrivateGateway": _gateway,
    "Project": _project,
    "PublicIp": _public_ip,
    "PublicRange": _range,
    "RemoteAccessVpn": _opened,
    "StaticNatRule": _opened,
    "StaticRoute": _route,
    "StorageRange": _range,
    "User": _user,
    "Vpc": _vpc,
    "VpcOffering": _offering,
}
"""What is told besides or instead of the record's own fields; None: it is not said."""
