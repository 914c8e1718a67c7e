"""Interfaces of instances that are there: added, taken away, made the default one, given other addresses.

Rule 1: while an instance runs its hypervisor is told at once, by the same plan as at a start; stopped, with its next start.
Rule 2: the default interface stays, and so does one that rules lead to.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from netloom.app.cloud.doing import Doing
from netloom.app.cloud.instances_cases import asked
from netloom.app.cloud.instances_find import nic_in, nics_of_one
from netloom.app.cloud.instances_networks import bring_up, let_go
from netloom.app.cloud.instances_nics import NicWish, add_nic, drop_nic
from netloom.app.cloud.instances_place import facts_of, host_of
from netloom.app.cloud.instances_rules import check_free_of_rules
from netloom.app.cloud.instances_run import run_on
from netloom.app.cloud.networks_use import usable_network
from netloom.app.cloud.security_groups_members import have_groups
from netloom.app.cloud.usecase import Ending
from netloom.app.cloud.work import View, Work, missing
from netloom.base.errors import Conflict, InvalidInput, NetloomError
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Account
from netloom.model.cloud.instances import Instance, InstanceNic, InstanceState

SETTLED = frozenset({InstanceState.RUNNING, InstanceState.STOPPED})


class AddNic(msgspec.Struct, frozen=True, kw_only=True):
    """A further interface."""

    instance_id: Uuid
    network_id: Uuid
    ipv4: str | None = None
    mac: str | None = None
    dhcp_options: Mapping[str, str] = {}


class NicOf(msgspec.Struct, frozen=True, kw_only=True):
    """An interface of an instance."""

    instance_id: Uuid
    nic_id: Uuid


class RemoveNic(NicOf, frozen=True, kw_only=True):
    """Take an interface away; not the default one, nor one that rules lead to."""


class UseNic(NicOf, frozen=True, kw_only=True):
    """Have the default route go by another interface."""


def settled(work: Work, instance_id: Uuid, subject: str = "virtualmachineid") -> Instance:
    """An instance that runs or is stopped: its interfaces may change.

    Raises:
        NotFound: there is none.
        Conflict: it is on its way somewhere, or gone (`instance-not-settled`).
    """
    instance = work.get(Instance, instance_id, subject)
    if instance.state not in SETTLED:
        raise Conflict(
            f"instance {instance.name} ({instance.id}) is {instance.state.value}",
            code="instance-not-settled",
            subject=subject,
            hint="interfaces change while it is Running or Stopped",
        )
    return instance


def nic_of(view: View, instance: Instance, nic_id: Uuid, subject: str = "nicid") -> InstanceNic:
    """An interface of an instance.

    Raises:
        NotFound: it has none of this id.
    """
    nic = view.records.get(InstanceNic, nic_id)
    if nic is None or nic.instance_id != instance.id:
        raise missing(InstanceNic, nic_id, subject)
    return nic


async def replug(doing: Doing, instance: Instance, *, without: str | None = None) -> None:
    """Have the guest of a running instance have the interfaces that the records say."""
    host_id = instance.host_id
    if instance.state is not InstanceState.RUNNING or host_id is None:
        return
    host = await doing.read(lambda view: facts_of(host_of(view, host_id)))
    await run_on(doing, instance, host, without=without)


# -- add ---------------------------------------------------------------------------------------------------------------


def _add(work: Work, request: AddNic) -> Instance:
    instance = settled(work, request.instance_id)
    owner = work.records.get(Account, instance.account_id)
    if owner is None:
        raise missing(Account, instance.account_id, "account")
    network = usable_network(work, request.network_id, owner)
    there = nics_of_one(work, instance.id)
    if any(nic.network_id == network.id for nic in there):
        raise InvalidInput(
            f"instance {instance.name} ({instance.id}) has an interface in network {network.name} ({network.id})",
            code="network-twice",
            subject="networkid",
            hint="one interface in a network; further addresses: addIpToNic",
        )
    taken = {nic.device_number for nic in there}
    number = next(number for number in range(len(there) + 1) if number not in taken)
    wish = NicWish(
        network_id=network.id, ipv4=request.ipv4, mac=request.mac, dhcp_options=request.dhcp_options
    )
    have_groups(work, instance, network)
    nic = add_nic(work, instance, wish, network, number)
    if number == 0 and there:  # the device is free, the default route is another's
        work.update(msgspec.structs.replace(nic, is_default=False))
    return instance


async def _apply_add(doing: Doing, instance: Instance) -> Ending | None:
    try:
        if instance.state is InstanceState.RUNNING:
            await bring_up(doing, instance)
        await replug(doing, instance)
    except NetloomError:
        network_id = doing.request(AddNic).network_id
        await doing.write(lambda work: _take_back(work, instance, network_id))
        raise
    return None


def _take_back(work: Work, instance: Instance, network_id: Uuid) -> None:
    """The interface that could not be plugged goes again."""
    nic = nic_in(work, instance, network_id)
    if nic is not None and not nic.is_default:
        drop_nic(work, nic)


# -- remove ------------------------------------------------------------------------------------------------------------


def _begin(work: Work, request: NicOf) -> Instance:
    instance = settled(work, request.instance_id)
    nic_of(work, instance, request.nic_id)
    return instance


def _removable(view: View, instance: Instance, nic_id: Uuid) -> InstanceNic | None:
    nic = view.records.get(InstanceNic, nic_id)
    if nic is None:
        return None  # an earlier run of the job did it
    if nic.is_default:
        raise InvalidInput(
            f"interface {nic.id} is the default one of instance {instance.name} ({instance.id})",
            code="nic-is-default",
            subject="nicid",
            hint="make another one the default first (updateDefaultNicForVirtualMachine)",
        )
    check_free_of_rules(view, nic)
    return nic


async def _remove(doing: Doing, instance: Instance) -> Ending | None:
    nic_id = doing.request(NicOf).nic_id
    nic = await doing.read(lambda view: _removable(view, instance, nic_id))
    if nic is None:
        return None
    await replug(doing, instance, without=nic.id)
    await let_go(doing, instance, only=nic.id)

    def ending(work: Work) -> None:
        now = _removable(work, instance, nic_id)
        if now is not None:
            drop_nic(work, now)

    return ending


# -- default -----------------------------------------------------------------------------------------------------------


def _begin_default(work: Work, request: NicOf) -> Instance:
    instance = settled(work, request.instance_id)
    if nic_of(work, instance, request.nic_id).is_default:
        raise InvalidInput(
            f"interface {request.nic_id} is the default one of instance {instance.name} ({instance.id}) already",
            code="nic-is-default",
            subject="nicid",
        )
    return instance


async def _make_default(doing: Doing, instance: Instance) -> Ending | None:
    nic_id = doing.request(NicOf).nic_id
    await doing.write(lambda work: _swap(work, instance, nic_id))
    await replug(doing, instance)
    return None


def _swap(work: Work, instance: Instance, nic_id: Uuid) -> None:
    """The new default interface is device 0; the old one gets its number."""
    nics = nics_of_one(work, instance.id)
    new = next((nic for nic in nics if nic.id == nic_id), None)
    old = next((nic for nic in nics if nic.is_default), None)
    if new is None:
        raise missing(InstanceNic, nic_id, "nicid")
    if new.is_default:
        return
    if old is None:
        work.update(msgspec.structs.replace(new, is_default=True))
        return
    spare = max(nic.device_number for nic in nics) + 1  # two never have one number, not even for a moment
    work.update(msgspec.structs.replace(old, is_default=False, device_number=spare))
    work.update(msgspec.structs.replace(new, is_default=True, device_number=old.device_number))
    now = nic_of(work, instance, old.id)
    work.update(msgspec.structs.replace(now, device_number=new.device_number))


ADD_NIC = asked("add_nic", "addNicToVirtualMachine", "NIC.CREATE", AddNic, _add, _apply_add)
REMOVE_NIC = asked("remove_nic", "removeNicFromVirtualMachine", "NIC.DELETE", RemoveNic, _begin, _remove)
DEFAULT_NIC = asked(
    "default_nic", "updateDefaultNicForVirtualMachine", "NIC.UPDATE", UseNic, _begin_default, _make_default
)
USE_CASES = (ADD_NIC, REMOVE_NIC, DEFAULT_NIC)
