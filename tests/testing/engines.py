"""Statements that are compiled once for all databases of a run: each test has databases of its own, and the same statements.

Compiling what is said for the first time was a fifth of what tests of the cloud cost. A compiled statement belongs to a
dialect; so engines on the same driver share the first one's, which its first connection told what the database can do.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from sqlalchemy import Dialect, Engine, event
from sqlalchemy.ext.asyncio import AsyncEngine

from netloom.store import database

_FIRST: dict[str, tuple[Dialect, dict[object, object]]] = {}


@functools.cache
def share_statements() -> None:
    """Have every engine that netloom makes from now on share them."""
    database.create_engine = _sharing(database.create_engine, lambda engine: engine)  # type: ignore[attr-defined]
    database.create_async_engine = _sharing(  # type: ignore[attr-defined]
        database.create_async_engine, lambda engine: engine.sync_engine
    )


def _sharing(create: Callable[..., Any], engine_of: Callable[[Any], Engine]) -> Callable[..., Any]:
    @functools.wraps(create)
    def created(*args: Any, **more: Any) -> Engine | AsyncEngine:
        made: Engine | AsyncEngine = create(*args, **more)
        engine = engine_of(made)
        first = _FIRST.get(engine.dialect.driver)
        if first is None:
            # Only once it is connected, and so knows the database, others may have the dialect.
            event.listen(engine, "connect", lambda *_: _keep(engine.dialect), once=True)
            return made
        engine.dialect, cache = first
        engine.update_execution_options(compiled_cache=cache)
        return made

    return created


def _keep(dialect: Dialect) -> None:
    _FIRST.setdefault(dialect.driver, (dialect, {}))
