"""Requests for instances that race each other, on both databases."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import AsyncIterator

import pytest
from tests.app.cloud.instance_stage import Stage, on_stage
from tests.testing import templates

from netloom.app.cloud.instances_deploy import DEPLOY, DeployInstance
from netloom.app.cloud.instances_run import STOP, StopInstance
from netloom.base.errors import NetloomError
from netloom.model.cloud.instances import InstanceState


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def stage(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> AsyncIterator[Stage]:
    url = templates.migrated_postgres() if request.param == "postgresql" else f"sqlite:///{tmp_path}/cloud.db"
    async with on_stage(url) as stage:
        yield stage


async def asked(stage: Stage, wish: DeployInstance) -> str:
    """What became of a request, by its code."""
    try:
        await stage.end(await stage.cloud.do(stage.who.alice, DEPLOY, wish))
    except NetloomError as error:
        return error.stable_code
    return "made"


async def test_of_two_that_race_for_an_address_exactly_one_gets_it(stage: Stage) -> None:
    wishes = [stage.wish(f"web{n}", ipv4="10.1.1.50") for n in range(8)]
    ends = await asyncio.gather(*(asked(stage, wish) for wish in wishes))
    assert sorted(ends) == ["address-unavailable"] * 7 + ["made"]


async def test_of_two_that_race_for_a_mac_or_a_name_exactly_one_gets_it(stage: Stage) -> None:
    macs = [stage.wish(f"web{n}", mac="02:00:4c:5f:00:01") for n in range(4)]
    assert sorted(await asyncio.gather(*(asked(stage, wish) for wish in macs))) == ["mac-taken"] * 3 + [
        "made"
    ]
    names = [stage.wish("same") for _ in range(4)]
    ends = await asyncio.gather(*(asked(stage, wish) for wish in names))
    assert sorted(ends) == ["hostname-taken"] * 3 + ["made"]


async def test_those_that_race_for_nothing_all_get_other_addresses_and_balanced_hosts(stage: Stage) -> None:
    wishes = [stage.wish(f"web{n}") for n in range(10)]
    assert await asyncio.gather(*(asked(stage, wish) for wish in wishes)) == ["made"] * 10
    machines = stage.machines.guests.values()
    assert len({machine.plan.nics[0].ipv4 for machine in machines}) == 10
    assert sorted(machine.host for machine in machines if machine.host) == ["h1"] * 5 + ["h2"] * 5


async def test_a_stop_asked_for_many_times_stops_once(stage: Stage) -> None:
    web = await stage.deploy("web1")
    done = await asyncio.gather(
        *(stage.cloud.do(stage.who.alice, STOP, StopInstance(id=web.id)) for _ in range(4))
    )
    for each in done:
        await stage.end(each)
    now = await stage.now(web)
    assert now is not None
    assert now.state is InstanceState.STOPPED
