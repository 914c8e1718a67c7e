"""Addresses of interfaces that are there: another one of its own, and secondary ones beside it.

Rule 1: what the interface's own address is changes while its instance is stopped; secondary ones come and go at any time.
Rule 2: an address that rules lead to stays.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud import configuration
from netloom.app.cloud import instances_life as life
from netloom.app.cloud.doing import Doing, nothing_more
from netloom.app.cloud.instances_anew import tell_anew
from netloom.app.cloud.instances_attach import replug, settled
from netloom.app.cloud.instances_nics import change_address, secondary_address
from netloom.app.cloud.instances_rules import check_free_of_rules, check_secondary_free_of_rules
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.work import View, Work, missing
from netloom.base.errors import Conflict, Exhausted, NetloomError
from netloom.base.ids import NetworkId, Uuid
from netloom.model.cloud.instances import Instance, InstanceNic, InstanceState, SecondaryIp
from netloom.model.cloud.networks import GuestNetwork
from netloom.store.cloud.records import columns


class ChangeAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Another address for an interface; None: a free one."""

    nic_id: Uuid
    address: str | None = None


class AddSecondary(msgspec.Struct, frozen=True, kw_only=True):
    """A further address for an interface; None: a free one."""

    nic_id: Uuid
    address: str | None = None


class RemoveSecondary(msgspec.Struct, frozen=True, kw_only=True):
    """A secondary address that shall go."""

    id: Uuid


def _nic(view: View, nic_id: Uuid) -> tuple[InstanceNic, GuestNetwork]:
    nic = view.get(InstanceNic, nic_id, "nicid")
    network = view.records.get(GuestNetwork, nic.network_id)
    if network is None:
        raise missing(GuestNetwork, nic.network_id, "networkid")
    return nic, network


def _change(work: Work, request: ChangeAddress) -> Instance:
    nic, network = _nic(work, request.nic_id)
    instance = work.get(Instance, nic.instance_id)
    if instance.state is not InstanceState.STOPPED:
        raise Conflict(
            f"instance {instance.name} ({instance.id}) is {instance.state.value}",
            code="instance-not-stopped",
            subject="nicid",
            hint="stop it first; its guest learns the address at its start",
        )
    check_free_of_rules(work, nic, nic.ipv4)
    change_address(work, nic, network, request.address)
    return instance


def _add(work: Work, request: AddSecondary) -> SecondaryIp:
    nic, network = _nic(work, request.nic_id)
    settled(work, nic.instance_id, "nicid")
    most = configuration.number(work, "vm.network.nic.max.secondary.ipaddresses")
    there = work.records.count(SecondaryIp, columns(SecondaryIp).nic_id == nic.id)
    if there >= most:
        raise Exhausted(
            f"interface {nic.id} has {there} secondary addresses",
            code="too-many-addresses",
            subject="nicid",
            hint=f"at most {most}",
        )
    made = work.insert(
        SecondaryIp(
            **work.owned(nic),
            nic_id=nic.id,
            network_id=NetworkId(network.id),
            address=secondary_address(work, network, request.address),
        )
    )
    tell_anew(work, [nic])
    return made


async def _tell(doing: Doing, secondary: SecondaryIp) -> Ending | None:
    instance = await doing.read(lambda view: _instance(view, secondary))
    if instance is not None:
        await replug(doing, instance)
    return None


def _instance(view: View, secondary: SecondaryIp) -> Instance | None:
    nic = view.records.get(InstanceNic, secondary.nic_id)
    return None if nic is None else view.records.get(Instance, nic.instance_id)


def _undo_add(work: Work, secondary: SecondaryIp, _error: NetloomError) -> None:
    work.delete(secondary)
    nic = work.records.get(InstanceNic, secondary.nic_id)
    if nic is not None:
        tell_anew(work, [nic])


def _remove(work: Work, request: RemoveSecondary) -> InstanceNic:
    secondary = work.get(SecondaryIp, request.id)
    nic = work.get(InstanceNic, secondary.nic_id, "id")
    settled(work, nic.instance_id, "id")
    check_secondary_free_of_rules(work, secondary, nic)
    work.delete(secondary)
    tell_anew(work, [nic])
    return nic


async def _tell_removed(doing: Doing, nic: InstanceNic) -> Ending | None:
    instance = await doing.read(lambda view: view.records.get(Instance, nic.instance_id))
    if instance is not None:
        await replug(doing, instance)
    return None


UPDATE_IP = UseCase(
    name="instance.change_address",
    command="updateVmNicIp",
    event="NIC.UPDATE",
    request=ChangeAddress,
    begin=_change,
    apply=nothing_more,
    queue=life.queue_of,
)
ADD_IP = UseCase(
    name="secondary_ip.create",
    command="addIpToNic",
    event="NIC.SECONDARY.IP.ASSIGN",
    request=AddSecondary,
    begin=_add,
    apply=_tell,
    undo=_undo_add,
)
REMOVE_IP = UseCase(
    name="secondary_ip.delete",
    command="removeIpFromNic",
    event="NIC.SECONDARY.IP.UNASSIGN",
    request=RemoveSecondary,
    begin=_remove,
    apply=_tell_removed,
)
USE_CASES = (UPDATE_IP, ADD_IP, REMOVE_IP)
