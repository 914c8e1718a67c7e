"""What of an instance may change while it is there: names, words for people, user data, keys, groups, protection.

Rule 1: what a guest learns at its start (host name, user data, keys, its size) is changed for its next one; a host name,
    keys and the size only while it is stopped.
Rule 2: a size is charged and metered by what the record says: limits hold for the new one, usage tells both.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from netloom.app.cloud import instances_life as life
from netloom.app.cloud.doing import nothing_more
from netloom.app.cloud.instances_find import nics_of_one
from netloom.app.cloud.instances_nics import check_hostname_free
from netloom.app.cloud.instances_terms import (
    SIZE_DETAILS,
    check_details,
    check_display,
    check_groups,
    check_hostname,
    check_keys,
    check_user_data,
    size_of,
    user_data_of,
)
from netloom.app.cloud.security_groups_members import groups_for, set_groups
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Account
from netloom.model.cloud.instances import Instance, InstanceState
from netloom.model.cloud.networks import GuestNetwork


class UpdateInstance(msgspec.Struct, frozen=True, kw_only=True):
    """Other values; None: as they are."""

    id: Uuid
    name: str | None = None
    display_name: str | None = None
    group: str | None = None
    ha_enabled: bool | None = None
    display: bool | None = None
    dynamically_scalable: bool | None = None
    delete_protection: bool | None = None
    user_data: str | None = None
    user_data_id: Uuid | None = None
    details: Mapping[str, str] | None = None
    clear_details: bool = False
    security_group_ids: tuple[Uuid, ...] | None = None
    security_group_names: tuple[str, ...] | None = None


class ResetKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Other keys for an instance's next start."""

    id: Uuid
    key_pairs: tuple[str, ...]


class ResetUserData(msgspec.Struct, frozen=True, kw_only=True):
    """Other user data for an instance's next start; neither: none."""

    id: Uuid
    user_data: str | None = None
    user_data_id: Uuid | None = None


class ResizeInstance(msgspec.Struct, frozen=True, kw_only=True):
    """Another service offering for an instance's next start; `details` choose the size where the offering leaves it open."""

    id: Uuid
    service_offering_id: Uuid
    details: Mapping[str, str] = {}


def _update(work: Work, request: UpdateInstance) -> Instance:
    instance = work.get(Instance, request.id)
    after = msgspec.structs.replace(
        instance,
        display_name=instance.display_name
        if request.display_name is None
        else check_display(request.display_name),
        group=instance.group if request.group is None else check_display(request.group, "group"),
        ha_enabled=_or(request.ha_enabled, instance.ha_enabled),
        display=_or(request.display, instance.display),
        dynamically_scalable=_or(request.dynamically_scalable, instance.dynamically_scalable),
        delete_protection=_or(request.delete_protection, instance.delete_protection),
        details=_details(instance, request),
    )
    _regroup(work, instance, request)
    if request.user_data is not None or request.user_data_id is not None:
        after = _with_user_data(work, after, request.user_data, request.user_data_id)
    if request.name is not None and request.name != instance.name:
        after = msgspec.structs.replace(after, name=_renamed(work, instance, request.name))
    return work.update(after)


def _or(wanted: bool | None, now: bool) -> bool:
    return now if wanted is None else wanted


def _details(instance: Instance, request: UpdateInstance) -> Mapping[str, str]:
    if request.clear_details:
        return {}
    return instance.details if request.details is None else check_details(request.details)


def _regroup(work: Work, instance: Instance, request: UpdateInstance) -> None:
    if request.security_group_ids is None and request.security_group_names is None:
        return
    _stopped(instance, "securitygroupids")
    ids, names = request.security_group_ids or (), request.security_group_names or ()
    wanted = check_groups(work, ids, names, instance.account_id)
    owner = work.get(Account, instance.account_id)
    networks = work.records.many(GuestNetwork, [nic.network_id for nic in nics_of_one(work, instance.id)])
    set_groups(work, instance, groups_for(work, owner, wanted, networks.values()))


def _renamed(work: Work, instance: Instance, name: str) -> str:
    _stopped(instance, "name")
    check_hostname(name)
    networks = work.records.many(GuestNetwork, [nic.network_id for nic in nics_of_one(work, instance.id)])
    for network in networks.values():
        check_hostname_free(work, name, network, instance.id)
    return name


def _stopped(instance: Instance, subject: str) -> None:
    if instance.state is not InstanceState.STOPPED:
        raise Conflict(
            f"instance {instance.name} ({instance.id}) is {instance.state.value}",
            code="instance-not-stopped",
            subject=subject,
            hint="stop it first",
        )


def _with_user_data(work: Work, instance: Instance, text: str | None, linked: Uuid | None) -> Instance:
    if text is not None and linked is not None:
        raise InvalidInput("user data and the id of some", subject="userdataid", hint="give one of them")
    if linked is not None:
        user_data_of(work, linked, instance.account_id, instance.domain_id)
    checked = None if text is None else check_user_data(text)
    return msgspec.structs.replace(instance, user_data=checked, user_data_id=linked)


def _reset_user_data(work: Work, request: ResetUserData) -> Instance:
    instance = work.get(Instance, request.id)
    _stopped(instance, "id")
    return work.update(_with_user_data(work, instance, request.user_data, request.user_data_id))


def _reset_keys(work: Work, request: ResetKeys) -> Instance:
    instance = work.get(Instance, request.id)
    _stopped(instance, "id")
    if not request.key_pairs:
        raise InvalidInput("no key is named", subject="keypairs", hint="names of registered keys")
    keys = check_keys(work, request.key_pairs, instance.account_id)
    return work.update(msgspec.structs.replace(instance, key_pairs=keys))


def _resize(work: Work, request: ResizeInstance) -> Instance:
    instance = work.get(Instance, request.id)
    _stopped(instance, "id")
    if request.service_offering_id == instance.service_offering_id and not request.details:
        raise InvalidInput(
            f"instance {instance.name} ({instance.id}) has this service offering already",
            code="same-offering",
            subject="serviceofferingid",
            hint="name another one",
        )
    owner, wished = work.get(Account, instance.account_id), check_details(request.details)
    size = size_of(work, request.service_offering_id, owner, wished)
    kept = {name: value for name, value in instance.details.items() if name.lower() not in SIZE_DETAILS}
    return work.update(
        msgspec.structs.replace(
            instance,
            service_offering_id=request.service_offering_id,
            cpu_number=size.cpu_number,
            cpu_speed=size.cpu_speed,
            memory=size.memory,
            details=check_details({**kept, **wished}),
        )
    )


UPDATE = UseCase(
    name="instance.update",
    command="updateVirtualMachine",
    event="VM.UPDATE",
    request=UpdateInstance,
    begin=_update,
)
RESET_KEYS = UseCase(
    name="instance.reset_keys",
    command="resetSSHKeyForVirtualMachine",
    event="VM.RESETSSHKEY",
    request=ResetKeys,
    begin=_reset_keys,
    apply=nothing_more,
    queue=life.queue_of,
)
RESET_USER_DATA = UseCase(
    name="instance.reset_user_data",
    command="resetUserDataForVirtualMachine",
    event="VM.RESETUSERDATA",
    request=ResetUserData,
    begin=_reset_user_data,
)
RESIZE = UseCase(
    name="instance.resize",
    command="changeServiceForVirtualMachine",
    event="VM.UPGRADE",
    request=ResizeInstance,
    begin=_resize,
)
SCALE = UseCase(
    name="instance.scale",
    command="scaleVirtualMachine",
    event="VM.SCALE",
    request=ResizeInstance,
    begin=_resize,
    apply=nothing_more,
    queue=life.queue_of,
)
"""The same as CloudStack has it with a job."""
USE_CASES = (UPDATE, RESET_KEYS, RESET_USER_DATA, RESIZE, SCALE)
