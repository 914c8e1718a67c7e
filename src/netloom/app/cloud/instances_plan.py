"""What a hypervisor is told of an instance: the machine, its interfaces, what it gets to know at its start.

Rule 1: a plan is read whole from the store each time: an adapter is told what should be, never what changed.
"""

from __future__ import annotations

import ipaddress

from netloom.app.cloud.hypervisors import GuestPlan, NicPlan
from netloom.app.cloud.instances_find import nics_of_one, secondaries_of
from netloom.app.cloud.work import View, missing
from netloom.base.ids import NicId
from netloom.model.cloud.instances import Instance, InstanceNic, SecondaryIp, SshKey, Template, UserData
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.kinds import Kind
from netloom.model.objects import Network, Nic
from netloom.plan.elements import NicFacts
from netloom.store.catalog import find_by_ids
from netloom.store.cloud.records import columns


def plan_of(view: View, instance: Instance, *, without: str | None = None) -> GuestPlan:
    """An instance as its hypervisor has to run it.

    Args:
        view: the records.
        instance: which.
        without: an interface that shall be gone.
    """
    template = view.records.get(Template, instance.template_id)
    if template is None:
        raise missing(Template, instance.template_id, "templateid")
    nics = [nic for nic in nics_of_one(view, instance.id) if nic.id != without]
    connection = view.records.connection
    natives = find_by_ids(connection, Kind.NIC, [nic.id for nic in nics])
    networks = find_by_ids(connection, Kind.NETWORK, list({nic.network_id for nic in nics}))
    guests = view.records.many(GuestNetwork, {nic.network_id for nic in nics})
    secondary = secondaries_of(view, [nic.id for nic in nics])
    plans = []
    for nic in nics:
        native, network = natives.get(nic.id), networks.get(nic.network_id)
        if isinstance(native, Nic) and isinstance(network, Network):
            guest = guests.get(nic.network_id)
            plans.append(_nic_plan(nic, native, network, guest, secondary.get(nic.id, [])))
    return GuestPlan(
        id=instance.id,
        name=instance.external_id or instance.internal_name,
        hostname=instance.name,
        image=template.image,
        cpu_number=instance.cpu_number,
        cpu_speed=instance.cpu_speed,
        memory=instance.memory,
        nics=tuple(plans),
        user_data=_user_data(view, instance),
        keys=_keys(view, instance),
        external_id=instance.external_id,
    )


def nic_facts(instance: Instance, nic: InstanceNic) -> NicFacts:
    """An interface as elements see it."""
    return NicFacts(
        id=NicId(nic.id),
        mac=nic.mac,
        ipv4=nic.ipv4,
        ipv6=nic.ipv6,
        instance_id=instance.id,
        hostname=instance.name,
        is_default=nic.is_default,
    )


def _nic_plan(
    nic: InstanceNic, native: Nic, network: Network, guest: GuestNetwork | None, secondary: list[SecondaryIp]
) -> NicPlan:
    return NicPlan(
        id=NicId(nic.id),
        identity=native.identity,
        device_number=nic.device_number,
        mac=native.mac,
        ipv4=_with_prefix(native.ipv4, network.cidr),
        ipv6=_with_prefix(native.ipv6, network.cidr6),
        gateway=guest.gateway if guest is not None and nic.is_default else None,
        secondary=tuple(
            shown
            for each in secondary
            if (shown := _with_prefix(each.address, network.cidr6 if ":" in each.address else network.cidr))
        ),
        mtu=network.guest_mtu,
        is_default=nic.is_default,
    )


def _with_prefix(address: str | None, cidr: str | None) -> str | None:
    if address is None or cidr is None:
        return None
    return f"{address}/{ipaddress.ip_network(cidr).prefixlen}"


def _keys(view: View, instance: Instance) -> tuple[str, ...]:
    if not instance.key_pairs:
        return ()
    c = columns(SshKey)
    found = view.records.select(SshKey, c.account_id == instance.account_id, c.name.in_(instance.key_pairs))
    return tuple(key.public_key for key in found)


def _user_data(view: View, instance: Instance) -> str | None:
    if instance.user_data is not None or instance.user_data_id is None:
        return instance.user_data
    kept = view.records.get(UserData, instance.user_data_id)
    return None if kept is None else kept.data
