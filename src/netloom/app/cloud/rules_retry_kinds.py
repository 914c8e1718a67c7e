"""What waits for its provider, by kind: which records of a place, for which sets of rules, and what becomes of them then.

Rule 1: each kind that a provider is told of has a line here; the end that its own jobs write is the one written here.
Rule 2: a record is looked for by its place and by an index: what a place has is read, never what the cloud has.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import msgspec

from netloom.app.cloud.acl_apply import end_item
from netloom.app.cloud.addresses_release import finish_release
from netloom.app.cloud.private_gateways import end_gateway
from netloom.app.cloud.rules_life import drop, stages_of
from netloom.app.cloud.static_nat import end_static_nat
from netloom.app.cloud.static_routes import end_route
from netloom.app.cloud.untold import NETWORK, VPC, untold_of
from netloom.app.cloud.vpn_connections import end_connection
from netloom.app.cloud.vpn_remote import end_vpn
from netloom.app.cloud.vpn_users import end_user
from netloom.app.cloud.work import View, Work
from netloom.base.ids import Uuid
from netloom.model.cloud.acl import AclItem
from netloom.model.cloud.addresses import IpState, PublicIp
from netloom.model.cloud.dns import DnsRecord
from netloom.model.cloud.load_balancers import (
    HealthCheck,
    InternalLbMember,
    InternalLoadBalancer,
    LbMember,
    LoadBalancer,
    Stickiness,
)
from netloom.model.cloud.record import Record
from netloom.model.cloud.routes import GatewayState, PrivateGateway, StaticRoute
from netloom.model.cloud.rules import (
    FirewallRule,
    Ipv6FirewallRule,
    PortForwardingRule,
    RoutingFirewallRule,
    Rule,
    RuleEvent,
    RuleState,
    StaticNatRule,
    next_rule_state,
)
from netloom.model.cloud.untold import WHOLE
from netloom.model.cloud.vpn import ConnectionState, RemoteAccessVpn, RemoteVpnState, VpnConnection, VpnUser
from netloom.plan.elements import RuleStage
from netloom.plan.vpc_elements import VpcPart
from netloom.store.cloud.records import Where, columns

R = TypeVar("R", bound=Record)

_RULE = (RuleState.ADD, RuleState.REVOKE)


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[R]):
    """Records that wait until their provider was told.

    Attributes:
        record: their type.
        place: the field that names their place.
        waits: the condition that one waits.
        parts: the sets of rules that have to be told before it has its end.
        end: what becomes of one that was told, or told no more; it may be asked of one that has it already.
    """

    record: type[R]
    place: str
    waits: Callable[[], Where]
    parts: Callable[[R], Collection[str]]
    end: Callable[[Work, R], None]

    def waiting(self, view: View, place_id: Uuid, told: Collection[str]) -> list[R]:
        """Those of a place that have their end once these sets of rules are told."""
        c = columns(self.record)
        found = view.records.select(self.record, c[self.place] == place_id, self.waits())
        return [each for each in found if WHOLE in told or set(self.parts(each)) <= set(told)]


AnyKind = Kind[Any]
"""A kind, whatever its records are."""


def _rules(record: type[Rule]) -> AnyKind:
    return Kind(
        record=record,
        place="network_id",
        waits=lambda: columns(record).state.in_([state.value for state in _RULE]),
        parts=lambda rule: {stage.value for stage in stages_of([rule])},
        end=_end_rule,
    )


def _end_rule(work: Work, rule: Rule) -> None:
    if rule.state is RuleState.REVOKE:
        drop(work, rule)
    else:
        work.update(msgspec.structs.replace(rule, state=next_rule_state(rule.state, RuleEvent.APPLY)))


def _vpns(place: str, *parts: str) -> Kind[RemoteAccessVpn]:
    waiting = (RemoteVpnState.ADDED, RemoteVpnState.REMOVED)
    return Kind(
        record=RemoteAccessVpn,
        place=place,
        waits=lambda: columns(RemoteAccessVpn).state.in_([state.value for state in waiting]),
        parts=lambda _vpn: parts,
        end=end_vpn,
    )


def _releases(place: str, *parts: str) -> Kind[PublicIp]:
    return Kind(
        record=PublicIp,
        place=place,
        waits=lambda: columns(PublicIp).state == IpState.RELEASING.value,
        parts=lambda _ip: parts,
        end=_end_release,
    )


def _end_release(work: Work, ip: PublicIp) -> None:
    """Let an address go that all have let go of: one of a tier is its network's provider's and its VPC's router's."""
    places = ((NETWORK, ip.network_id), (VPC, ip.vpc_id))
    if all(place_id is None or not _is_untold(work, f"{word}/{place_id}") for word, place_id in places):
        finish_release(work, ip.id)


def _is_untold(view: View, place: str) -> bool:
    wanted = {WHOLE, RuleStage.ADDRESSES.value, VpcPart.ADDRESSES.value}
    return any(each.part in wanted for each in untold_of(view, place))


def _is_half_translated() -> Where:
    c = columns(PublicIp)
    return c.static_nat.is_(False) & c.nic_id.is_not(None)


OF_NETWORK: Final[tuple[AnyKind, ...]] = (
    *(
        _rules(record)
        for record in (
            FirewallRule,
            Ipv6FirewallRule,
            RoutingFirewallRule,
            PortForwardingRule,
            StaticNatRule,
            LoadBalancer,
            LbMember,
            InternalLoadBalancer,
            InternalLbMember,
            Stickiness,
            HealthCheck,
            DnsRecord,
        )
    ),
    _vpns("network_id", RuleStage.FIREWALL.value, RuleStage.REMOTE_ACCESS_VPN.value),
    Kind(
        record=PublicIp,
        place="network_id",
        waits=_is_half_translated,
        parts=lambda _ip: (RuleStage.ADDRESSES.value, RuleStage.STATIC_NAT.value),
        end=end_static_nat,
    ),
    _releases("network_id", RuleStage.ADDRESSES.value, RuleStage.STATIC_NAT.value),
)
"""What waits in a network; addresses last: what stands on them goes first."""

OF_VPC: Final[tuple[AnyKind, ...]] = (
    Kind(
        record=StaticRoute,
        place="vpc_id",
        waits=lambda: columns(StaticRoute).state.in_([state.value for state in _RULE]),
        parts=lambda _route: (VpcPart.STATIC_ROUTES.value,),
        end=end_route,
    ),
    Kind(
        record=PrivateGateway,
        place="vpc_id",
        waits=lambda: columns(PrivateGateway).state != GatewayState.READY.value,
        parts=lambda _gateway: (VpcPart.PRIVATE_GATEWAYS.value,),
        end=end_gateway,
    ),
    Kind(
        record=VpnConnection,
        place="vpc_id",
        waits=lambda: columns(VpnConnection).state.in_(
            [
                ConnectionState.PENDING.value,
                ConnectionState.ERROR.value,
                ConnectionState.REMOVED.value,
            ]
        ),
        parts=lambda _connection: (VpcPart.SITE_TO_SITE_VPN.value,),
        end=end_connection,
    ),
    _vpns("vpc_id", VpcPart.REMOTE_ACCESS_VPN.value),
    _releases("vpc_id", VpcPart.ADDRESSES.value),
)
"""What waits in a VPC; routes before the gateways that they lead to."""

OF_ACL: Final[tuple[AnyKind, ...]] = (
    Kind(
        record=AclItem,
        place="acl_id",
        waits=lambda: columns(AclItem).state.in_([state.value for state in _RULE]),
        parts=lambda _item: (WHOLE,),
        end=end_item,
    ),
)
"""What waits in a list."""

OF_VPN_USERS: Final[tuple[AnyKind, ...]] = (
    Kind(
        record=VpnUser,
        place="account_id",
        waits=lambda: columns(VpnUser).state.in_([state.value for state in _RULE]),
        parts=lambda _user: (WHOLE,),
        end=end_user,
    ),
)
"""What waits among an account's users of VPNs."""
