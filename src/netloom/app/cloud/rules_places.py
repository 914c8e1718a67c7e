"""Where a rule may be: on an address that leads into a network, to a NIC that is in it.

Rule 1: a rule belongs to whom its address (or network) belongs to; what the caller may not see is not found.
Rule 2: a VPC's address, and a portable one, leads into the network of its first rule, and into none when the last is gone.
"""

from __future__ import annotations

import ipaddress

import msgspec

from netloom.app.cloud.instances_find import nic_in
from netloom.app.cloud.networks_use import network_seen
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, Forbidden, InvalidInput
from netloom.base.ids import NetworkId, NicId, Uuid
from netloom.model.cloud.addresses import IpState, PublicIp
from netloom.model.cloud.instances import Instance, SecondaryIp
from netloom.model.cloud.load_balancers import LoadBalancer
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import NetworkOffering
from netloom.model.cloud.record import Owned
from netloom.model.cloud.rules import PortForwardingRule, StaticNatRule
from netloom.store.cloud.records import columns

EVERYBODY = {4: "0.0.0.0/0", 6: "::/0"}


class Target(msgspec.Struct, frozen=True):
    """A guest that packets are led to."""

    instance_id: Uuid
    nic_id: NicId
    guest_address: str


def address_of(work: Work, public_ip_id: Uuid, subject: str = "ipaddressid") -> PublicIp:
    """A public address that rules may be made for.

    Raises:
        NotFound: there is none that the caller may see.
        Conflict: it is on its way to or from its owner (`address-not-allocated`).
    """
    ip = work.get(PublicIp, public_ip_id, subject)
    if ip.state not in (IpState.ALLOCATED, IpState.ALLOCATING):
        raise Conflict(
            f"public address {ip.address} ({ip.id}) is {ip.state.value}",
            code="address-not-allocated",
            subject=subject,
            hint="only an Allocated address takes rules",
        )
    return ip


def leads_into(work: Work, ip: PublicIp, network_id: Uuid | None = None) -> tuple[PublicIp, GuestNetwork]:
    """The network that an address leads into; one that leads nowhere yet is led into the network named.

    Raises:
        InvalidInput: it leads nowhere and no network is named (`address-not-associated`).
        Conflict: it leads into another network than the one named, or that one is not its VPC's or owner's
            (`address-elsewhere`); or it is its VPC's source NAT (`address-is-source-nat`).
    """
    if ip.network_id is None:
        network = _first_place(work, ip, network_id)
        return work.update(msgspec.structs.replace(ip, network_id=NetworkId(network.id))), network
    if network_id is not None and network_id != ip.network_id:
        raise Conflict(
            f"public address {ip.address} ({ip.id}) leads into network {ip.network_id}, not {network_id}",
            code="address-elsewhere",
            subject="networkid",
            hint="use another public address, or delete the rules of that network first",
        )
    return ip, network_seen(work, ip.network_id)


def _first_place(work: Work, ip: PublicIp, network_id: Uuid | None) -> GuestNetwork:
    """The network that an address is to lead into from now on."""
    if network_id is None:
        raise InvalidInput(
            f"public address {ip.address} ({ip.id}) leads into no network",
            code="address-not-associated",
            subject="ipaddressid",
            hint="name a tier of its VPC (networkid)" if ip.vpc_id else "name the network (networkid)",
        )
    network = network_seen(work, network_id)
    if network.vpc_id != ip.vpc_id or network.account_id != ip.account_id or network.zone_id != ip.zone_id:
        whose = f"VPC {ip.vpc_id}" if ip.vpc_id else f"the owner of the address, in zone {ip.zone_id}"
        raise Conflict(
            f"address {ip.address} ({ip.id}) cannot lead into network {network.name} ({network.id})",
            code="address-elsewhere",
            subject="networkid",
            hint=f"a network of {whose}",
        )
    if ip.source_nat:
        raise Conflict(
            f"address {ip.address} ({ip.id}) is what its VPC is seen as outside",
            code="address-is-source-nat",
            subject="ipaddressid",
            hint="acquire another address for the VPC",
        )
    return network


def leave_tier(work: Work, public_ip_id: Uuid) -> None:
    """Let a VPC's address, or one that may move, lead nowhere again once nothing stands on it."""
    ip = work.records.get(PublicIp, public_ip_id)
    if ip is None or ip.network_id is None or ip.nic_id is not None or ip.source_nat:
        return
    if ip.vpc_id is None and not ip.portable:
        return
    for record_type in (PortForwardingRule, LoadBalancer, StaticNatRule):
        if work.records.exists(record_type, columns(record_type).public_ip_id == ip.id):
            return
    work.update(msgspec.structs.replace(ip, network_id=None))


def end_translation(work: Work, public_ip_id: Uuid) -> None:
    """Have an address be no guest's any more, once its provider translates it no more (or never did)."""
    ip = work.records.get(PublicIp, public_ip_id)
    if ip is None:
        return
    work.update(
        msgspec.structs.replace(ip, static_nat=False, instance_id=None, nic_id=None, guest_address=None)
    )
    leave_tier(work, public_ip_id)


def refuse_static_nat(ip: PublicIp, what: str) -> None:
    """Refuse a rule on an address that is translated one to one.

    Raises:
        InvalidInput: it is (`static-nat-enabled`).
    """
    if ip.static_nat:
        raise InvalidInput(
            f"no {what} on public address {ip.address} ({ip.id}): static NAT leads all of it to {ip.guest_address}",
            code="static-nat-enabled",
            subject="ipaddressid",
            hint="use another public address, or disable static NAT first",
        )


def conserves(view: View, network: GuestNetwork) -> bool:
    """Whether one address may serve several purposes in a network."""
    offering = view.records.get(NetworkOffering, network.offering_id)
    return offering is None or offering.conserve_mode


def target(
    work: Work,
    network: GuestNetwork,
    owner: Owned,
    instance_id: Uuid,
    guest_address: str | None = None,
    subject: str = "virtualmachineid",
) -> Target:
    """The guest that packets are led to: an instance's NIC in the network, at its own or a secondary address.

    Args:
        work: the transaction.
        network: where it has to have a NIC.
        owner: the address or rule that leads there; of the same account.
        instance_id: whom it leads to.
        guest_address: where exactly; None: the NIC's own IPv4 address.
        subject: the parameter.

    Raises:
        NotFound: there is no such instance that the caller may see.
        Forbidden: it is another account's than the address (`owner-differs`).
        InvalidInput: it has no NIC in the network, or not this address.
        Conflict: it is being destroyed.
    """
    instance = work.get(Instance, instance_id, subject)
    if instance.account_id != owner.account_id:
        raise Forbidden(
            f"instance {instance.name} ({instance.id}) belongs to another account than what leads to it",
            code="owner-differs",
            subject=subject,
            hint="an instance of the account that has the public address",
        )
    if not instance.state.takes_rules:
        raise Conflict(
            f"instance {instance.name} ({instance.id}) is {instance.state.value}",
            code="instance-gone",
            subject=subject,
            hint="an instance that is not being destroyed",
        )
    nic = nic_in(work, instance, network.id)
    if nic is None:
        raise InvalidInput(
            f"instance {instance.name} ({instance.id}) has no NIC in network {network.name} ({network.id})",
            code="no-nic-in-network",
            subject=subject,
            hint="an instance of this network, or add a NIC first",
        )
    own = nic.ipv4
    if guest_address is None or guest_address == own:
        if own is None:
            raise InvalidInput(
                f"instance {instance.name} ({instance.id}) has no IPv4 address in network {network.name}",
                code="no-nic-in-network",
                subject=subject,
            )
        return Target(instance.id, NicId(nic.id), own)
    wanted = _parsed(guest_address)
    s = columns(SecondaryIp)
    if not work.records.exists(SecondaryIp, s.nic_id == nic.id, s.address == wanted):
        raise InvalidInput(
            f"{guest_address} is not an address of instance {instance.name} ({instance.id}) in network {network.name}",
            code="not-an-address-of-the-nic",
            subject="vmguestip",
            hint=f"{own}, or one of the NIC's secondary addresses",
        )
    return Target(instance.id, NicId(nic.id), wanted)


def _parsed(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise InvalidInput(
            f"{text!r} is not an IP address", subject="vmguestip", hint="for example 10.1.1.7"
        ) from None
