"""What is metered, when spans begin and end, and what is told of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TypeVar

import msgspec
import pytest
from tests.app.cloud.machines import an_instance
from tests.app.cloud.people import People, people

from netloom.app.cloud import accounts, usage_meter
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.usage import UsageAsked, used_parts, used_totals
from netloom.app.cloud.visibility import Scope, system_caller
from netloom.app.cloud.work import Work
from netloom.base.errors import InvalidInput
from netloom.model.cloud.identity import Account, Caller
from netloom.model.cloud.instances import Instance, InstanceState
from netloom.model.cloud.record import Owned, Record
from netloom.model.cloud.usage import Period, UsageSpan, UsageType, hours
from netloom.store.cloud.records import columns
from netloom.store.cloud.schema import STORED

T = TypeVar("T")
HOUR = dt.timedelta(hours=1)
ALL = Scope(everything=True)


async def _unit(cloud: Cloud, who: Caller, unit: Callable[[Work], T]) -> T:
    return await cloud.write_as(who, "test", unit)


async def _machine(cloud: Cloud, who: Caller, name: str = "m") -> Instance:
    return await _unit(cloud, who, lambda work: an_instance(work, work.get(Account, who.account_id), name))


async def _to(cloud: Cloud, machine: Instance, **changes: object) -> Instance:
    return await _unit(
        cloud, system_caller(), lambda work: work.update(msgspec.structs.replace(machine, **changes))
    )


async def _spans(cloud: Cloud, record: Record) -> list[tuple[UsageType, bool]]:
    """The spans of a thing, each with whether it is open."""
    found = await cloud.read_as(
        system_caller(),
        lambda view: view.records.select(UsageSpan, columns(UsageSpan).resource_id == record.id),
    )
    return [(span.type, span.ended_at is None) for span in found]


async def _age(
    cloud: Cloud, record: Record, *moves: tuple[UsageType, dt.timedelta, dt.timedelta | None]
) -> None:
    """Put a thing's spans so long ago: begun, and ended (None: not)."""

    def unit(work: Work) -> None:
        for usage_type, began, ended in moves:
            c = columns(UsageSpan)
            span = work.records.first(UsageSpan, c.resource_id == record.id, c.type == usage_type.value)
            assert span is not None
            work.records.update(
                msgspec.structs.replace(
                    span,
                    started_at=work.at - began,
                    ended_at=None if ended is None else work.at - ended,
                )
            )

    await _unit(cloud, system_caller(), unit)


def _asked(cloud: Cloud, back: dt.timedelta, ahead: dt.timedelta = HOUR, **more: object) -> UsageAsked:
    now = cloud.now()
    wanted = UsageAsked(period=Period(now - back, now + ahead), scope=ALL)
    return msgspec.structs.replace(wanted, **more)


async def test_a_machine_is_metered_while_it_is_there_and_more_while_it_runs(cloud: Cloud) -> None:
    who = await people(cloud)
    machine = await _machine(cloud, who.alice)
    assert await _spans(cloud, machine) == [(UsageType.ALLOCATED_VM, True)]
    machine = await _to(cloud, machine, state=InstanceState.RUNNING)
    assert await _spans(cloud, machine) == [(UsageType.ALLOCATED_VM, True), (UsageType.RUNNING_VM, True)]
    machine = await _to(cloud, machine, state=InstanceState.STOPPED)
    assert await _spans(cloud, machine) == [(UsageType.ALLOCATED_VM, True), (UsageType.RUNNING_VM, False)]
    await _to(cloud, machine, state=InstanceState.DESTROYED)
    assert await _spans(cloud, machine) == [(UsageType.ALLOCATED_VM, False), (UsageType.RUNNING_VM, False)]


async def test_what_costs_more_begins_anew_and_what_costs_the_same_goes_on(cloud: Cloud) -> None:
    who = await people(cloud)
    machine = await _to(cloud, await _machine(cloud, who.alice), state=InstanceState.RUNNING)
    machine = await _to(cloud, machine, display_name="another", details={"a": "b"})
    assert len(await _spans(cloud, machine)) == 2
    machine = await _to(cloud, machine, cpu_number=4)
    assert await _spans(cloud, machine) == [
        (UsageType.ALLOCATED_VM, True),
        (UsageType.RUNNING_VM, False),
        (UsageType.RUNNING_VM, True),
    ]


async def test_another_owner_pays_from_then_on(cloud: Cloud) -> None:
    who = await people(cloud)
    machine = await _machine(cloud, who.alice)
    await _to(cloud, machine, account_id=who.bob.account_id)
    found = await cloud.read_as(system_caller(), lambda view: view.records.select(UsageSpan))
    assert [(span.account_id, span.ended_at is None) for span in found] == [
        (who.alice.account_id, False),
        (who.bob.account_id, True),
    ]


async def test_what_is_deleted_ends_whatever_was_known_of_it(cloud: Cloud) -> None:
    who = await people(cloud)
    stopped = await _machine(cloud, who.alice)
    await _to(cloud, stopped, state=InstanceState.RUNNING)
    await _unit(cloud, system_caller(), lambda work: work.delete(stopped))
    assert await _spans(cloud, stopped) == [(UsageType.ALLOCATED_VM, False), (UsageType.RUNNING_VM, False)]


async def test_a_clock_that_was_set_back_makes_no_usage_of_less_than_no_time(cloud: Cloud) -> None:
    made = await _machine(cloud, (await people(cloud)).alice)
    await _age(cloud, made, (UsageType.ALLOCATED_VM, -5 * HOUR, None))
    await _unit(cloud, system_caller(), lambda work: work.delete(made))
    c = columns(UsageSpan)
    [span] = await cloud.read_as(
        system_caller(), lambda view: view.records.select(UsageSpan, c.resource_id == made.id)
    )
    assert span.ended_at == span.started_at


async def test_what_never_was_is_not_metered(cloud: Cloud) -> None:
    who = await people(cloud)

    def unit(work: Work) -> Instance:
        machine = an_instance(work, work.get(Account, who.alice.account_id), "m")
        work.delete(machine)
        return machine

    assert await _spans(cloud, await _unit(cloud, who.alice, unit)) == []

    def failing(work: Work) -> None:
        an_instance(work, work.get(Account, who.alice.account_id), "m")
        raise InvalidInput("no")

    with pytest.raises(InvalidInput):
        await _unit(cloud, who.alice, failing)
    assert await cloud.read_as(system_caller(), lambda view: view.records.count(UsageSpan)) == 0


async def test_what_was_used_is_cut_by_days_and_paged(cloud: Cloud) -> None:
    who = await people(cloud)
    for name in ("a", "b", "c"):
        machine = await _machine(cloud, who.alice, name)
        await _age(cloud, machine, (UsageType.ALLOCATED_VM, dt.timedelta(days=10), None))
    asked = _asked(cloud, dt.timedelta(days=3))
    pages, total = [], None
    for offset in range(0, 20, 2):
        page, total = await cloud.read_as(
            who.root, lambda view, o=offset: used_parts(view, asked, offset=o, limit=2)
        )
        pages.extend(page)
    assert total == len(pages)
    assert len({(part.span.id, part.period.start) for part in pages}) == total
    assert sum(hours(part.span, part.period) for part in pages) == pytest.approx(3 * 72, abs=0.01)
    for part in pages:
        assert part.period.end - part.period.start <= dt.timedelta(days=1)
    starts = [part.period.start for part in pages]
    assert starts == sorted(starts)


async def test_the_report_adds_up_what_the_records_say(cloud: Cloud) -> None:
    who = await people(cloud)
    day = 24 * HOUR
    machine = await _to(cloud, await _machine(cloud, who.alice), state=InstanceState.RUNNING)
    await _age(
        cloud,
        machine,
        (UsageType.ALLOCATED_VM, 10 * day, None),
        (UsageType.RUNNING_VM, 2 * day, day),
    )
    other = await _machine(cloud, who.mallory)
    await _age(cloud, other, (UsageType.ALLOCATED_VM, 5 * day, 4 * day))
    asked = _asked(cloud, 3 * day)
    totals = await cloud.read_as(who.root, lambda view: used_totals(view, asked))
    assert [(total.account_id, total.type, total.things) for total in totals] == [
        (who.alice.account_id, UsageType.ALLOCATED_VM, 1),
        (who.alice.account_id, UsageType.RUNNING_VM, 1),
    ]
    assert [total.hours for total in totals] == pytest.approx([72, 24], abs=0.01)
    parts, _ = await cloud.read_as(who.root, lambda view: used_parts(view, asked, offset=0, limit=100))
    for total in totals:
        cut = [hours(part.span, part.period) for part in parts if part.span.type is total.type]
        assert sum(cut) == pytest.approx(total.hours, abs=0.01)
    earlier = await cloud.read_as(who.root, lambda view: used_totals(view, _asked(cloud, 6 * day)))
    assert len(earlier) == 3


async def test_nobody_is_told_of_others(cloud: Cloud) -> None:
    who: People = await people(cloud)
    for caller in (who.alice, who.carol, who.mallory):
        await _machine(cloud, caller)
    for caller, names in (
        (who.root, {"alice", "carol", "mallory"}),
        (who.boss, {"alice", "carol"}),
        (who.alice, {"alice"}),
        (who.mallory, {"mallory"}),
    ):
        parts, total = await cloud.read_as(
            caller, lambda view: used_parts(view, _asked(cloud, HOUR), offset=0, limit=10)
        )
        ids = {getattr(who, name).account_id for name in names}
        assert {part.span.account_id for part in parts} == ids
        assert total == len(names)


async def test_usage_outlives_its_owner(cloud: Cloud) -> None:
    who = await people(cloud)
    machine = await _machine(cloud, who.alice)
    await _unit(cloud, system_caller(), lambda work: work.delete(machine))
    done = await cloud.do(who.root, accounts.DELETE, accounts.ChangeState(id=who.mallory.account_id))
    assert done.job is not None
    await cloud.jobs.settled(done.job.id, 30)
    assert await _spans(cloud, machine) == [(UsageType.ALLOCATED_VM, False)]


@pytest.mark.parametrize("record_type", usage_meter.METERS, ids=lambda kind: kind.__name__)
def test_what_is_metered_is_owned_and_goes_through_the_audit(record_type: type[Record]) -> None:
    assert issubclass(record_type, Owned)
    assert STORED[record_type].spec.audited
