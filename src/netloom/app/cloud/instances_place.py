"""Where an instance runs: the least loaded host of its zone that is up and has its hypervisor.

Rule 1: whoever is chosen is written in the transaction that chose, so that the next choice counts it.
Rule 2: a host that was asked for is taken or refused with what is in the way; it is never replaced by another.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import msgspec
import structlog
from sqlalchemy import func, select

from netloom.app.cloud.hypervisors import HostFacts
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, Exhausted
from netloom.base.ids import HostId, Uuid
from netloom.model.cloud.infrastructure import HostFacet
from netloom.model.cloud.instances import Instance
from netloom.model.cloud.words import Allocation
from netloom.model.kinds import Kind
from netloom.model.objects import Host
from netloom.store import tables
from netloom.store.catalog import find
from netloom.store.cloud.records import columns
from netloom.store.cloud.schema import STORED

LOOKED_AT: Final = 16
"""Hosts whose load is compared; among many, the best of some is hardly worse than the best of all."""

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


def choose_host(work: Work, instance: Instance, avoid: Collection[HostId] = ()) -> HostFacts:
    """The least loaded host that can run an instance; of equals the one it ran on last. Of many hosts some are looked at.

    Raises:
        Exhausted: there is none (`no-host`); the log tells operators why not each.
    """
    candidates = _candidates(work, instance)
    fit = [each.facts for each in candidates if each.reason is None and each.facts.id not in avoid]
    if not fit:
        reasons = [f"{each.facts.name}: {each.reason or 'it was tried'}" for each in candidates[:20]]
        _log.warning("no host for an instance", instance=instance.id, reasons=reasons)
        zone = find(work.records.connection, Kind.ZONE, instance.zone_id)
        raise Exhausted(
            f"no host of zone {zone.name!r} ({zone.id}) can run instance {instance.name} ({instance.id})",
            code="no-host",
            subject=f"instance/{instance.id}",
            hint="connect a host with this hypervisor, or end the draining of one"
            if candidates
            else "the zone has no hosts: add one to it",
        )
    if len(fit) > LOOKED_AT:
        start = work.tx.random_bits(32) % len(fit)
        fit = [fit[(start + i * (len(fit) // LOOKED_AT)) % len(fit)] for i in range(LOOKED_AT)]
    load = _load(work, [host.id for host in fit])
    return min(fit, key=lambda host: (load.get(host.id, 0), host.id != instance.last_host_id, host.name))


def targets(view: View, instance: Instance) -> list[tuple[HostFacts, str | None]]:
    """The other hosts of an instance's zone, and why it cannot run there; None: it can."""
    return [
        (each.facts, each.reason) for each in _candidates(view, instance) if each.facts.id != instance.host_id
    ]


def has_host(view: View, instance: Instance, avoid: Collection[HostId]) -> bool:
    """Whether a host can run an instance, besides those to avoid."""
    return any(each.reason is None and each.facts.id not in avoid for each in _candidates(view, instance))


def check_fit(view: View, instance: Instance, host: Host, subject: str = "hostid") -> None:
    """That a host that was asked for can run an instance.

    Raises:
        Conflict: it cannot (`host-unfit`).
    """
    reason: str | None = "it is in another zone"
    for each in _candidates(view, instance):
        if each.facts.id == host.id:
            reason = each.reason
    if reason is not None:
        raise Conflict(
            f"host {host.name} ({host.id}) cannot run instance {instance.name} ({instance.id}): {reason}",
            code="host-unfit",
            subject=subject,
            hint="leave it out to have one chosen",
        )


class _Candidate(msgspec.Struct, frozen=True):
    """A host of the zone; `reason`: why it cannot run the instance, None when it can."""

    facts: HostFacts
    reason: str | None


def _candidates(view: View, instance: Instance) -> list[_Candidate]:
    """The hosts of an instance's zone by name, in one read: choosing is part of every start."""
    h, f = tables.hosts.c, columns(HostFacet)
    rows = view.records.connection.execute(
        select(h.id, h.name, h.system_id, h.drain, f.allocation)
        .select_from(tables.hosts.outerjoin(STORED[HostFacet].table, f.id == h.id))
        .where(h.zone_id == instance.zone_id)
        .order_by(h.name)
    )
    found: list[_Candidate] = []
    for host_id, name, system_id, drain, allocation in rows:
        facts = HostFacts(id=HostId(Uuid(host_id)), name=name, system_id=system_id)
        disabled = allocation == Allocation.DISABLED.value
        found.append(_Candidate(facts, _unfit(view, instance, facts, drain=drain, disabled=disabled)))
    return found


def _unfit(view: View, instance: Instance, host: HostFacts, *, drain: bool, disabled: bool) -> str | None:
    hypervisors = view.backends.hypervisors
    adapter = hypervisors.adapters.get(instance.hypervisor)
    if adapter is None:
        return f"no hypervisor {instance.hypervisor!r} is configured"
    if drain:
        return "it is being drained"
    if disabled:
        return "it is disabled"
    if not hypervisors.reachable(host.id):
        return "it is not connected"
    if not adapter.runs_on(host):
        return f"it does not run {adapter.name}"
    return None


def _load(view: View, host_ids: Sequence[str]) -> dict[str, int]:
    """How many instances each host has."""
    c = columns(Instance)
    rows = view.records.connection.execute(
        select(c.host_id, func.count()).where(c.host_id.in_(host_ids)).group_by(c.host_id)
    )
    return {row[0]: row[1] for row in rows}
