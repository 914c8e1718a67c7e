"""Steps in the life of an instance, as its record tells: each by its table, each in one transaction.

Rule 1: a state is moved by an event here and nowhere else; a job that runs again finds the state it left and goes on.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.work import View, Work
from netloom.base.errors import NetloomError
from netloom.base.ids import HostId, Uuid
from netloom.model.cloud.instances import Instance, InstanceEvent, InstanceState, next_instance_state

MAX_REASON = 500
_UNDER_WAY = frozenset(
    {InstanceState.STARTING, InstanceState.STOPPING, InstanceState.MIGRATING, InstanceState.EXPUNGING}
)


def queue_of(instance: Instance) -> str:
    """The line in which an instance's jobs wait."""
    return f"instance/{instance.id}"


def now_of(view: View, instance: Instance) -> Instance:
    """An instance as it is now; as it was when it is gone."""
    return view.records.get(Instance, instance.id) or instance


def starting(instance: Instance, host_id: HostId | None) -> Instance:
    """An instance on its way to run; `host_id` None: a host is chosen when its turn comes.

    Raises:
        Conflict: it cannot be started now (`bad-transition`).
    """
    state = next_instance_state(instance.state, InstanceEvent.START)
    return msgspec.structs.replace(instance, state=state, host_id=host_id, reason=None)


def running(work: Work, instance_id: Uuid) -> None:
    """It runs where it was started, or migrated to."""
    now = work.records.get(Instance, instance_id)
    if now is None or now.state is InstanceState.RUNNING:
        return
    moved = now.state is InstanceState.MIGRATING
    work.update(
        msgspec.structs.replace(
            now,
            state=next_instance_state(now.state, InstanceEvent.SUCCEED),
            host_id=now.target_host_id if moved else now.host_id,
            last_host_id=now.host_id,
            target_host_id=None,
            reason=None,
        )
    )


def stopped(work: Work, instance_id: Uuid) -> Instance | None:
    """It does not run any more."""
    now = work.records.get(Instance, instance_id)
    if now is None or now.state is not InstanceState.STOPPING:
        return now
    return work.update(
        msgspec.structs.replace(
            now,
            state=next_instance_state(now.state, InstanceEvent.SUCCEED),
            last_host_id=now.host_id,
            host_id=None,
        )
    )


def failed(work: Work, instance: Instance, error: NetloomError) -> None:
    """What was begun did not come true: it is as before; the record tells why."""
    _undone(work, instance, error, InstanceEvent.FAIL)


def aborted(work: Work, instance: Instance, error: NetloomError) -> None:
    """It was made to run and did not: it is in Error; the record tells why."""
    _undone(work, instance, error, InstanceEvent.ABORT)


def _undone(work: Work, instance: Instance, error: NetloomError, event: InstanceEvent) -> None:
    now = work.records.get(Instance, instance.id)
    if now is None or now.state not in _UNDER_WAY:
        return
    work.update(
        msgspec.structs.replace(
            now,
            state=next_instance_state(now.state, event),
            host_id=None if now.state is InstanceState.STARTING else now.host_id,
            target_host_id=None,
            reason=error.message[:MAX_REASON],
        )
    )
