"""Giving public addresses back: with all that stands on them, and with a rest before others may have them.

Rule 1: what leads packets of an address somewhere is revoked first, told to the providers, and goes with the address's row.
Rule 2: an address that was its owner's rests for the setting's minutes; its last owner may have it back at once.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from netloom.app.cloud import configuration
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.rules_life import drop, revoke, stages_of
from netloom.app.cloud.rules_provider import bring
from netloom.app.cloud.tags import forget as forget_tags
from netloom.app.cloud.usecase import Ending
from netloom.app.cloud.vpc_provider import bring_parts
from netloom.app.cloud.vpn_stage import end_vpns, forget_vpns, on_address
from netloom.app.cloud.work import View, Work
from netloom.base.ids import Uuid
from netloom.model.cloud.addresses import IpEvent, IpState, PublicIp, QuarantinedIp, next_ip_state
from netloom.model.cloud.dns import DnsRecord
from netloom.model.cloud.load_balancers import InternalLoadBalancer, LoadBalancer
from netloom.model.cloud.rules import (
    FirewallRule,
    Ipv6FirewallRule,
    PortForwardingRule,
    RoutingFirewallRule,
    Rule,
    StaticNatRule,
)
from netloom.model.cloud.untold import Mark
from netloom.model.cloud.vpn import RemoteAccessVpn
from netloom.plan.elements import RuleStage
from netloom.plan.vpc_elements import VpcPart
from netloom.store.cloud.records import columns

QUARANTINE = "public.ip.address.quarantine.duration"


def begin_release(work: Work, ip: PublicIp) -> PublicIp:
    """Revoke all that stands on an address, and keep it as on its way out."""
    for rule in rules_on(work, ip.id):
        revoke(work, rule)
    end_vpns(work, on_address(ip.id))
    return work.update(
        msgspec.structs.replace(
            ip,
            state=next_ip_state(ip.state, IpEvent.RELEASE),
            static_nat=False,
            instance_id=None,
            nic_id=None,
            guest_address=None,
        )
    )


async def apply_release(doing: Doing, ip: PublicIp) -> Ending:
    """Have providers let go of an address and all that stood on it."""
    vpns = await doing.read(lambda view: view.records.exists(RemoteAccessVpn, on_address(ip.id)))
    rules = await doing.read(lambda view: rules_on(view, ip.id))
    stages = {*stages_of(rules), RuleStage.STATIC_NAT, RuleStage.ADDRESSES}
    parts = {VpcPart.ADDRESSES}
    if vpns:
        stages.add(RuleStage.REMOTE_ACCESS_VPN)
        parts.add(VpcPart.REMOTE_ACCESS_VPN)
    marks = [Mark(f"network/{ip.network_id}", stage.value) for stage in stages if ip.network_id is not None]
    marks += [Mark(f"vpc/{ip.vpc_id}", part.value) for part in parts if ip.vpc_id is not None]
    with doing.telling(marks):
        if ip.network_id is not None:
            await bring(doing, ip.network_id, stages)
        if ip.vpc_id is not None:
            await bring_parts(doing, ip.vpc_id, parts)
    return lambda work: finish_release(work, ip.id)


def finish_release(work: Work, ip_id: Uuid, *, rests: bool = True) -> None:
    """Take out an address's row and those of all that stood on it; it rests if it was used and the setting says so."""
    ip = work.records.get(PublicIp, ip_id)
    if ip is None:
        return
    for rule in rules_on(work, ip.id):
        drop(work, rule)
    forget_vpns(work, on_address(ip.id))
    now = work.records.get(PublicIp, ip_id) or ip
    if rests and ip.state is IpState.RELEASING and not ip.for_system:
        _rest(work, now)
    forget_tags(work, [ip.id])
    work.delete(now)


def release_at_once(work: Work, ip: PublicIp) -> None:
    """Give an address back whose network or VPC has left its providers: nobody is to be told any more."""
    if ip.state is IpState.ALLOCATING:
        failed = next_ip_state(ip.state, IpEvent.FAIL)
        ip = work.update(msgspec.structs.replace(ip, state=failed))
    finish_release(work, begin_release(work, ip).id)


def rules_on(view: View, ip_id: Uuid) -> list[Rule]:
    """All rules of an address, in an order in which they can be taken out."""
    found: list[Rule] = []
    for record_type in (PortForwardingRule, LoadBalancer, StaticNatRule, FirewallRule):
        found += view.records.select(record_type, columns(record_type).public_ip_id == ip_id)
    return found


def release_network(work: Work, network_id: Uuid) -> None:
    """Take out the rules and addresses of a network that nothing of is left at its providers.

    Addresses of a VPC go back to it, the network's own are given back.
    """
    for record_type in (
        PortForwardingRule, LoadBalancer, StaticNatRule, FirewallRule, Ipv6FirewallRule,
        RoutingFirewallRule,
        InternalLoadBalancer, DnsRecord,
    ):  # fmt: skip
        for rule in work.records.select(record_type, columns(record_type).network_id == network_id):
            drop(work, rule)
    forget_vpns(work, columns(RemoteAccessVpn).network_id == network_id)
    c = columns(PublicIp)
    for ip in work.records.select(PublicIp, c.network_id == network_id):
        if ip.vpc_id is None:
            release_at_once(work, ip)
        else:
            cleared = msgspec.structs.replace(
                ip, network_id=None, static_nat=False, instance_id=None, nic_id=None, guest_address=None
            )
            work.update(cleared)


def _rest(work: Work, ip: PublicIp) -> None:
    minutes = configuration.number(work, QUARANTINE)
    c = columns(QuarantinedIp)
    work.delete_all(work.records.select(QuarantinedIp, c.range_id == ip.range_id, c.position == ip.position))
    if minutes > 0:
        work.insert(
            QuarantinedIp(
                **work.birth(),
                address=ip.address,
                position=ip.position,
                range_id=ip.range_id,
                previous_account_id=ip.account_id,
                previous_domain_id=ip.domain_id,
                ends_at=work.at + timedelta(minutes=minutes),
            )
        )
