"""Databases that were filled once and are copied from then on: for tests that begin where others begin, too.

Rule 1: `begin_with` and `keep` copy SQLite files only; a database of another kind is filled anew, but `migrated` on all.
Rule 2: what is kept in memory beside a template (ids, records) is as true of its copies.
"""

from __future__ import annotations

import asyncio
import functools
import sqlite3
import tempfile
import threading
from pathlib import Path
from typing import Final

from tests.sandbox.postgres import shared_server

from netloom.store.store import StoreOptions, open_store

SQLITE: Final = "sqlite:///"
_TEMPLATES: dict[object, tuple[bytes, object]] = {}


def begin_with(key: object, url: str) -> object | None:
    """Put a copy of a template where the URL says, if nothing is there; what was kept beside it comes back.

    None: there is no template yet, or no place for it.
    """
    found = _TEMPLATES.get(key)
    path = Path(url.removeprefix(SQLITE))
    if found is None or not url.startswith(SQLITE) or path.exists():
        return None
    content, beside = found
    path.write_bytes(content)
    return beside


def keep(key: object, url: str, beside: object) -> None:
    """Have the database as it is now be a template, the first time."""
    if url.startswith(SQLITE) and key not in _TEMPLATES:
        connection = sqlite3.connect(url.removeprefix(SQLITE))
        try:
            _TEMPLATES[key] = (connection.serialize(), beside)
        finally:
            connection.close()


def migrated(path: Path) -> str:
    """The URL of a SQLite file that is as a store leaves it when it was opened for the first time; put there if absent."""
    if not path.exists():
        path.write_bytes(_first_opened())
    return f"{SQLITE}{path}"


def migrated_postgres() -> str:
    """The same on the PostgreSQL server of this run, in a database of its own."""
    return shared_server().copy_of(_first_opened_postgres())


@functools.cache
def _first_opened() -> bytes:
    with tempfile.TemporaryDirectory(prefix="nl-template-") as folder:
        url = f"{SQLITE}{folder}/netloom.db"
        _open_once(url)
        return Path(url.removeprefix(SQLITE)).read_bytes()


@functools.cache
def _first_opened_postgres() -> str:
    url = shared_server().new_database()
    _open_once(url)
    return url


def _open_once(url: str) -> None:
    # In a thread: whoever asks may have an event loop running.
    thread = threading.Thread(target=lambda: asyncio.run(_opened(url)), name="template")
    thread.start()
    thread.join()


async def _opened(url: str) -> None:
    async with open_store(StoreOptions(url)):
        pass
