"""The end of instances: destroyed ones can come back, expunged ones are gone with their interfaces and addresses.

Rule 1: what runs is stopped first; nothing of it is left on its host or with an element before its record goes.
Rule 2: rules that lead to an instance go before its interfaces do, so that no rule ever leads to nobody.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from netloom.app.cloud import configuration, tags
from netloom.app.cloud import instances_life as life
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.instances_nics import drop_all
from netloom.app.cloud.instances_plan import plan_of
from netloom.app.cloud.instances_rules import take_rules_away
from netloom.app.cloud.instances_run import halt
from netloom.app.cloud.security_groups_members import leave_groups
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, Forbidden
from netloom.base.ids import Uuid
from netloom.model.cloud.instances import Instance, InstanceEvent, InstanceState, next_instance_state
from netloom.store.cloud.records import columns
from netloom.store.times import to_microseconds

MAX_AT_ONCE = 100
"""Overdue instances that are expunged at a time."""


class DestroyInstance(msgspec.Struct, frozen=True, kw_only=True):
    """Stop it and put it away; `expunge`: for good."""

    id: Uuid
    expunge: bool = False


class ExpungeInstance(msgspec.Struct, frozen=True, kw_only=True):
    """Have a destroyed instance gone for good."""

    id: Uuid


class RecoverInstance(msgspec.Struct, frozen=True, kw_only=True):
    """Have a destroyed instance back, stopped."""

    id: Uuid


def _check_allowed(work: Work, what: str) -> None:
    """Refuse to users what cannot be undone, or undoes what an administrator may count on.

    Raises:
        Forbidden: the caller is no administrator, and the setting does not let users (`not-permitted`).
    """
    if not work.caller.is_admin and not configuration.flag(work, "allow.user.expunge.recover.vm"):
        raise Forbidden(
            f"{work.caller.name} may not {what} instances",
            code="not-permitted",
            subject="id",
            hint="an administrator can, or can let users (allow.user.expunge.recover.vm)",
        )


def _begin_destroy(work: Work, request: DestroyInstance) -> Instance:
    instance = work.get(Instance, request.id)
    if request.expunge or instance.state is InstanceState.DESTROYED:
        _check_allowed(work, "expunge")
    if instance.delete_protection:
        raise Conflict(
            f"instance {instance.name} ({instance.id}) is protected from deletion",
            code="delete-protection",
            subject="id",
            hint="take off its protection from deletion first (updateVirtualMachine)",
        )
    if instance.state in (InstanceState.DESTROYED, InstanceState.EXPUNGING):
        event = InstanceEvent.EXPUNGE
    elif instance.state in (InstanceState.RUNNING, InstanceState.STOPPING):
        event = InstanceEvent.STOP
    else:
        event = InstanceEvent.DESTROY
    state = next_instance_state(instance.state, event)
    return work.update(msgspec.structs.replace(instance, state=state))


async def _destroy(doing: Doing, instance: Instance) -> Ending | None:
    expunge = doing.request(DestroyInstance).expunge
    if instance.state is InstanceState.STOPPING:
        await halt(doing, instance, forced=True)
        instance = await doing.write(lambda work: _put_away(work, instance))
    if not (expunge or instance.state is InstanceState.EXPUNGING):
        return None
    return await expunge_now(doing, instance)


def _put_away(work: Work, instance: Instance) -> Instance:
    stopped = life.stopped(work, instance.id) or instance
    state = next_instance_state(stopped.state, InstanceEvent.DESTROY)
    return work.update(msgspec.structs.replace(stopped, state=state))


def _begin_expunge(work: Work, request: ExpungeInstance) -> Instance:
    instance = work.get(Instance, request.id)
    _check_allowed(work, "expunge")
    state = next_instance_state(instance.state, InstanceEvent.EXPUNGE)
    return work.update(msgspec.structs.replace(instance, state=state))


async def expunge_now(doing: Doing, instance: Instance) -> Ending:
    """Have nothing left of a destroyed instance: rules, guest, and (with the job's end) interfaces and record."""
    if instance.state is InstanceState.DESTROYED:
        instance = await doing.write(
            lambda work: work.update(
                msgspec.structs.replace(
                    life.now_of(work, instance),
                    state=next_instance_state(InstanceState.DESTROYED, InstanceEvent.EXPUNGE),
                )
            )
        )
    await take_rules_away(doing, instance)
    plan = await doing.read(lambda view: plan_of(view, instance))
    adapter = doing.backends.hypervisors.adapters.get(instance.hypervisor)
    if adapter is not None:
        await doing.hypervisor(adapter.remove(plan), f"remove {plan.name}")
    return lambda work: forget(work, instance.id)


def forget(work: Work, instance_id: Uuid) -> None:
    """Take an instance out of the store, with interfaces, addresses and tags."""
    now = work.records.get(Instance, instance_id)
    if now is None:
        return
    drop_all(work, now)
    leave_groups(work, now.id)
    tags.forget(work, [now.id])
    work.delete(now)


def overdue(view: View) -> list[Instance]:
    """The destroyed instances whose time to be recovered is over, the oldest first."""
    delay = configuration.number(view, "expunge.delay")
    if not delay:
        return []
    c = columns(Instance)
    return view.records.select(
        Instance,
        c.state == InstanceState.DESTROYED.value,
        c.updated_at < to_microseconds(view.at - dt.timedelta(seconds=delay)),
        order=c.updated_at,
        limit=MAX_AT_ONCE,
    )


def _recover(work: Work, request: RecoverInstance) -> Instance:
    instance = work.get(Instance, request.id)
    _check_allowed(work, "recover")
    state = next_instance_state(instance.state, InstanceEvent.RECOVER)
    return work.update(msgspec.structs.replace(instance, state=state))


DESTROY = UseCase(
    name="instance.destroy",
    command="destroyVirtualMachine",
    event="VM.DESTROY",
    request=DestroyInstance,
    begin=_begin_destroy,
    apply=_destroy,
    undo=life.failed,
    queue=life.queue_of,
    keep_request=True,
)
EXPUNGE = UseCase(
    name="instance.expunge",
    command="expungeVirtualMachine",
    event="VM.EXPUNGE",
    request=ExpungeInstance,
    begin=_begin_expunge,
    apply=expunge_now,
    undo=life.failed,
    queue=life.queue_of,
)
RECOVER = UseCase(
    name="instance.recover",
    command="recoverVirtualMachine",
    event="VM.RECOVER",
    request=RecoverInstance,
    begin=_recover,
)
USE_CASES = (DESTROY, EXPUNGE, RECOVER)
