"""Calls are counted by classes of commands and by whose fault their end was."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from netloom.faces.cloudstack.catalogue import catalogue_of
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
