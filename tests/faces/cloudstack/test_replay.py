"""A tour that a real CloudStack 4.20.3 was taken through, call by call: what was answered then is answered now.

`differences.toml` lists in what netloom means to differ; a line there that fits nothing any more fails, too.
"""

from __future__ import annotations

import asyncio

import pytest
from tests.faces.cloudstack.replay.differences import Table
from tests.faces.cloudstack.replay.play import Played, play
from tests.faces.cloudstack.replay.recording import Recorded, load
from tests.faces.cloudstack.replay.report import outcome
from tests.faces.cloudstack.replay.server import in_process
from tests.faces.cloudstack.replay.stage import build


class Tour:
    """The tour as it was played, and what came of each call in the eyes of the table."""

    def __init__(self, stage: list[str], played: list[Played]) -> None:
        self.stage = stage
        self.table = Table()
        self.left = {one.recorded.number: outcome(one, self.table)[1] for one in played}
        self.played = {one.recorded.number: one for one in played}


@pytest.fixture(scope="module")
def tour() -> Tour:
    async def take() -> Tour:
        async with in_process() as client:
            return Tour(await build(client), await play(client))

    return asyncio.run(take())


def test_the_stage_is_built(tour: Tour) -> None:
    assert tour.stage == []


@pytest.mark.parametrize("recorded", load(), ids=lambda call: f"{call.number:03}-{call.command}")
def test_answers_as_recorded(tour: Tour, recorded: Recorded) -> None:
    ours = tour.played[recorded.number].ours
    assert tour.left[recorded.number] == [], ours.job or ours.content


def test_no_line_of_the_table_is_stale(tour: Tour) -> None:
    assert tour.table.stale() == []
