"""What a provider is told of remote access: the VPNs of a network or VPC, and the users who may use them.

Rule 1: users belong to an account and may use all VPNs of it; a provider is told all of them with each VPN.
Rule 2: a VPN goes with its address or its network: what releases these calls `end_vpns` and then `forget_vpns`.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.vpn_secrets import for_router
from netloom.app.cloud.work import View, Work
from netloom.base.ids import Uuid
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.record import Record
from netloom.model.cloud.rules import RuleState
from netloom.model.cloud.vpn import (
    RemoteAccessVpn,
    RemoteVpnEvent,
    RemoteVpnState,
    VpnUser,
    next_remote_state,
)
from netloom.store.cloud.records import Where, columns


def vpns_of_network(view: View, network_id: Uuid) -> tuple[Record, ...]:
    """Addresses, VPNs and users of a network."""
    return _told(view, columns(RemoteAccessVpn).network_id == network_id)


def vpns_of_vpc(view: View, vpc_id: Uuid) -> tuple[Record, ...]:
    """Addresses, VPNs and users of a VPC."""
    return _told(view, columns(RemoteAccessVpn).vpc_id == vpc_id)


def _told(view: View, where: Where) -> tuple[Record, ...]:
    c = columns(RemoteAccessVpn)
    vpns = view.records.select(RemoteAccessVpn, where, c.state != RemoteVpnState.REMOVED.value)
    addresses = view.records.many(PublicIp, [vpn.public_ip_id for vpn in vpns])
    users = users_of(view, {vpn.account_id for vpn in vpns})
    return (*addresses.values(), *(for_router(view, secret) for secret in (*vpns, *users)))


def users_of(view: View, account_ids: set[str]) -> list[VpnUser]:
    """The users of accounts who may still dial in."""
    if not account_ids:
        return []
    c = columns(VpnUser)
    return view.records.select(VpnUser, c.account_id.in_(account_ids), c.state != RuleState.REVOKE.value)


def on_address(ip_id: Uuid) -> Where:
    """The condition that a VPN is on an address."""
    return columns(RemoteAccessVpn).public_ip_id == ip_id


def end_vpns(work: Work, where: Where) -> None:
    """Have providers told no more of VPNs."""
    for vpn in work.records.select(RemoteAccessVpn, where):
        gone = next_remote_state(vpn.state, RemoteVpnEvent.REMOVE)
        work.update(msgspec.structs.replace(vpn, state=gone))


def forget_vpns(work: Work, where: Where) -> None:
    """Take out VPNs that no provider has any more."""
    work.delete_all(work.records.select(RemoteAccessVpn, where))
