"""Whose jobs one may ask about: a job of somebody else's is answered as one that never was. Alerts are operators'."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping

import pytest
from tests.app.cloud.people import People, keys, people
from tests.faces.cloudstack.replay.client import Client

from netloom.app.cloud.alerts import DOMAIN_ROUTER, MANAGEMENT, AlertType, raise_alert
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.keys import secret_of
from netloom.app.cloud.projects import CREATE, CreateProject
from netloom.app.cloud.visibility import system_caller
from netloom.model.cloud.identity import Caller, Project

NOBODYS = "00000000-0000-4000-8000-00000000abcd"


@pytest.fixture
async def who(cloud: Cloud) -> People:
    return await people(cloud)


async def signed(cloud: Cloud, admin: Client, person: Caller) -> Client:
    key = await keys(cloud, person)
    secret = await cloud.read_as(person, lambda view: secret_of(view, key))
    return Client(admin._http, key.key, secret)


async def answer(client: Client, job_id: str) -> tuple[int, Mapping[str, object]]:
    status, body = await client.call("queryAsyncJobResult", jobid=job_id)
    return status, dict(body["queryasyncjobresultresponse"])


async def test_a_job_of_another_account_is_one_that_never_was(
    cloud: Cloud, admin: Client, who: People
) -> None:
    done = await cloud.do(who.alice, CREATE, CreateProject(name="mine"))
    assert done.job is not None
    for person in (who.alice, who.boss):
        status, told = await answer(await signed(cloud, admin, person), done.job.id)
        assert (status, told["jobstatus"], told["jobid"]) == (200, 1, done.job.id)
    assert (await answer(admin, done.job.id))[0] == 200
    for person in (who.bob, who.carol, who.mallory):
        client = await signed(cloud, admin, person)
        status, refused = await answer(client, done.job.id)
        never_status, never = await answer(client, NOBODYS)
        assert (status, never_status) == (431, 431)
        text = str(refused["errortext"]).replace(done.job.id, NOBODYS)
        assert {**refused, "errortext": text} == never


async def test_lists_of_jobs_tell_ones_own(
    cloud: Cloud, admin: Client, who: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = asyncio.Event()

    async def wait(_doing: Doing, _project: Project) -> None:
        await gate.wait()

    patched = dataclasses.replace(CREATE, apply=wait)
    monkeypatch.setitem(cloud.jobs._use_cases, CREATE.name, patched)  # type: ignore[arg-type]
    done = await cloud.do(who.alice, CREATE, CreateProject(name="slow"))
    assert done.job is not None
    for person, seen in ((who.alice, 1), (who.boss, 1), (who.bob, 0), (who.carol, 0), (who.mallory, 0)):
        client = await signed(cloud, admin, person)
        for params in ({}, {"listall": "true"}):
            if person is who.boss and not params:
                continue  # an administrator's plain list is of the administrator's own
            listed = (await client.result("listAsyncJobs", **params)).get("asyncjobs", [])
            assert [job["jobid"] for job in listed] == [done.job.id] * seen, (person.name, params)
    mallory = await signed(cloud, admin, who.mallory)
    status, _ = await mallory.call("listAsyncJobs", account="alice", domainid=who.acme.id)
    assert status == 431
    gate.set()


async def raised(cloud: Cloud, kind: AlertType, subject: str) -> str:
    return (
        await cloud.write_as(
            system_caller(),
            "stage",
            lambda work: raise_alert(work, kind, subject, f"{subject} is in trouble"),
        )
    ).id


async def test_alerts_are_listed_put_away_and_come_back(cloud: Cloud, admin: Client) -> None:
    router = await raised(cloud, DOMAIN_ROUTER, "network/x")
    own = await raised(cloud, MANAGEMENT, "store")
    listed = (await admin.result("listAlerts"))["alert"]
    assert [(each["id"], each["type"], each["name"]) for each in listed] == [
        (own, 14, "ALERT.MANAGEMENT"),
        (router, 9, "ALERT.SERVICE.DOMAINROUTER"),
    ]
    assert listed[1]["description"] == "network/x is in trouble"
    assert len((await admin.result("listAlerts", type="9"))["alert"]) == 1
    assert await admin.result("listAlerts", type="7") == {}
    assert await admin.result("archiveAlerts", type="9") == {"success": True}
    assert [each["id"] for each in (await admin.result("listAlerts"))["alert"]] == [own]
    await raised(cloud, DOMAIN_ROUTER, "network/x")
    assert [each["id"] for each in (await admin.result("listAlerts"))["alert"]] == [router, own]
    assert await admin.result("deleteAlerts", ids=own) == {"success": True}
    assert [each["id"] for each in (await admin.result("listAlerts"))["alert"]] == [router]


async def test_putting_alerts_away_says_which_and_may_find_none(cloud: Cloud, admin: Client) -> None:
    await raised(cloud, MANAGEMENT, "store")
    for refused in (
        {},
        {"startdate": "2020-01-01"},
        {"ids": NOBODYS},
        {"type": "memory"},
        {"type": "9" * 30},
    ):
        for command in ("archiveAlerts", "deleteAlerts"):
            assert (await admin.call(command, **refused))[0] == 431, (command, refused)
    assert (await admin.call("listAlerts", type="9" * 30))[0] == 431
    before = {"startdate": "2020-01-01", "enddate": "2020-01-02"}
    assert await admin.result("archiveAlerts", **before) == {"success": True}
    assert await admin.result("deleteEvents", type="NO.SUCH", **before) == {"success": True}
    assert len((await admin.result("listAlerts"))["alert"]) == 1
