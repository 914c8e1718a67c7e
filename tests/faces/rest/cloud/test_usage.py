"""The report of usage under `/v1`."""

from __future__ import annotations

import datetime as dt

import httpx
import pytest
from tests.app.cloud.machines import an_instance
from tests.app.cloud.people import People
from tests.faces.rest.cloud.conftest import shown_keys

from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.visibility import system_caller
from netloom.model.cloud.identity import Account


async def test_the_report_names_who_had_what(http: httpx.AsyncClient, cloud: Cloud, who: People) -> None:
    for name in ("a", "b"):
        await cloud.write_as(
            system_caller(),
            "test",
            lambda work, n=name: an_instance(work, work.get(Account, who.alice.account_id), n),
        )
    found = (await http.get("/v1/usage-spans/report")).json()
    (line,) = found["items"]
    assert (line["account"], line["domain"], line["type"], line["things"]) == (
        "alice",
        "ROOT/acme",
        "ALLOCATED_VM",
        2,
    )
    assert 0 <= line["hours"] < 1
    yesterday = cloud.now() - dt.timedelta(days=1)
    earlier = await http.get("/v1/usage-spans/report", params={"until": f"{yesterday:%Y-%m-%dT%H:%M:%S}"})
    assert earlier.status_code in {200, 422}  # the first of a month begins after yesterday
    span = {"since": "2020-01-01", "until": "2020-01-02T00:00:00+01:00"}
    assert (await http.get("/v1/usage-spans/report", params=span)).json()["items"] == []


async def test_the_report_names_who_is_gone(http: httpx.AsyncClient, cloud: Cloud, who: People) -> None:
    machine = await cloud.write_as(
        system_caller(), "test", lambda work: an_instance(work, work.get(Account, who.carol.account_id), "m")
    )
    await cloud.write_as(system_caller(), "test", lambda work: work.delete(machine))
    answer = await http.delete(f"/v1/domains/{who.lab.id}?wait=10&cleanup=true")
    assert answer.status_code in {200, 202, 204}, answer.text
    (line,) = (await http.get("/v1/usage-spans/report")).json()["items"]
    assert (line["account"], line["domain"]) == ("carol", "ROOT/acme/lab")
    (span,) = (await http.get("/v1/usage-spans")).json()["items"]
    assert (span["account"], span["domain"]) == ("carol", "ROOT/acme/lab")


@pytest.mark.parametrize(
    "wrong",
    [
        {"since": "yesterday"},
        {"since": "2026-01-02", "until": "2026-01-01"},
        {"since": "0001-01-01T00:00:00+10:00"},
    ],
)
async def test_what_is_no_time_is_refused(http: httpx.AsyncClient, wrong: dict[str, str]) -> None:
    answer = await http.get("/v1/usage-spans/report", params=wrong)
    assert answer.status_code == 422, answer.text


async def test_users_need_the_right_to_it(anybody: httpx.AsyncClient, cloud: Cloud, who: People) -> None:
    refused = await anybody.get("/v1/usage-spans/report", headers=await shown_keys(cloud, who.alice))
    assert refused.status_code == 403
    allowed = await anybody.get("/v1/usage-spans/report", headers=await shown_keys(cloud, who.boss))
    assert allowed.json()["items"] == []
