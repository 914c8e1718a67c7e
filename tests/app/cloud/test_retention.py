"""What was kept long enough goes, in small batches; what goes on or is kept for ever stays."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from tests.app.cloud.machines import an_instance
from tests.app.cloud.people import people

from netloom.app.cloud import configuration_change, retention
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.configuration import UpdateConfiguration
from netloom.app.cloud.identity_seed import first_administrator
from netloom.app.cloud.retention import KEPT, Kept, Retention
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import Work
from netloom.model.cloud.configuration import SETTINGS
from netloom.model.cloud.former import FormerOwner
from netloom.model.cloud.identity import ADMIN_ACCOUNT_ID, Account
from netloom.model.cloud.jobs import JobState
from netloom.model.cloud.record import Record

YEARS = dt.timedelta(days=4000)


async def _set(cloud: Cloud, name: str, value: str) -> None:
    request = UpdateConfiguration(name=name, value=value)
    await cloud.do(first_administrator(), configuration_change.UPDATE, request)


async def _some(cloud: Cloud) -> None:
    """Events, audit, jobs, an owner that is gone, and usage that has ended and that goes on."""
    who = await people(cloud)

    def unit(work: Work) -> None:
        an_instance(work, work.get(Account, ADMIN_ACCOUNT_ID), "stays")
        gone = an_instance(work, work.get(Account, ADMIN_ACCOUNT_ID), "gone")
        work.delete(gone)
        work.insert(FormerOwner(**work.birth(), name="gone"))

    await cloud.write_as(who.root, "test", unit)
    await cloud.write_as(
        who.root, "test", lambda work: an_instance(work, work.get(Account, ADMIN_ACCOUNT_ID), "x")
    )


async def _age(cloud: Cloud, kept: Kept, many: int | None = None) -> int:
    """Make records of a kind as old as can be; how many there are."""

    def unit(work: Work) -> int:
        found: list[Record] = work.records.select(kept.record_type, limit=many)
        for record in found:
            work.records.update(msgspec.structs.replace(record, **{kept.since: work.at - YEARS}))
        return len(found)

    return await cloud.write_as(system_caller(), "test", unit)


async def _count(cloud: Cloud, kept: Kept) -> int:
    return await cloud.read_as(system_caller(), lambda view: view.records.count(kept.record_type))


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.record_type.__name__)
async def test_what_is_old_goes_and_what_is_young_stays(cloud: Cloud, kept: Kept) -> None:
    await _some(cloud)
    before = await _count(cloud, kept)
    assert before
    assert await Retention(cloud).forget(kept) == 0
    aged = await _age(cloud, kept, 1)
    assert await Retention(cloud).forget(kept) == aged == 1
    assert await _count(cloud, kept) == before - 1


async def test_what_goes_on_stays(cloud: Cloud) -> None:
    await _some(cloud)
    for kept in KEPT:
        if kept.since == "created_at":
            continue

        def unit(work: Work, kept: Kept = kept) -> None:
            for record in work.records.select(kept.record_type):
                changes: dict[str, object] = {kept.since: None, "created_at": work.at - YEARS}
                if kept.since == "finished_at":
                    changes["state"] = JobState.RUNNING
                work.records.update(msgspec.structs.replace(record, **changes))

        await cloud.write_as(system_caller(), "test", unit)
        assert await Retention(cloud).forget(kept) == 0


async def test_nought_keeps_for_ever(cloud: Cloud) -> None:
    await _some(cloud)
    for kept in KEPT:
        if SETTINGS[kept.setting].least > 0:
            continue
        await _set(cloud, kept.setting, "0")
        await _age(cloud, kept)
        assert await Retention(cloud).forget(kept) == 0


async def test_longer_than_there_are_dates_is_for_ever(cloud: Cloud) -> None:
    await _set(cloud, "event.purge.delay", str(2**52))
    assert await Retention(cloud).forget(KEPT[0]) == 0


async def test_many_go_batch_by_batch(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    await _some(cloud)
    monkeypatch.setattr(retention, "BATCH", 3)
    monkeypatch.setattr(retention, "PAUSE", 0.0)
    count = await _age(cloud, KEPT[0])
    assert count > 3
    assert await Retention(cloud).forget(KEPT[0]) == count


def test_each_setting_is_one_that_administrators_can_change() -> None:
    assert all(kept.setting in SETTINGS for kept in KEPT)
