"""The same netloom on PostgreSQL: intent survives, guests reach each other."""

from __future__ import annotations

import pytest
from tests.sandbox.postgres import shared_server
from tests.system.cloud import FAST, cloud

from netloom.client import calls
from netloom.contract.kinds import NIC

pytestmark = [pytest.mark.lab, pytest.mark.postgres, pytest.mark.timeout(120)]


def test_a_cloud_on_postgresql() -> None:
    settings = {**FAST, "store": {"url": shared_server().new_database()}}
    with cloud(2, settings) as made:
        made.network("blue")
        left, right = made.pair("blue")
        made.netloomd.kill()
        made.netloomd.start()
        made.in_sync()
        assert left.ping(right, count=3).all_answered
        assert made.client.send(calls.get(NIC, "blue-b")).identity == "blue-b"
        assert made.client.send(calls.system()).database.startswith("postgresql")
