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
