"""The provider keeps netloom's contract, and its documents hold what they should."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from netloom_spool import NAME, SpoolElement, SpoolGuru, provider

from netloom.model.cloud.services import Service
from netloom.plan.elements import Provider
from netloom.testing.provider import sample_network, sample_nic, violations


async def test_it_keeps_the_contract(tmp_path: Path) -> None:
    spool = Provider(name=NAME, element=SpoolElement(tmp_path), gurus=(SpoolGuru(),))
    assert await violations(spool) == ()
    assert list(tmp_path.iterdir()) == []


async def test_a_document_has_the_network_and_its_nics(tmp_path: Path) -> None:
    element = SpoolElement(tmp_path)
    network = sample_network({Service.CONNECTIVITY: (NAME,)})
    first, second = sample_nic(network, 1), sample_nic(network, 2)
    for nic in (first, second):
        await element.prepare(network, nic)
    await element.release(network, first)
    document = json.loads((tmp_path / f"{network.number}.json").read_text())
    assert (document["name"], list(document["nics"])) == (network.name, [second.id])
    assert document["nics"][second.id]["mac"] == second.mac


async def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    element = SpoolElement(tmp_path / "none")
    network = sample_network({Service.CONNECTIVITY: (NAME,)})
    ready, outcome = await element.is_ready(network.wires), await element.implement(network)
    assert (ready.yes, outcome.done, outcome.again) == (False, False, True)


def test_netloom_loads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETLOOM_SPOOL", "/tmp/spool")
    assert isinstance(provider(), Provider)
