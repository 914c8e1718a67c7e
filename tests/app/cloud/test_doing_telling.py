"""What a job leaves untold, however it goes."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import AsyncIterator

import pytest
from tests.app.cloud.rules_stage import staged

from netloom.aio.tasks import TaskKit
from netloom.app.cloud.doing import Doing
from netloom.base.errors import PeerError
from netloom.model.cloud.untold import Mark

ONE, TWO = Mark("network/1", "firewall"), Mark("network/2", "firewall")


@pytest.fixture
async def doing(tmp_path: pathlib.Path) -> AsyncIterator[Doing]:
    async with staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage.doing()


async def test_what_went_well_in_the_end_is_told(doing: Doing) -> None:
    with pytest.raises(PeerError), doing.telling([ONE, TWO]):
        raise PeerError("asleep")
    assert doing.untold == {ONE, TWO}
    with doing.telling([ONE]):
        pass
    assert doing.untold == {TWO}


async def test_of_a_telling_in_another_the_whole_counts(doing: Doing) -> None:
    def both() -> None:
        with doing.telling([ONE]):
            with doing.telling([TWO]):
                pass
            with doing.telling([TWO]):
                raise PeerError("asleep")

    with pytest.raises(PeerError):
        both()
    assert doing.untold == {ONE}


async def test_what_is_found_out_while_it_is_told_counts(doing: Doing) -> None:
    marks: set[Mark] = set()

    def find() -> None:
        with doing.telling(marks):
            marks.add(TWO)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        find()
    assert doing.untold == {TWO}


async def test_a_job_that_ends_without_waiting_has_not_told(doing: Doing) -> None:
    begun = asyncio.Event()

    async def hang() -> None:
        with doing.telling([ONE]):
            begun.set()
            await asyncio.Event().wait()

    async with TaskKit("test") as kit:
        hanging = kit.start(hang(), "hang")
        await begun.wait()
        assert doing.untold == {ONE}
        hanging.cancel()
    assert doing.untold == {ONE}
