"""What hypervisors report of their hosts, held against what the records say.

Rule 1: a report changes settled instances only, and only those that were settled when it was asked for: a job that is under
    way knows better.
Rule 2: nothing is concluded from what could not be asked: a host that is not connected keeps its instances as they are,
    but those that are seen running elsewhere.
Rule 3: a report is a level: told twice, late, or after a restart, it comes to the same states.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import msgspec
import structlog
from sqlalchemy import or_, select

from netloom.aio.clock import SYSTEM_CLOCK, Clock
from netloom.app.cloud.alerts import HOST, INSTANCE
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.hypervisors import GuestSeen, HostFacts, Hypervisor, Prepares, within
from netloom.app.cloud.instances_alerts import Trouble, TroubleBook, double, hosts_away
from netloom.app.cloud.instances_end import EXPUNGE, ExpungeInstance, overdue
from netloom.app.cloud.instances_leftovers import Leftovers
from netloom.app.cloud.instances_place import facts_of
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import View, Work
from netloom.base.errors import NetloomError
from netloom.base.ids import HostId
from netloom.model.cloud.instances import Instance, InstanceEvent, InstanceState, next_instance_state
from netloom.model.cloud.jobs import OPEN_STATES, Job
from netloom.model.kinds import Kind
from netloom.model.objects import Host
from netloom.store.catalog import all_of
from netloom.store.cloud.records import columns
from netloom.store.lookup import chunks
from netloom.store.times import to_microseconds

_log = structlog.get_logger("netloom.instances")

INTERVAL: Final = 30.0
"""Seconds between two reports."""
SOON: Final = 5.0
"""Seconds to the next one when ports were seen where their instances are not."""
REPORT_SECONDS: Final = 60.0
"""How long a report may take."""

SETTLED: Final = frozenset({InstanceState.RUNNING, InstanceState.STOPPED})


class InstanceWatch:
    """Asks all adapters now and then, and expunges destroyed instances whose time is over."""

    def __init__(self, cloud: Cloud, *, interval: float = INTERVAL, clock: Clock = SYSTEM_CLOCK) -> None:
        self._cloud = cloud
        self._interval = interval
        self._clock = clock
        self._book = TroubleBook(cloud)
        self._leftovers = Leftovers(cloud)

    async def run(self) -> None:
        """Until cancelled."""
        again = False
        while True:
            await self._clock.sleep(min(SOON, self._interval) if again else self._interval)
            again = False
            try:
                again = await self.step()
            except NetloomError as error:
                _log.warning("instances not looked after", code=error.stable_code, error=str(error))

    async def step(self) -> bool:
        """Look once: put right what the records say, tell operators what they have to see, and end what is overdue.

        Whether there is something that another look decides about comes back.
        """
        whole, again, doubles = True, False, list[Trouble]()
        for adapter in self._cloud.backends.hypervisors.adapters.values():
            try:
                report = await ask(self._cloud, adapter)
                await put_right(self._cloud, report)
                if isinstance(adapter, Prepares):
                    again = await self._leftovers.look(report) or again
            except NetloomError as error:
                whole = False
                _log.warning("hypervisor not asked", hypervisor=adapter.name, error=str(error))
                continue
            doubles += await self._cloud.read_as(system_caller(), partial(_doubles, report=report))
        away = await self._cloud.read_as(system_caller(), hosts_away)
        await self._book.tell(HOST, away)
        await self._book.tell(INSTANCE, doubles, whole=whole and not away)
        await expunge_overdue(self._cloud)
        return again


async def expunge_overdue(cloud: Cloud) -> int:
    """Expunge what was destroyed long enough ago; how many jobs that are."""
    caller, asked = system_caller(), 0
    for instance in await cloud.read_as(caller, overdue):
        try:
            await cloud.do(caller, EXPUNGE, ExpungeInstance(id=instance.id))
        except NetloomError as error:
            _log.warning("instance not expunged", instance=instance.id, error=str(error))
        else:
            asked += 1
    return asked


@dataclass(frozen=True, slots=True)
class Report:
    """What an adapter said runs on hosts, by the names of guests; `at`: when it was asked."""

    hypervisor: str
    hosts: Sequence[HostFacts]
    running: Mapping[str, Sequence[GuestSeen]]
    at: datetime


async def ask(cloud: Cloud, adapter: Hypervisor) -> Report:
    """What an adapter sees on the hosts that it can be asked about.

    Raises:
        NetloomError: it cannot be asked.
    """
    at = cloud.now()
    hosts = await cloud.read_as(system_caller(), lambda view: asked_hosts(view, adapter))
    running: dict[str, list[GuestSeen]] = {}
    if hosts:
        for guest in await within(adapter.report(hosts), "report", REPORT_SECONDS):
            if guest.running:
                running.setdefault(guest.name, []).append(guest)
    return Report(adapter.name, hosts, running, at)


async def put_right(cloud: Cloud, report: Report) -> int:
    """Put right what the records say; how many instances were moved."""
    caller = system_caller()
    if not report.hosts or not await cloud.read_as(caller, partial(_wrong, report=report)):
        return 0
    return await cloud.write_as(caller, "instance.report", partial(_put_right, report=report))


async def compare(cloud: Cloud, adapter: Hypervisor) -> int:
    """Ask an adapter and put right what the records say; how many instances were moved.

    Raises:
        NetloomError: it cannot be asked.
    """
    return await put_right(cloud, await ask(cloud, adapter))


def asked_hosts(view: View, adapter: Hypervisor, only: Iterable[str] | None = None) -> list[HostFacts]:
    """The hosts that an adapter can be asked about now; `only`: of these."""
    wanted = None if only is None else set(only)
    return [
        facts
        for host in all_of(view.records.connection, Kind.HOST)
        if isinstance(host, Host)
        and (wanted is None or host.id in wanted)
        and view.backends.hypervisors.reachable(HostId(host.id))
        and adapter.runs_on(facts := facts_of(host))
    ]


def called(instance: Instance) -> str:
    """What an instance is called on its host."""
    return instance.external_id or instance.internal_name


def _settled(view: View, report: Report) -> list[Instance]:
    """The settled instances of a report's hypervisor."""
    c = columns(Instance)
    states = [state.value for state in SETTLED]
    return view.records.select(Instance, c.hypervisor == report.hypervisor, c.state.in_(states))


def _wrong(view: View, report: Report) -> list[tuple[Instance, GuestSeen | None]]:
    """The settled instances that are not as they are seen; one that runs in two places is where its record says."""
    by_id = {host.id: host.name for host in report.hosts}
    found: list[tuple[Instance, GuestSeen | None]] = []
    for instance in _settled(view, report):
        guests = report.running.get(called(instance), ())
        if instance.updated_at >= report.at:
            continue
        if not guests:
            if instance.state is InstanceState.RUNNING and instance.host_id in by_id:
                found.append((instance, None))
        elif instance.host_id is None or by_id.get(instance.host_id) not in {guest.host for guest in guests}:
            found.append((instance, guests[0]))
    busy = _busy(view, [instance.id for instance, _ in found], report.at) if found else set()
    return [(instance, guest) for instance, guest in found if instance.id not in busy]


def _doubles(view: View, report: Report) -> list[Trouble]:
    """The settled instances that run in more than one place: those that nobody moves at the moment."""
    several = {name: seen for name, seen in report.running.items() if len(seen) > 1}
    if not several:
        return []
    return [
        double(instance, several[called(instance)])
        for instance in _settled(view, report)
        if called(instance) in several
    ]


def _busy(view: View, instance_ids: Sequence[str], at: datetime) -> set[str]:
    """Those of these instances that a job was at when the report was asked for, or since."""
    c, found = columns(Job), set[str]()
    since = or_(c.state.in_([state.value for state in OPEN_STATES]), c.finished_at >= to_microseconds(at))
    for chunk in chunks(instance_ids):
        rows = view.records.connection.execute(select(c.resource_id).where(c.resource_id.in_(chunk), since))
        found.update(row[0] for row in rows)
    return found


def _put_right(work: Work, report: Report) -> int:
    by_name = {host.name: host.id for host in report.hosts}
    wrong = _wrong(work, report)
    for instance, guest in wrong:
        host_id = None if guest is None else by_name.get(guest.host)
        after = msgspec.structs.replace(instance, host_id=host_id, last_host_id=instance.host_id)
        if host_id is None:
            text = f"instance {instance.name} does not run any more"
            state = next_instance_state(instance.state, InstanceEvent.SEEN_STOPPED)
            after = msgspec.structs.replace(after, state=state)
        elif instance.state is InstanceState.STOPPED:
            text = f"instance {instance.name} runs"
            state = next_instance_state(instance.state, InstanceEvent.SEEN_RUNNING)
            after = msgspec.structs.replace(after, state=state)
        else:
            text = f"instance {instance.name} runs on another host"
        work.update(after)
        work.event("VM.STATE.SEEN", f"{text}, its hypervisor says", after)
        _log.info("instance seen otherwise", instance=instance.id, state=after.state.value, host=host_id)
    return len(wrong)
