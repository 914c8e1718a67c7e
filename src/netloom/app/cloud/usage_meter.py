"""What is metered of which records, and the spans that their changes begin and end.

Rule 1: `METERS` alone says what costs; it looks at one record as it is, so a span begins and ends where the record changed.
Rule 2: spans are written in the transaction of the change: there is no use without a span, and no span without use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from netloom.model.cloud.acl import AclItem
from netloom.model.cloud.addresses import IpState, PublicIp
from netloom.model.cloud.identity import SYSTEM_ACCOUNT_ID
from netloom.model.cloud.instances import Instance, InstanceNic, InstanceState
from netloom.model.cloud.load_balancers import InternalLoadBalancer, LoadBalancer
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.record import Owned, Record
from netloom.model.cloud.rules import (
    FirewallRule,
    Ipv6FirewallRule,
    PortForwardingRule,
    RoutingFirewallRule,
    Rule,
    StaticNatRule,
)
from netloom.model.cloud.security_groups import DEFAULT_NAME, SecurityGroup
from netloom.model.cloud.usage import UsageFacts, UsageSpan, UsageType
from netloom.model.cloud.vpc import Vpc
from netloom.model.cloud.vpn import RemoteAccessVpn, VpnConnection, VpnUser
from netloom.store.cloud.records import columns

if TYPE_CHECKING:
    from netloom.app.cloud.work import Work

T = TypeVar("T", bound=Owned)
Metered = Mapping[UsageType, UsageFacts]
"""What is metered of a record as it is; empty: nothing."""

_NOTHING: Final[Metered] = {}
_GONE: Final = frozenset({InstanceState.DESTROYED, InstanceState.EXPUNGING, InstanceState.ERROR})
_RUNS: Final = frozenset({InstanceState.RUNNING, InstanceState.STOPPING, InstanceState.MIGRATING})


def _instance(instance: Instance) -> Metered:
    if instance.state in _GONE:
        return _NOTHING
    had = UsageFacts(
        zone_id=instance.zone_id,
        offering_id=instance.service_offering_id,
        template_id=instance.template_id,
    )
    if instance.state not in _RUNS:
        return {UsageType.ALLOCATED_VM: had}
    running = msgspec.structs.replace(
        had, cpu_number=instance.cpu_number, cpu_speed=instance.cpu_speed, memory=instance.memory
    )
    return {UsageType.ALLOCATED_VM: had, UsageType.RUNNING_VM: running}


def _nic(nic: InstanceNic) -> Metered:
    facts = UsageFacts(network_id=nic.network_id, instance_id=nic.instance_id, is_default=nic.is_default)
    return {UsageType.NETWORK_OFFERING: facts}


def _network(network: GuestNetwork) -> Metered:
    facts = UsageFacts(zone_id=network.zone_id, offering_id=network.offering_id, vpc_id=network.vpc_id)
    return {UsageType.NETWORK: facts}


def _vpc(vpc: Vpc) -> Metered:
    return {UsageType.VPC: UsageFacts(zone_id=vpc.zone_id, offering_id=vpc.offering_id)}


def _address(address: PublicIp) -> Metered:
    if address.state is not IpState.ALLOCATED:
        return _NOTHING
    facts = UsageFacts(
        zone_id=address.zone_id,
        source_nat=address.source_nat,
        for_system=address.for_system,
        vpc_id=address.vpc_id,
        network_id=address.network_id if address.source_nat else None,
    )
    return {UsageType.IP_ADDRESS: facts}


def _firewall(rule: FirewallRule) -> Metered:
    return _NOTHING if rule.system else {UsageType.FIREWALL_RULE: UsageFacts(network_id=rule.network_id)}


def _in_network(
    usage_type: UsageType,
) -> Callable[[Rule], Metered]:
    return lambda rule: {usage_type: UsageFacts(network_id=rule.network_id)}


def _group(group: SecurityGroup) -> Metered:
    """Everybody has the default group: it is nothing that somebody took."""
    return _NOTHING if group.name == DEFAULT_NAME else {UsageType.SECURITY_GROUP: UsageFacts()}


def _plain(usage_type: UsageType) -> Callable[[Owned], Metered]:
    return lambda _record: {usage_type: UsageFacts()}


def _connection(connection: VpnConnection) -> Metered:
    return {UsageType.VPN_CONNECTION: UsageFacts(vpc_id=connection.vpc_id)}


def _remote_access(vpn: RemoteAccessVpn) -> Metered:
    return {UsageType.REMOTE_ACCESS_VPN: UsageFacts(network_id=vpn.network_id, vpc_id=vpn.vpc_id)}


METERS: Final[Mapping[type[Record], Callable[[Any], Metered]]] = {
    Instance: _instance,
    InstanceNic: _nic,
    GuestNetwork: _network,
    Vpc: _vpc,
    PublicIp: _address,
    FirewallRule: _firewall,
    Ipv6FirewallRule: _in_network(UsageType.FIREWALL_RULE),
    RoutingFirewallRule: _in_network(UsageType.FIREWALL_RULE),
    PortForwardingRule: _in_network(UsageType.PORT_FORWARDING_RULE),
    StaticNatRule: _in_network(UsageType.STATIC_NAT_RULE),
    LoadBalancer: _in_network(UsageType.LOAD_BALANCER_POLICY),
    InternalLoadBalancer: _in_network(UsageType.LOAD_BALANCER_POLICY),
    AclItem: _plain(UsageType.NETWORK_ACL_ITEM),
    SecurityGroup: _group,
    VpnConnection: _connection,
    RemoteAccessVpn: _remote_access,
    VpnUser: _plain(UsageType.VPN_USERS),
}
"""Each metered kind of records, and what of one is metered."""


def meter(work: Work, before: Record | None, after: Record | None) -> None:
    """Begin and end the spans that a record's change begins and ends."""
    changed = after if after is not None else before
    if changed is None or type(changed) not in METERS:
        return
    if not isinstance(after, Owned):
        _end(work, changed)
        return
    had, has = _seen(before), _seen(after)
    ended = [usage_type for usage_type, seen in had.items() if has.get(usage_type) != seen]
    if ended:
        _end(work, changed, ended)
    for usage_type, seen in has.items():
        if had.get(usage_type) != seen:
            work.records.insert_later(
                UsageSpan(
                    **work.owned(after),
                    type=usage_type,
                    resource_id=after.id,
                    name=_name(after),
                    facts=seen[0],
                    started_at=work.at,
                )
            )


def _seen(record: Record | None) -> Mapping[UsageType, tuple[UsageFacts, str]]:
    """What is metered of a record, each with the account that pays; nobody pays for netloom's own."""
    if not isinstance(record, Owned) or record.account_id == SYSTEM_ACCOUNT_ID:
        return {}
    metered = METERS[type(record)](record)
    return {usage_type: (facts, record.account_id) for usage_type, facts in metered.items()}


def _end(work: Work, record: Record, types: Sequence[UsageType] = tuple(UsageType)) -> None:
    """End the open spans of a record; one that was begun in this transaction was never had.

    None is of less than no time: one that began before the clock was set back ends where it began.
    """
    c = columns(UsageSpan)
    wanted = [usage_type.value for usage_type in types]
    for span in work.records.select(
        UsageSpan, c.resource_id == record.id, c.ended_at.is_(None), c.type.in_(wanted)
    ):
        if span.started_at == work.at:
            work.records.delete(span)
        else:
            end = max(work.at, span.started_at)
            work.records.update(msgspec.structs.replace(span, ended_at=end, updated_at=work.at))


def _name(record: Record) -> str:
    for field in ("name", "address", "username"):
        name = getattr(record, field, None)
        if isinstance(name, str):
            return name
    return record.id
