"""The order in which the parts of netloomd come up and go down.

Why: a part may rely on every part of a lower level and on none of a higher one; with the order in one table, nobody
has to discover it from constructors.

Rule 1: levels start in order and stop in reverse; within a level, in the order of the list and its reverse.
Rule 2: a component is configured once, started once, stopped once; a start that fails stops what had started.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Protocol

import structlog

from netloom.base.errors import NetloomError

log = structlog.get_logger("netloom.daemon")


class RunLevel(enum.IntEnum):
    """CloudStack's run levels, lowest first."""

    SYSTEM_BOOTSTRAP = 0  # logging, settings, file permissions
    SYSTEM = 1  # the store
    FRAMEWORK_BOOTSTRAP = 2  # schema migration check
    FRAMEWORK = 3  # cluster membership (one server: nothing yet)
    COMPONENT_BOOTSTRAP = 4  # certificates, use cases
    COMPONENT = 5  # providers, planner, engine, sessions
    APPLICATION_MAINLOOP = 6  # faces


class Component(Protocol):
    """A part with a life: started at its level, stopped in reverse."""

    name: str
    level: RunLevel

    async def start(self) -> None:
        """Come up; return when others may rely on it."""
        ...

    async def stop(self) -> None:
        """Go down; forwarding on the hosts stays as it is."""
        ...


class RunLevels:
    """Starts and stops components in the order of their levels."""

    def __init__(self, components: Sequence[Component]) -> None:
        self._components = sorted(components, key=lambda part: part.level)  # stable: list order holds
        self._started: list[Component] = []

    def report(self) -> list[tuple[str, str, bool]]:
        """(component, level, running) of every component, in start order."""
        running = {part.name for part in self._started}
        return [(part.name, part.level.name, part.name in running) for part in self._components]

    async def start(self) -> None:
        """Start everything.

        Raises:
            NetloomError: what the component that could not start said; the others have been stopped.
        """
        for part in self._components:
            try:
                await part.start()
            except BaseException:
                log.exception("component did not start", component=part.name, level=part.level.name)
                await self.stop()
                raise
            self._started.append(part)
            log.debug("component started", component=part.name, level=part.level.name)

    async def stop(self) -> None:
        """Stop what had started, last first; one that fails does not keep the others from stopping."""
        while self._started:
            part = self._started.pop()
            try:
                await part.stop()
            except (NetloomError, OSError, RuntimeError):
                log.exception("component did not stop cleanly", component=part.name)
            else:
                log.debug("component stopped", component=part.name)
