"""Having instances run, stop and move: start, stop, reboot, migrate.

Rule 1: the state says at once where an instance is going; the job makes it so, on the host that the record names.
Rule 2: a start that fails on a host that nobody asked for is tried on others; then it is undone, and the record tells why.
Rule 3: a guest leaves its host when the switches forward to the new one, if its adapter can have interfaces there before.
"""

from __future__ import annotations

import asyncio

import msgspec
import structlog

from netloom.app.cloud import instances_life as life
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.hypervisors import GuestPlan, HostFacts, Prepares
from netloom.app.cloud.instances_cases import asked
from netloom.app.cloud.instances_networks import bring_up, let_go
from netloom.app.cloud.instances_place import check_fit, choose_host, facts_of, has_host, host_of
from netloom.app.cloud.instances_plan import plan_of
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, Forbidden, NetloomError
from netloom.base.ids import HostId, Uuid
from netloom.model.cloud.instances import Instance, InstanceEvent, InstanceState, next_instance_state

_log = structlog.get_logger("netloom.instances")

MAX_TRIES = 3
"""Hosts on which a start is tried."""
MIGRATION_LONGER = 6.0
"""How many times as long as other calls a live migration may take: much memory is copied."""
SWITCH_SECONDS = 10.0
"""How long a migration waits for the switches before the old place is left."""


class StartInstance(msgspec.Struct, frozen=True, kw_only=True):
    """Have it run; `host_id`: where, for operators."""

    id: Uuid
    host_id: Uuid | None = None


class StopInstance(msgspec.Struct, frozen=True, kw_only=True):
    """Have it not run; `forced`: also when its host cannot be asked."""

    id: Uuid
    forced: bool = False


class RebootInstance(msgspec.Struct, frozen=True, kw_only=True):
    """Stop it and start it where it is."""

    id: Uuid
    forced: bool = False


class MigrateInstance(msgspec.Struct, frozen=True, kw_only=True):
    """Move it while it runs; `host_id` None: to the least loaded other host."""

    id: Uuid
    host_id: Uuid | None = None


class LeaveTarget(msgspec.Struct, frozen=True, kw_only=True):
    """Have nothing left of a migration at a host where the instance is not; `seen`: its ports were seen there since."""

    id: Uuid
    host_id: HostId
    seen: bool = False


def asked_host(work: Work, instance: Instance, host_id: Uuid | None) -> HostId | None:
    """The host that was asked for, if one was.

    Raises:
        Forbidden: only operators name hosts (`host-not-yours`).
        NotFound, Conflict: there is none, or it cannot run the instance.
    """
    if host_id is None:
        return None
    if not work.caller.is_root:
        raise Forbidden(
            "hosts are chosen by operators", code="host-not-yours", subject="hostid", hint="leave it out"
        )
    host = host_of(work, host_id)
    check_fit(work, instance, host)
    return HostId(host.id)


# -- start -------------------------------------------------------------------------------------------------------------


def _begin_start(work: Work, request: StartInstance) -> Instance:
    instance = work.get(Instance, request.id)
    if instance.state is InstanceState.RUNNING:
        return instance
    return work.update(life.starting(instance, asked_host(work, instance, request.host_id)))


async def start(doing: Doing, instance: Instance) -> Ending | None:
    """Have an instance that is on its way to run really run."""
    if instance.state is not InstanceState.STARTING:
        return None
    await bring_up(doing, instance)
    asked, tried = instance.host_id is not None, list[HostId]()
    while True:
        host = await doing.write(lambda work: _placed(work, instance, tried))
        doing.progress("start it" if not tried else f"start it, try {len(tried) + 1} of {MAX_TRIES}")
        try:
            await run_on(doing, instance, host)
        except NetloomError as error:
            tried.append(host.id)
            await _clean_up(doing, instance, host)
            if (
                asked
                or len(tried) == MAX_TRIES
                or not await doing.write(lambda w: _unplaced(w, instance, tried))
            ):
                raise
            _log.warning("start failed on a host", instance=instance.id, host=host.name, error=str(error))
            continue
        return lambda work: life.running(work, instance.id)


async def run_on(doing: Doing, instance: Instance, host: HostFacts, *, without: str | None = None) -> None:
    """Have an instance's guest run on a host as the records say now; `without`: an interface that shall be gone."""
    plan = await doing.read(lambda view: plan_of(view, life.now_of(view, instance), without=without))
    adapter = doing.backends.hypervisors.get(instance.hypervisor)
    await doing.hypervisor(adapter.start(plan, host), f"start {plan.name}", f"on {host.name}")


def _placed(work: Work, instance: Instance, tried: list[HostId]) -> HostFacts:
    now = life.now_of(work, instance)
    if now.host_id is not None:
        return facts_of(host_of(work, now.host_id))
    host = choose_host(work, now, tried)
    work.update(msgspec.structs.replace(now, host_id=host.id))
    return host


def _unplaced(work: Work, instance: Instance, tried: list[HostId]) -> bool:
    """Take it off the host that it could not start on; whether there is another one to try."""
    now = work.update(msgspec.structs.replace(life.now_of(work, instance), host_id=None))
    return has_host(work, now, tried)


async def _clean_up(doing: Doing, instance: Instance, host: HostFacts) -> None:
    plan = await doing.read(lambda view: plan_of(view, instance))
    try:
        adapter = doing.backends.hypervisors.get(instance.hypervisor)
        await doing.hypervisor(adapter.stop(plan, host, forced=True), f"stop {plan.name}")
    except NetloomError as error:
        _log.warning("start not cleaned up", instance=instance.id, host=host.name, error=str(error))


# -- stop --------------------------------------------------------------------------------------------------------------


def _begin_stop(work: Work, request: StopInstance) -> Instance:
    instance = work.get(Instance, request.id)
    if instance.state is InstanceState.STOPPED:
        return instance
    state = next_instance_state(instance.state, InstanceEvent.STOP)
    return work.update(msgspec.structs.replace(instance, state=state))


async def _stop(doing: Doing, instance: Instance) -> Ending | None:
    await halt(doing, instance, forced=doing.request(StopInstance).forced)

    def ending(work: Work) -> None:
        life.stopped(work, instance.id)

    return ending


async def halt(doing: Doing, instance: Instance, *, forced: bool) -> None:
    """Have an instance's guest not run on its host; without one there is nothing to do.

    Raises:
        NetloomError: it still runs.
    """
    host_id = instance.host_id
    if host_id is None or not instance.state.on_host:
        return
    host, plan = await doing.read(lambda view: (facts_of(host_of(view, host_id)), plan_of(view, instance)))
    hypervisors = doing.backends.hypervisors
    try:
        adapter = hypervisors.get(instance.hypervisor)
        await doing.hypervisor(adapter.stop(plan, host, forced=forced), f"stop {plan.name}")
    except NetloomError as error:
        if not forced or hypervisors.reachable(host_id):
            raise
        _log.warning("stopped without its host", instance=instance.id, host=host.name, error=str(error))
    await let_go(doing, instance)


# -- reboot, migrate ---------------------------------------------------------------------------------------------------


def _begin_reboot(work: Work, request: RebootInstance) -> Instance:
    instance = work.get(Instance, request.id)
    if instance.state is not InstanceState.RUNNING:
        raise Conflict(
            f"instance {instance.name} ({instance.id}) is {instance.state.value}",
            code="bad-transition",
            subject="state",
            hint="only a Running instance is rebooted",
        )
    return instance


async def _reboot(doing: Doing, instance: Instance) -> Ending | None:
    host_id = instance.host_id
    if host_id is None or instance.state is not InstanceState.RUNNING:
        raise Conflict(f"instance {instance.name} ({instance.id}) runs nowhere", code="bad-transition")
    host, plan = await doing.read(lambda view: (facts_of(host_of(view, host_id)), plan_of(view, instance)))
    adapter = doing.backends.hypervisors.get(instance.hypervisor)
    forced = doing.request(RebootInstance).forced
    await doing.hypervisor(adapter.stop(plan, host, forced=forced), f"stop {plan.name}")
    await bring_up(doing, instance)
    await doing.hypervisor(adapter.start(plan, host), f"start {plan.name}", f"on {host.name}")
    return None


def _begin_migrate(work: Work, request: MigrateInstance) -> Instance:
    instance = work.get(Instance, request.id, "virtualmachineid")
    state = next_instance_state(instance.state, InstanceEvent.MIGRATE)
    target = asked_host(work, instance, request.host_id)
    if target is None:
        avoid = () if instance.host_id is None else (instance.host_id,)
        target = choose_host(work, instance, avoid).id
    if target == instance.host_id:
        raise Conflict(
            f"instance {instance.name} ({instance.id}) runs on host {target} already",
            code="host-same",
            subject="hostid",
            hint="another host, or none to have one chosen",
        )
    return work.update(msgspec.structs.replace(instance, state=state, target_host_id=target))


async def _migrate(doing: Doing, instance: Instance) -> Ending | None:
    source_id, target_id = instance.host_id, instance.target_host_id
    if instance.state is not InstanceState.MIGRATING or source_id is None or target_id is None:
        return None

    def look(view: View) -> tuple[HostFacts, HostFacts]:
        return facts_of(host_of(view, source_id)), facts_of(host_of(view, target_id))

    source, target = await doing.read(look)
    plan = await doing.read(lambda view: plan_of(view, instance))
    adapter = doing.backends.hypervisors.get(instance.hypervisor)
    if isinstance(adapter, Prepares):
        doing.progress("make its interfaces at the new place (1 of 3)")
        prepared = adapter.prepare(plan, source, target)
        await doing.hypervisor(prepared, f"make the interfaces of {plan.name}", f"on {target.name}")
        doing.progress("have switches forward to the new place (2 of 3)")
        await _forwarded(doing, plan, target)
        doing.progress("move it (3 of 3)")
    call = adapter.migrate(plan, source, target)
    await doing.hypervisor(call, f"move {plan.name}", f"to {target.name}", longer=MIGRATION_LONGER)
    return lambda work: life.running(work, instance.id)


def _not_migrated(work: Work, instance: Instance, error: NetloomError) -> None:
    """It is where it was; what was made for it at the target goes, by a job that follows."""
    target_id = instance.target_host_id
    life.failed(work, instance, error)
    if target_id is not None:
        work.then(LEAVE_TARGET, instance, LeaveTarget(id=instance.id, host_id=target_id))


def _begin_leave(work: Work, request: LeaveTarget) -> Instance:
    return work.get(Instance, request.id)


async def _leave_target(doing: Doing, instance: Instance) -> Ending | None:
    request = doing.request(LeaveTarget)
    host_id = request.host_id
    if instance.host_id == host_id:  # it was moved there meanwhile
        return None
    plan, target = await doing.read(lambda view: (plan_of(view, instance), facts_of(host_of(view, host_id))))
    adapter = doing.backends.hypervisors.get(instance.hypervisor)
    if not isinstance(adapter, Prepares):
        return None
    await doing.hypervisor(adapter.abandon(plan, target), f"let go of {plan.name}", f"on {target.name}")
    if not request.seen:
        return None
    _log.info("ports taken away that were left", instance=instance.id, host=target.name)

    def ending(work: Work) -> None:
        text = f"interfaces of instance {instance.name} that a migration left behind are gone"
        work.event("VM.STATE.SEEN", text, instance)

    return ending


async def _forwarded(doing: Doing, plan: GuestPlan, target: HostFacts) -> None:
    """Give the switches time to forward to a guest's new place; a guest whose switches are slow moves all the same."""
    try:
        with doing.waits_for("the switches"):
            async with asyncio.timeout(SWITCH_SECONDS):
                await doing.backends.hypervisors.in_force([nic.id for nic in plan.nics], target.id)
    except TimeoutError:
        _log.warning(
            "moved before the switches forward there",
            guest=plan.name,
            host=target.name,
            seconds=SWITCH_SECONDS,
        )


START = UseCase(
    name="instance.start",
    command="startVirtualMachine",
    event="VM.START",
    request=StartInstance,
    begin=_begin_start,
    apply=start,
    undo=life.failed,
    queue=life.queue_of,
    longer=3.0,  # on so many hosts it may be tried
)
STOP = UseCase(
    name="instance.stop",
    command="stopVirtualMachine",
    event="VM.STOP",
    request=StopInstance,
    begin=_begin_stop,
    apply=_stop,
    undo=life.failed,
    queue=life.queue_of,
    keep_request=True,
)
REBOOT = asked("reboot", "rebootVirtualMachine", "VM.REBOOT", RebootInstance, _begin_reboot, _reboot)
MIGRATE = UseCase(
    name="instance.migrate",
    command="migrateVirtualMachine",
    event="VM.MIGRATE",
    request=MigrateInstance,
    begin=_begin_migrate,
    apply=_migrate,
    undo=_not_migrated,
    queue=life.queue_of,
    longer=3.0,  # a live migration's own time, and that of making the interfaces before
)
LEAVE_TARGET = asked("leave_target", "migrateVirtualMachine", None, LeaveTarget, _begin_leave, _leave_target)
USE_CASES = (START, STOP, REBOOT, MIGRATE, LEAVE_TARGET)
