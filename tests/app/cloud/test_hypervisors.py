"""Adapters: made when the settings name them, refused when nothing installed is called so."""

from __future__ import annotations

import asyncio
from importlib.metadata import EntryPoint

import pytest
from tests.testing.memory_hypervisor import MemoryHypervisor

from netloom.app.cloud.hypervisors import ENTRY_POINTS, Hypervisors, Setting, configured, within
from netloom.base.errors import InvalidInput, Unavailable

GIVEN: list[dict[str, Setting]] = []


def memory(settings: dict[str, Setting]) -> MemoryHypervisor:
    """What the entry point gives."""
    GIVEN.append(dict(settings))
    return MemoryHypervisor()


POINT = EntryPoint("memory", f"{__name__}:memory", ENTRY_POINTS)


def test_an_adapter_is_made_with_its_settings_when_they_name_it() -> None:
    assert configured({}, points=[POINT]).adapters == {}
    made = configured({"memory": {"size": 3}}, points=[POINT])
    assert list(made.adapters) == ["Simulator"]
    assert GIVEN[-1] == {"size": 3}
    assert made.get("Simulator") is made.adapters["Simulator"]


def test_a_name_that_nothing_has_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InvalidInput, match="memory") as caught:
        configured({"xen": {}}, points=[POINT])
    assert caught.value.stable_code == "hypervisor-unknown"
    with pytest.raises(Unavailable, match="KVM"):
        Hypervisors([MemoryHypervisor()]).get("KVM")


async def test_a_call_that_never_ends_is_ended() -> None:
    with pytest.raises(Unavailable, match="did not start web"):
        await within(asyncio.Event().wait(), "start web", 0.01)
    assert await within(asyncio.sleep(0, "done"), "stop web") == "done"


def test_the_labs_adapter_is_installed() -> None:
    with pytest.raises(InvalidInput, match="without a lab"):
        configured({"lab": {}})
