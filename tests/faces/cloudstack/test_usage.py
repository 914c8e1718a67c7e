"""Usage as clients ask for it."""

from __future__ import annotations

import functools
from datetime import timedelta

import pytest
from tests.app.cloud.machines import an_instance
from tests.app.cloud.people import people
from tests.faces.cloudstack.replay.client import Client

from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import Work
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import ADMIN_ACCOUNT_ID, Account
from netloom.model.cloud.instances import Instance


async def test_usage_of_today_is_told_until_now(cloud: Cloud, admin: Client) -> None:
    machine = await cloud.write_as(
        system_caller(), "test", lambda work: an_instance(work, work.get(Account, ADMIN_ACCOUNT_ID), "m")
    )
    now = cloud.now()
    today, yesterday = f"{now:%Y-%m-%d}", f"{now - timedelta(days=1):%Y-%m-%d}"
    assert await admin.result("generateUsageRecords", startdate=yesterday, enddate=today) == {"success": True}
    found = await admin.result("listUsageRecords", startdate=yesterday, enddate=today)
    assert found["count"] == 1
    (record,) = found["usagerecord"]
    assert (record["account"], record["usagetype"], record["usageid"]) == ("admin", 2, machine.id)
    assert record["virtualmachineid"] == machine.id
    assert record["usage"] == f"{record['rawusage']} Hrs"
    for wanted in (
        {"type": "2"},
        {"usageid": machine.id},
        {"accountid": ADMIN_ACCOUNT_ID},
        {"account": "admin"},
    ):
        same = await admin.result("listUsageRecords", startdate=yesterday, enddate=today, **wanted)
        assert same["count"] == 1, wanted
    assert await admin.result("listUsageRecords", startdate=yesterday, enddate=today, type="1") == {}
    assert await admin.result("listUsageRecords", startdate=yesterday, enddate=yesterday) == {}


async def test_usage_tells_whose_it_was_when_they_are_gone(cloud: Cloud, admin: Client) -> None:
    who = await people(cloud)

    def has(work: Work, account_id: Uuid) -> Instance:
        return an_instance(work, work.get(Account, account_id), "m")

    for owner in (who.carol.account_id, who.common.account_id):
        machine = await cloud.write_as(system_caller(), "test", functools.partial(has, account_id=owner))
        await cloud.write_as(system_caller(), "test", functools.partial(Work.delete, record=machine))
    span = {"startdate": f"{cloud.now() - timedelta(days=1):%Y-%m-%d}", "enddate": f"{cloud.now():%Y-%m-%d}"}
    before = (await admin.result("listUsageRecords", **span))["usagerecord"]
    await admin.result("deleteProject", id=who.common.id)
    await admin.result("deleteDomain", id=who.lab.id, cleanup="true")
    after = (await admin.result("listUsageRecords", **span))["usagerecord"]
    whose = ("account", "project", "projectid", "domain", "domainid", "domainpath")
    told = [[{name: each.get(name) for name in whose} for each in found] for found in (before, after)]
    assert told[0] == told[1]
    assert {each["account"] or each["project"] for each in told[1]} == {"carol", "common"}
    assert {each["domainpath"] for each in told[1]} == {"ROOT/acme/lab", "ROOT/acme"}


async def test_the_last_day_that_can_be_written_is_a_day(admin: Client) -> None:
    last = {"startdate": "9999-12-31", "enddate": "9999-12-31"}
    assert await admin.result("generateUsageRecords", **last) == {"success": True}
    assert await admin.result("listUsageRecords", **last) == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"startdate": "2026-01-02", "enddate": "2026-01-01"},
        {"startdate": "1900-01-02", "enddate": "2026-01-01"},
        {"startdate": "2026-01-01", "enddate": "2026-01-02", "type": "99"},
        {"startdate": "2026-01-01"},
        {"startdate": "never", "enddate": "2026-01-02"},
    ],
)
async def test_what_makes_no_sense_is_refused(admin: Client, wrong: dict[str, str]) -> None:
    status, _ = await admin.call("listUsageRecords", **wrong)
    assert status == 431
