"""Databases that were filled once and are copied from then on: for tests that begin where others begin, too.

Rule 1: a copy is made only of SQLite files; on another database everything is made anew.
Rule 2: what is kept in memory beside a template (ids, records) is as true of its copies.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

SQLITE: Final = "sqlite:///"
_TEMPLATES: dict[object, tuple[bytes, object]] = {}


def begin_with(key: object, url: str) -> object | None:
    """Put a copy of a template where the URL says; what was kept beside it comes back, None when there is none yet."""
    found = _TEMPLATES.get(key)
    if found is None or not url.startswith(SQLITE):
        return None
    content, beside = found
    Path(url.removeprefix(SQLITE)).write_bytes(content)
    return beside


def keep(key: object, url: str, beside: object) -> None:
    """Have the database as it is now be a template."""
    if url.startswith(SQLITE):
        connection = sqlite3.connect(url.removeprefix(SQLITE))
        try:
            _TEMPLATES[key] = (connection.serialize(), beside)
        finally:
            connection.close()
