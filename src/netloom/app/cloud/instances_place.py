"""Where an instance runs: the least loaded host of its zone that is up and has its hypervisor.

Rule 1: whoever is chosen is written in the transaction that chose, so that the next choice counts it.
Rule 2: a host that was asked for is taken or refused with what is in the way; it is never replaced by another.
"""

from __future__ import annotations

from collections.abc import Collection

import structlog
from sqlalchemy import func, select

from netloom.app.cloud.hypervisors import HostFacts
from netloom.app.cloud.work import View
from netloom.base.errors import Conflict, Exhausted
from netloom.base.ids import HostId
from netloom.model.cloud.infrastructure import HostFacet
from netloom.model.cloud.instances import Instance
from netloom.model.cloud.words import Allocation
from netloom.model.kinds import Kind
from netloom.model.objects import Host
from netloom.store.catalog import all_of, find
from netloom.store.cloud.records import columns

_log = structlog.get_logger("netloom.instances")


def facts_of(host: Host) -> HostFacts:
    """A host as adapters see it."""
    return HostFacts(id=HostId(host.id), name=host.name, system_id=host.system_id)


def host_of(view: View, host_id: str, subject: str = "hostid") -> Host:
    """A host.

    Raises:
        NotFound: there is none.
    """
    found = find(view.records.connection, Kind.HOST, host_id, subject)
    if not isinstance(found, Host):
        raise TypeError("a host was asked for")
    return found


def choose_host(view: View, instance: Instance, avoid: Collection[HostId] = ()) -> Host:
    """The least loaded host that can run an instance; of equals the one it ran on last.

    Raises:
        Exhausted: there is none (`no-host`); the log tells operators why not each.
    """
    fit, reasons = _sifted(view, instance, avoid)
    if not fit:
        _log.warning("no host for an instance", instance=instance.id, reasons=reasons[:20])
        raise Exhausted(
            f"no host can run instance {instance.name} ({instance.id})",
            code="no-host",
            subject=f"instance/{instance.id}",
            hint="connect a host with this hypervisor, or end the draining of one",
        )
    load = _load(view, [host.id for host in fit])
    return min(fit, key=lambda host: (load.get(host.id, 0), host.id != instance.last_host_id, host.name))


def targets(view: View, instance: Instance) -> list[tuple[Host, str | None]]:
    """The other hosts of an instance's zone, and why it cannot run there; None: it can."""
    return [
        (host, unfit(view, instance, host))
        for host in all_of(view.records.connection, Kind.HOST)
        if isinstance(host, Host) and host.zone_id == instance.zone_id and host.id != instance.host_id
    ]


def has_host(view: View, instance: Instance, avoid: Collection[HostId]) -> bool:
    """Whether a host can run an instance, besides those to avoid."""
    return bool(_sifted(view, instance, avoid)[0])


def _sifted(view: View, instance: Instance, avoid: Collection[HostId]) -> tuple[list[Host], list[str]]:
    """The hosts of an instance's zone that can run it, and why the others cannot."""
    fit: list[Host] = []
    reasons: list[str] = []
    for host in all_of(view.records.connection, Kind.HOST):
        if not isinstance(host, Host) or host.zone_id != instance.zone_id:
            continue
        reason = "it was tried" if host.id in avoid else unfit(view, instance, host)
        if reason is None:
            fit.append(host)
        else:
            reasons.append(f"{host.name}: {reason}")
    return fit, reasons


def check_fit(view: View, instance: Instance, host: Host, subject: str = "hostid") -> None:
    """That a host that was asked for can run an instance.

    Raises:
        Conflict: it cannot (`host-unfit`).
    """
    reason = "it is in another zone" if host.zone_id != instance.zone_id else unfit(view, instance, host)
    if reason is not None:
        raise Conflict(
            f"host {host.name} ({host.id}) cannot run instance {instance.name} ({instance.id}): {reason}",
            code="host-unfit",
            subject=subject,
            hint="leave it out to have one chosen",
        )


def unfit(view: View, instance: Instance, host: Host) -> str | None:
    """Why a host of the zone cannot run an instance; None when it can."""
    hypervisors = view.backends.hypervisors
    adapter = hypervisors.adapters.get(instance.hypervisor)
    if adapter is None:
        return f"no hypervisor {instance.hypervisor!r} is configured"
    if host.drain:
        return "it is being drained"
    facet = view.records.get(HostFacet, host.id)
    if facet is not None and facet.allocation is Allocation.DISABLED:
        return "it is disabled"
    if not hypervisors.reachable(HostId(host.id)):
        return "it is not connected"
    if not adapter.runs_on(facts_of(host)):
        return f"it does not run {adapter.name}"
    return None


def _load(view: View, host_ids: list[str]) -> dict[str, int]:
    """How many instances each host has."""
    c = columns(Instance)
    rows = view.records.connection.execute(
        select(c.host_id, func.count()).where(c.host_id.in_(host_ids)).group_by(c.host_id)
    )
    return {row[0]: row[1] for row in rows}
