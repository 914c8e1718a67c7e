"""Calls are counted by classes of commands and by whose fault their end was."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry
from tests.faces.cloudstack.replay.server import http_to, trusted

from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.identity import Identities
from netloom.base.errors import NetloomError, Unavailable
from netloom.faces.cloudstack.answers import Success
from netloom.faces.cloudstack.app import CloudStackFace
from netloom.faces.cloudstack.catalogue import catalogue_of
from netloom.faces.cloudstack.command import Call, Command
from netloom.faces.cloudstack.commands import COMMANDS
from netloom.faces.cloudstack.counts import CallCounts, Ending


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("listnetworks", "read"),
        ("queryasyncjobresult", "read"),
        ("createnetwork", "change"),
        ("createfirewallrule", "job"),
        ("login", "session"),
        ("-", "unknown"),
    ],
)
def test_a_call_is_counted_in_the_class_of_its_command(name: str, kind: str) -> None:
    registry = CollectorRegistry()
    counts = CallCounts(registry, catalogue_of(COMMANDS).commands)
    counts.observe(name, 431, Ending.REFUSED, 0.02)

    def value(metric: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"netloom_cloudstack_{metric}", labels)

    assert value("requests_total", command=name, status="431") == 1
    assert value("calls_total", **{"class": kind, "result": "refused"}) == 1
    assert value("seconds_sum", **{"class": kind}) == 0.02
    assert value("seconds_bucket", **{"class": kind, "le": "0.01"}) == 0
    assert value("seconds_bucket", **{"class": kind, "le": "0.025"}) == 1


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (None, "done"),
        (NetloomError("a mistake of ours"), "failed"),
        (Unavailable("the store is away", code="store-full"), "failed"),
        (ZeroDivisionError("not foreseen"), "failed"),
    ],
)
async def test_whose_fault_an_end_was(cloud: Cloud, error: Exception | None, result: str) -> None:
    async def ends(call: Call) -> object:
        """Ends so."""
        if error is not None:
            raise error
        return None

    registry = CollectorRegistry()
    face = CloudStackFace(cloud, Identities(cloud), registry=registry)
    commands = {"listcapabilities": Command("listCapabilities", ends, Success())}
    face._catalogue = replace(face._catalogue, commands=commands)
    async with http_to(trusted(face)) as http:
        await http.get("/client/api?command=listCapabilities")
        await http.get("/client/api?command=nosuchCommand")

    def calls(kind: str, ending: str) -> float | None:
        return registry.get_sample_value("netloom_cloudstack_calls_total", {"class": kind, "result": ending})

    assert calls("read", result) == 1
    assert calls("unknown", "refused") == 1
