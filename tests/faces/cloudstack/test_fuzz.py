"""Whatever is sent, the answer is one of CloudStack's: no failure that nobody foresaw, no word of the machinery."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from structlog.testing import capture_logs
from tests.faces.cloudstack.fuzz import faults, harvest, requests
from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.replay.play import play
from tests.faces.cloudstack.replay.recording import load
from tests.faces.cloudstack.replay.server import in_process
from tests.faces.cloudstack.replay.stage import build

pytestmark = pytest.mark.timeout(300)  # hundreds of calls each

BEFORE_TEAR_DOWN = 153
"""The tour up to here has made one of nearly everything."""
SECONDS = 10.0
FEWEST = 150
"""Requests that are sent however slow the machine is: of fewer, none may happen to be a good one."""
BUGS = frozenset({"request failed", "job failed unexpectedly", "job not ended"})


@pytest.mark.parametrize("asker", ["root", "alice"])
async def test_no_request_fails_as_nobody_foresaw(asker: str) -> None:
    async with in_process() as root:
        await build(root)
        await play(root, load()[:BEFORE_TEAR_DOWN])
        client, spared = await _asker(root, asker)
        pool = await harvest(root, spared)
        loop = asyncio.get_running_loop()
        ends = time.monotonic() + SECONDS
        answered: list[int] = []

        @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(requests(pool))
        def check(sent: dict[str, str]) -> None:
            if len(answered) >= FEWEST and time.monotonic() > ends:
                return
            with capture_logs() as logs:
                status, body = asyncio.run_coroutine_threadsafe(ask(client, sent), loop).result()
            found = [*faults(sent, status, body), *(log for log in logs if log["event"] in BUGS)]
            assert found == [], (sent, status, body)
            answered.append(status)

        await asyncio.to_thread(check)
        assert len(answered) >= FEWEST
        assert answered.count(200) > len(answered) / 50, "most requests were refused at the door"


async def _asker(root: Client, name: str) -> tuple[Client, frozenset[str]]:
    """Who asks, and the ids without which they could not any more."""
    [admin] = (await root.result("listUsers", username="admin", listall="true"))["user"]
    own = [admin]
    client = root
    if name != "root":
        [account] = (await root.result("listAccounts", name=name, listall="true"))["account"]
        own += account["user"]
        keys = (await root.result("registerUserKeys", id=account["user"][0]["id"]))["userkeys"]
        client = root.signing(keys["apikey"], keys["secretkey"])
    return client, frozenset(
        each[field] for each in own for field in ("id", "accountid", "domainid", "roleid")
    )


async def ask(client: Client, sent: dict[str, str]) -> tuple[int, Any]:
    """The answer; that of the job in its place when there is one."""
    status, body = await client.send(sent)
    content = next(iter(body.values()))
    if status == 200 and isinstance(content, dict) and "jobid" in content and set(content) <= {"id", "jobid"}:
        job = await client.ended(content["jobid"])
        assert job["jobstatus"] in (1, 2), job
        return 200, {next(iter(body)): job}
    return status, body
