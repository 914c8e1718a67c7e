"""Remote access VPNs: people's machines in a network or a VPC, through one of its public addresses.

Rule 1: a VPN takes its UDP ports of the address for itself; with a firewall before the network they are opened with it.
Rule 2: an address has one VPN, and a network or VPC has one; its shared key is made here, never chosen.
"""

from __future__ import annotations

import ipaddress
import secrets
import string

import msgspec

from netloom.app.cloud import configuration
from netloom.app.cloud.display import displaying
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.endings import ended
from netloom.app.cloud.firewall import open_with
from netloom.app.cloud.rules_claims import check_claim, vpn_claims
from netloom.app.cloud.rules_life import related_to
from netloom.app.cloud.rules_places import address_of, conserves, refuse_static_nat
from netloom.app.cloud.rules_provider import bring, offers
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.vpc_provider import bring_parts, element_of
from netloom.app.cloud.vpc_tiers import tiers_of
from netloom.app.cloud.vpn_secrets import remote_key_place
from netloom.app.cloud.work import View, Work, missing
from netloom.base.errors import Conflict, InvalidInput, NetloomError
from netloom.base.ids import NetworkId, Uuid
from netloom.base.net import IPNetwork
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.rules import RuleEvent, RuleState, next_rule_state
from netloom.model.cloud.rules_traffic import PortRange, Protocol, Traffic
from netloom.model.cloud.services import Service
from netloom.model.cloud.vpc import Vpc, check_open
from netloom.model.cloud.vpn import (
    REMOTE_PORTS,
    RemoteAccessVpn,
    RemoteVpnEvent,
    RemoteVpnState,
    check_clients,
    next_remote_state,
)
from netloom.plan.elements import RuleStage
from netloom.plan.vpc_elements import VpcPart
from netloom.store.cloud.records import columns

_ALPHABET = "".join(sorted(set(string.ascii_letters + string.digits) - set("0O1lI")))


class CreateRemoteAccessVpn(msgspec.Struct, frozen=True, kw_only=True):
    """A VPN on a public address. No range: the configuration's."""

    public_ip_id: Uuid
    clients: str | None = None
    open_firewall: bool | None = None
    for_display: bool = True


class DeleteRemoteAccessVpn(msgspec.Struct, frozen=True, kw_only=True):
    """The VPN of a public address."""

    public_ip_id: Uuid


def _create(work: Work, request: CreateRemoteAccessVpn) -> RemoteAccessVpn:
    ip = address_of(work, request.public_ip_id, "publicipid")
    refuse_static_nat(ip, "remote access VPN")
    network, vpc = _place(work, ip)
    text = request.clients or configuration.text(work, "remote.access.vpn.client.iprange")
    clients = check_clients(text, _behind(work, network, vpc))
    birth = work.owned(ip)
    vpn = RemoteAccessVpn(
        **birth,
        public_ip_id=ip.id,
        network_id=None if network is None else NetworkId(network.id),
        vpc_id=None if vpc is None else vpc.id,
        clients=clients,
        key=work.backends.vault.seal(_new_key(work), remote_key_place(birth["id"])),
        for_display=request.for_display,
    )
    _check_only(work, vpn, ip)
    place = network.id if network is not None else vpc.id if vpc is not None else ip.id
    conserve = network is None or conserves(work, network)
    for claim in vpn_claims(vpn.id, ip.id, place):
        check_claim(work, claim, conserve=conserve)
    vpn = work.insert(vpn)
    if network is not None:
        for port in REMOTE_PORTS:
            traffic = Traffic(Protocol.UDP, PortRange(port, port))
            open_with(work, ip, network, vpn.id, traffic, request.open_firewall)
    return vpn


def _place(work: Work, ip: PublicIp) -> tuple[GuestNetwork | None, Vpc | None]:
    """The network or the VPC that an address leads into, when somebody gives VPNs there."""
    if ip.vpc_id is not None:
        vpc = work.get(Vpc, ip.vpc_id, "publicipid")
        check_open(vpc)
        if not ip.source_nat:
            raise InvalidInput(
                f"address {ip.address} ({ip.id}) is not what VPC {vpc.name} ({vpc.id}) is seen as outside",
                code="not-source-nat",
                subject="publicipid",
                hint="remote access to a VPC goes to its source NAT address",
            )
        element_of(work, vpc, Service.VPN)
        return None, vpc
    if ip.network_id is None:
        raise InvalidInput(
            f"public address {ip.address} ({ip.id}) leads into no network",
            code="address-not-associated",
            subject="publicipid",
            hint="acquire an address for the network",
        )
    network = work.get(GuestNetwork, ip.network_id, "publicipid")
    offers(work, network, Service.VPN)
    return network, None


def _behind(view: View, network: GuestNetwork | None, vpc: Vpc | None) -> list[tuple[str, IPNetwork]]:
    if vpc is not None:
        tiers = [(tier.name, tier.network_cidr or tier.cidr) for tier in tiers_of(view, vpc)]
        found = [(f"VPC {vpc.name}", vpc.cidr), *tiers]
    else:
        found = [] if network is None else [(network.name, network.network_cidr or network.cidr)]
    return [(name, ipaddress.ip_network(text)) for name, text in found if text is not None]


def _check_only(view: View, vpn: RemoteAccessVpn, ip: PublicIp) -> None:
    c = columns(RemoteAccessVpn)
    place = c.network_id == vpn.network_id if vpn.network_id is not None else c.vpc_id == vpn.vpc_id
    for where, what in (
        (c.public_ip_id == ip.id, f"address {ip.address} ({ip.id})"),
        (place, "the network behind it"),
    ):
        other = view.records.first(RemoteAccessVpn, where)
        if other is not None:
            raise Conflict(
                f"{what} has remote access VPN {other.id} already",
                code="remote-access-vpn-taken",
                subject="publicipid",
                hint="one VPN an address, and one a network",
            )


def _new_key(view: View) -> str:
    length = configuration.number(view, "remote.access.vpn.psk.length")
    return "".join(secrets.choice(_ALPHABET) for _ in range(min(max(length, 8), 256)))


def _remove(work: Work, request: DeleteRemoteAccessVpn) -> RemoteAccessVpn:
    ip = work.get(PublicIp, request.public_ip_id, "publicipid")
    vpn = work.records.first(RemoteAccessVpn, columns(RemoteAccessVpn).public_ip_id == ip.id)
    if vpn is None:
        raise missing(RemoteAccessVpn, f"of address {ip.address}", "publicipid")
    for rule in related_to(work, vpn.id):
        state = next_rule_state(rule.state, RuleEvent.REVOKE)
        work.update(msgspec.structs.replace(rule, state=state))
    return work.update(
        msgspec.structs.replace(vpn, state=next_remote_state(vpn.state, RemoteVpnEvent.REMOVE))
    )


async def bring_vpn(doing: Doing, vpn: RemoteAccessVpn) -> None:
    """Have the provider have a VPN, its users, and what was opened for it, as they stand.

    Raises:
        Conflict: nobody gives VPNs there any more (`service-not-provided`).
        PeerError: the provider could not (`provider-failed`).
    """
    if vpn.network_id is not None:
        await bring(doing, vpn.network_id, {RuleStage.FIREWALL, RuleStage.REMOTE_ACCESS_VPN})
    elif vpn.vpc_id is not None:
        await bring_parts(doing, vpn.vpc_id, {VpcPart.REMOTE_ACCESS_VPN})


async def _tell(doing: Doing, vpn: RemoteAccessVpn) -> Ending:
    """Have the provider have the VPNs as they stand, this one among them or not."""
    await bring_vpn(doing, vpn)
    return ended(vpn, end_vpn, _leaves)


def _leaves(vpn: RemoteAccessVpn) -> bool:
    return vpn.state is RemoteVpnState.REMOVED


def end_vpn(work: Work, vpn: RemoteAccessVpn) -> None:
    """Keep that a VPN, and what was opened for it, is as its provider was told: there, or gone."""
    if _leaves(vpn):
        _forget(work, vpn)
        return
    work.update(msgspec.structs.replace(vpn, state=next_remote_state(vpn.state, RemoteVpnEvent.APPLY)))
    for rule in related_to(work, vpn.id):
        if rule.state is not RuleState.REVOKE:
            state = next_rule_state(rule.state, RuleEvent.APPLY)
            work.update(msgspec.structs.replace(rule, state=state))


def _forget(work: Work, record: RemoteAccessVpn) -> None:
    now = work.records.get(RemoteAccessVpn, record.id)
    if now is not None:
        work.delete_all(related_to(work, record.id))
        work.delete(now)


def _withdraw(work: Work, record: RemoteAccessVpn, _error: NetloomError) -> None:
    _forget(work, record)


def _queue(record: RemoteAccessVpn) -> str:
    return f"network/{record.network_id}" if record.network_id is not None else f"vpc/{record.vpc_id}"


CREATE = UseCase(
    name="remote_access_vpn.create",
    command="createRemoteAccessVpn",
    event="VPN.REMOTE.ACCESS.CREATE",
    request=CreateRemoteAccessVpn,
    begin=_create,
    apply=_tell,
    undo=_withdraw,
    queue=_queue,
)
UPDATE = displaying(
    "remote_access_vpn.update", "updateRemoteAccessVpn", "VPN.REMOTE.ACCESS.UPDATE", RemoteAccessVpn, _queue
)
DELETE = UseCase(
    name="remote_access_vpn.delete",
    command="deleteRemoteAccessVpn",
    event="VPN.REMOTE.ACCESS.DESTROY",
    request=DeleteRemoteAccessVpn,
    begin=_remove,
    apply=_tell,
    queue=_queue,
)
USE_CASES = (CREATE, UPDATE, DELETE)
