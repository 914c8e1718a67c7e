"""Parts start in order, stop in reverse; a start that fails half-way stops what had started."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from netloom.base.errors import Unavailable
from netloom.daemon.run_levels import Component, RunLevel, RunLevels


class Diary:
    def __init__(self, *, starts_badly: str = "", stops_badly: str = "") -> None:
        self.lines: list[str] = []
        self._starts_badly = starts_badly
        self._stops_badly = stops_badly

    def part(self, name: str, level: RunLevel) -> Component:
        @contextlib.asynccontextmanager
        async def life() -> AsyncIterator[None]:
            if name == self._starts_badly:
                raise Unavailable("no disk")
            self.lines.append(f"+{name}")
            yield
            self.lines.append(f"-{name}")
            if name == self._stops_badly:
                raise KeyError("a mistake of ours")

        return Component(name, level, life)

    def levels(self) -> RunLevels:
        return RunLevels(
            [
                self.part("faces", RunLevel.APPLICATION_MAINLOOP),
                self.part("engine", RunLevel.COMPONENT),
                self.part("sessions", RunLevel.COMPONENT),
                self.part("store", RunLevel.SYSTEM),
            ]
        )


async def test_levels_go_up_in_order_and_down_in_reverse() -> None:
    diary = Diary()
    levels = diary.levels()
    assert not levels.complete
    await levels.start()
    assert levels.complete
    assert levels.level is RunLevel.APPLICATION_MAINLOOP
    assert all(running for _, _, running in levels.report())
    await levels.stop()
    up = ["+store", "+engine", "+sessions", "+faces"]
    assert diary.lines == [*up, "-faces", "-sessions", "-engine", "-store"]
    assert levels.level is RunLevel.SYSTEM_BOOTSTRAP


async def test_a_start_that_fails_stops_what_had_started() -> None:
    diary = Diary(starts_badly="sessions")
    levels = diary.levels()
    with pytest.raises(Unavailable):
        await levels.start()
    assert diary.lines == ["+store", "+engine", "-engine", "-store"]
    assert not any(running for _, _, running in levels.report())


async def test_one_that_stops_badly_does_not_keep_the_others_up() -> None:
    diary = Diary(stops_badly="sessions")
    levels = diary.levels()
    await levels.start()
    await levels.stop()
    assert diary.lines[-3:] == ["-sessions", "-engine", "-store"]
