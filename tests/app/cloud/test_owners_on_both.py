"""What counts, meters and forgets does so alike on both databases, and two never take the last of something."""

from __future__ import annotations

import asyncio
import datetime as dt
import pathlib
from collections.abc import AsyncIterator

import msgspec
import pytest
from tests.app.cloud.clouds import opened
from tests.app.cloud.machines import an_instance
from tests.app.cloud.people import people
from tests.testing import templates
from tests.testing.racers import at_once, winners

from netloom.app.cloud import limits_change, projects
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.limits_used import used_by_accounts, used_by_domains
from netloom.app.cloud.retention import KEPT, Retention
from netloom.app.cloud.usage import UsageAsked, used_parts, used_totals
from netloom.app.cloud.visibility import Scope, system_caller
from netloom.app.cloud.work import View, Work
from netloom.model.cloud.identity import Account, ProjectMember
from netloom.model.cloud.instances import Instance
from netloom.model.cloud.limits import ResourceType
from netloom.model.cloud.usage import Period, UsageSpan, UsageType
from netloom.store.cloud.records import columns

HOUR = dt.timedelta(hours=1)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def cloud(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> AsyncIterator[Cloud]:
    url = f"sqlite:///{tmp_path}/cloud.db"
    if request.param == "postgresql":
        url = await asyncio.to_thread(templates.migrated_postgres)
    async with opened(url) as cloud:
        yield cloud


async def test_one_of_many_takes_the_last_one(cloud: Cloud) -> None:
    who = await people(cloud)
    limit = limits_change.UpdateLimit(type=ResourceType.CPU, max=5, account="alice", domain_id=who.acme.id)
    await cloud.do(who.root, limits_change.UPDATE, limit)

    async def one(name: str) -> object:
        return await cloud.write_as(
            who.alice,
            "test",
            lambda work: an_instance(work, work.get(Account, who.alice.account_id), name, 4),
        )

    results = await at_once(*(one(f"i{number}") for number in range(6)))
    assert len(winners(results)) == 1
    assert results.count("limit-reached") == 5
    assert await cloud.read_as(system_caller(), lambda view: view.records.count(Instance)) == 1


async def test_one_of_many_makes_the_project(cloud: Cloud) -> None:
    who = await people(cloud)
    request = projects.CreateProject(name="new")
    results = await at_once(*(cloud.do(who.alice, projects.CREATE, request) for _ in range(6)))
    assert len(winners(results)) == 1
    assert results.count("project-taken") == 5
    members = await cloud.read_as(
        system_caller(),
        lambda view: view.records.count(
            ProjectMember, columns(ProjectMember).account_id == who.alice.account_id
        ),
    )
    assert members == 2  # of this one, and of the one that people share


async def test_what_is_used_is_counted_metered_and_forgotten(cloud: Cloud) -> None:
    who = await people(cloud)

    def unit(work: Work) -> None:
        for number, caller in enumerate((who.alice, who.carol), 1):
            an_instance(work, work.get(Account, caller.account_id), "i", number, 512)
        for span in work.records.select(UsageSpan):
            began = work.at - 30 * HOUR
            work.records.update(msgspec.structs.replace(span, started_at=began, ended_at=work.at - HOUR))

    await cloud.write_as(system_caller(), "test", unit)
    now = cloud.now()
    asked = UsageAsked(period=Period(now - 20 * HOUR, now), scope=Scope(everything=True))

    def read(view: View) -> None:
        used = used_by_accounts(view, [who.alice.account_id, who.carol.account_id])
        assert used[who.carol.account_id][ResourceType.CPU] == 2
        by_domain = used_by_domains(view, [who.acme, who.lab])
        assert by_domain[who.acme.id][ResourceType.CPU] == 3
        assert by_domain[who.acme.id][ResourceType.MEMORY] == 1024
        assert by_domain[who.lab.id][ResourceType.INSTANCE] == 1
        totals = used_totals(view, asked)
        assert [(total.type, total.things) for total in totals] == [(UsageType.ALLOCATED_VM, 1)] * 2
        assert [total.hours for total in totals] == pytest.approx([19, 19], abs=0.01)
        parts, count = used_parts(view, asked, offset=0, limit=1)
        assert len(parts) == 1
        assert count in {2, 4}  # one day, or two when it is early

    await cloud.read_as(system_caller(), read)

    def age(work: Work) -> None:
        for span in work.records.select(UsageSpan):
            work.records.update(msgspec.structs.replace(span, ended_at=work.at - dt.timedelta(days=900)))

    await cloud.write_as(system_caller(), "test", age)
    (usage,) = (kept for kept in KEPT if kept.record_type is UsageSpan)
    assert await Retention(cloud).forget(usage) == 2
