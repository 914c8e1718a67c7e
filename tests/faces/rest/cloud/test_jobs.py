"""Whose jobs `/v1/jobs` shows, and lets be cancelled."""

from __future__ import annotations

import asyncio
import dataclasses

import httpx
import pytest
from tests.app.cloud.people import People
from tests.faces.rest.cloud.conftest import shown_keys

from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.projects import CREATE, CreateProject
from netloom.model.cloud.identity import Project


async def test_a_job_of_another_account_is_not_found_however_one_asks(
    cloud: Cloud, anybody: httpx.AsyncClient, who: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = asyncio.Event()

    async def wait(_doing: Doing, _project: Project) -> None:
        await gate.wait()

    slow = dataclasses.replace(CREATE, apply=wait, queue=lambda _: "one line")
    monkeypatch.setitem(cloud.jobs._use_cases, CREATE.name, slow)  # type: ignore[arg-type]
    await cloud.do(who.alice, slow, CreateProject(name="first"))
    done = await cloud.do(who.alice, slow, CreateProject(name="second"))
    assert done.job is not None
    path = f"/v1/jobs/{done.job.id}"
    never = "/v1/jobs/00000000-0000-4000-8000-00000000abcd"
    for person in (who.mallory, who.carol, who.bob):
        headers = await shown_keys(cloud, person)
        for method, more in (("GET", ""), ("GET", "?wait=1"), ("POST", "/cancel")):
            answer = await anybody.request(method, path + more, headers=headers)
            nothing = await anybody.request(method, never + more, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "job-not-found"), (person.name, more)
            told, wanted = ({**each.json(), "instance": None} for each in (answer, nothing))
            assert {**told, "detail": str(told["detail"]).replace(done.job.id, never[-36:])} == wanted
        for params in ({}, {"account": "alice"}):
            listed = await anybody.get("/v1/jobs", headers=headers, params=params)
            found = listed.json().get("items", [])
            assert done.job.id not in {job["id"] for job in found}, (person.name, params)
    alice = await shown_keys(cloud, who.alice)
    listed = (await anybody.get("/v1/jobs", headers=alice)).json()["items"]
    assert done.job.id in {job["id"] for job in listed}
    cancelled = await anybody.post(f"{path}/cancel", headers=alice)
    assert cancelled.json()["state"] == "Cancelled", cancelled.text
    gate.set()
