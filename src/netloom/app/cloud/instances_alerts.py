"""What operators are told of hosts and instances at night: a host that is away, a guest that runs in two places.

Rule 1: only what two looks in a row have seen is told: a switch that is restarted, or a guest on its way, is no trouble.
Rule 2: an alert stays until it is seen that its cause is over; what cannot be asked is not over.
Rule 3: nothing is done to guests: whether a host that cannot be asked is dead, only whoever stands before it knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import structlog
from sqlalchemy import func, select

from netloom.app.cloud.alerts import AlertType, raise_alert, settle_alert
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.hypervisors import GuestSeen
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import View, Work
from netloom.base.ids import HostId
from netloom.model.cloud.instances import Instance, InstanceState
from netloom.model.cloud.jobs import Alert
from netloom.model.kinds import Kind
from netloom.model.objects import Host
from netloom.store.catalog import all_of
from netloom.store.cloud.records import columns

_log = structlog.get_logger("netloom.instances")

USE_CASE: Final = "instance.report"
_ON_HOST: Final = [state.value for state in InstanceState if state.on_host]


class Trouble(msgspec.Struct, frozen=True):
    """Something to tell: about which object, and in which words."""

    subject: str
    text: str


class TroubleBook:
    """What was seen at the last look, by sort, and what was told since the start."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._before: dict[AlertType, set[str]] = {}
        self._told: dict[AlertType, set[str]] = {}

    async def tell(self, kind: AlertType, now: Iterable[Trouble], *, whole: bool = True) -> None:
        """Tell of what was there at the last look too, and end what is over.

        Args:
            kind: the sort of trouble; all of it that there is now is given.
            now: what is in trouble.
            whole: whether all that may be in trouble could be asked; else nothing is over.
        """
        there = {trouble.subject: trouble for trouble in now}
        lasting = self._before.get(kind, set()) & there.keys()
        self._before[kind] = set(there)
        told = self._told.setdefault(kind, set())
        new = [there[subject] for subject in sorted(lasting - told)]
        over: list[str] = []
        if whole:
            told.intersection_update(there)
            open_ = await self._cloud.read_as(system_caller(), lambda view: _open(view, kind))
            over = [subject for subject in open_ if subject not in there]
        if not new and not over:
            return

        def unit(work: Work) -> None:
            for trouble in new:
                raise_alert(work, kind, trouble.subject, trouble.text)
            for subject in over:
                settle_alert(work, kind, subject)

        await self._cloud.write_as(system_caller(), USE_CASE, unit)
        told.update(trouble.subject for trouble in new)
        for trouble in new:
            _log.warning("trouble", subject=trouble.subject, text=trouble.text)
        for subject in over:
            _log.info("trouble is over", subject=subject)


def _open(view: View, kind: AlertType) -> list[str]:
    """What alerts of a sort are about that nobody put away."""
    c = columns(Alert)
    found = view.records.select(Alert, c.type == kind.number, c.archived.is_(False))
    return [alert.subject for alert in found]


def hosts_away(view: View) -> list[Trouble]:
    """The hosts that are not connected: those with instances, and those that new ones could come to."""
    c, found = columns(Instance), list[Trouble]()
    rows = view.records.connection.execute(
        select(c.host_id, func.count()).where(c.state.in_(_ON_HOST)).group_by(c.host_id)
    )
    load = {row[0]: row[1] for row in rows}
    for host in all_of(view.records.connection, Kind.HOST):
        if not isinstance(host, Host) or view.backends.hypervisors.reachable(HostId(host.id)):
            continue
        on_it = load.get(host.id, 0)
        if host.drain and not on_it:
            continue
        text = (
            f"host {host.name} ({host.id}) is not connected; instances on it: {on_it}; they stay as they are until it is"
            " back, or until they are stopped with forced=true"
        )
        found.append(Trouble(f"host/{host.id}", text))
    return found


def double(instance: Instance, seen: Sequence[GuestSeen]) -> Trouble:
    """That an instance runs in more than one place."""
    places = ", ".join(sorted(guest.host for guest in seen))
    text = (
        f"instance {instance.name} ({instance.id}) runs as {seen[0].name} on {places} at once: two guests have its"
        " addresses; stop it by hand where it does not belong"
    )
    return Trouble(f"instance/{instance.id}", text)
