"""The order in which the parts of netloomd come up and go down.

Why: a part may rely on every part of a lower level and on none of a higher one; with the order in one table, nobody
has to discover it from constructors.

Rule 1: levels start in order and stop in reverse; within a level, in the order of the list and its reverse.
Rule 2: a component is entered once and left once; a start that fails leaves what had been entered.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import structlog

from netloom.base.errors import NetloomError

_log = structlog.get_logger("netloom.daemon")


class RunLevel(enum.IntEnum):
    """CloudStack's run levels, lowest first."""

    SYSTEM_BOOTSTRAP = 0  # logging, settings, file permissions
    SYSTEM = 1  # the store
    FRAMEWORK_BOOTSTRAP = 2  # schema migration check
    FRAMEWORK = 3  # cluster membership (one server: only what it remembers)
    COMPONENT_BOOTSTRAP = 4  # certificates, life cycles
    COMPONENT = 5  # providers, planner, engine, sessions, use cases
    APPLICATION_MAINLOOP = 6  # faces

    @property
    def title(self) -> str:
        """For people."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True, slots=True)
class Component:
    """A part with a life: entered at its level when it starts, left in reverse when it stops."""

    name: str
    level: RunLevel
    life: Callable[[], AbstractAsyncContextManager[None]]


class RunLevels:
    """Starts and stops components in the order of their levels."""

    def __init__(self, components: Sequence[Component]) -> None:
        self._components = sorted(components, key=lambda part: part.level)  # stable: list order holds
        self._entered: list[tuple[Component, AbstractAsyncContextManager[None]]] = []

    @property
    def level(self) -> RunLevel:
        """The level of the component that was entered last."""
        return self._entered[-1][0].level if self._entered else RunLevel.SYSTEM_BOOTSTRAP

    @property
    def complete(self) -> bool:
        """Whether everything runs."""
        return len(self._entered) == len(self._components)

    def report(self) -> list[tuple[str, str, bool]]:
        """(component, level, running) of every component, in start order."""
        running = {part.name for part, _ in self._entered}
        return [(part.name, part.level.title, part.name in running) for part in self._components]

    async def start(self) -> None:
        """Start everything.

        Raises:
            NetloomError: what the component that could not start said; the others have been stopped.
        """
        for part in self._components:
            life = part.life()
            try:
                await life.__aenter__()
            except BaseException as error:
                expected = isinstance(error, NetloomError)
                _log.error(
                    "component did not start",
                    component=part.name,
                    level=part.level.title,
                    error=str(error),
                    exc_info=not expected,
                )
                await self.stop()
                raise
            self._entered.append((part, life))
            _log.debug("component started", component=part.name, level=part.level.title)

    async def stop(self) -> None:
        """Stop what had started, last first; one that fails does not keep the others from stopping."""
        while self._entered:
            part, life = self._entered.pop()
            try:
                await life.__aexit__(None, None, None)
            except Exception:  # noqa: BLE001 - the shutdown door: what is below stops too
                _log.exception("component did not stop cleanly", component=part.name)
            else:
                _log.debug("component stopped", component=part.name)
