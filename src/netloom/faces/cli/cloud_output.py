"""Objects of the cloud's kinds as a person reads them: lines of a list, all fields of one, what an audit entry changed.

Rule 1: what says nothing is left out; an id stands only where there is no name.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from netloom.contract.cloud import RecordKind
from netloom.faces.cli.output import Format, pairs, show, text_of, write_plain

if TYPE_CHECKING:
    from netloom.client.cloud import Json

_OWN: Final = ("kind", "name", "id", "status", "number", "generation", "tags")
_AUDIT: Final = "Audit"
_WHOLE: Final = ("before", "after")


def name_of(kind: RecordKind, item: Json) -> str:
    """What people call it."""
    return str(item.get(kind.name_field) or item.get("name") or item["id"])


def write_object(item: Json, how: Format) -> None:
    """One object, all fields that say something."""
    if how is not Format.TABLE:
        write_plain(item, how)
        return
    status = item["status"]
    lines = [(name, text_of(item[name])) for name in ("name", "id") if item.get(name)]
    shown = [name for name in item if name not in _OWN and not (name.endswith("_id") and item.get(name[:-3]))]
    lines += [
        (name.replace("_", " "), _text(item[name])) for name in shown if item[name] not in (None, "", [], {})
    ]
    if item["kind"] == _AUDIT:
        lines = [line for line in lines if line[0] not in _WHOLE] + changes(item)
    lines += [("tags", text_of(item["tags"]))] if item.get("tags") else []
    reason = f" ({status['reason']})" if status.get("reason") else ""
    show(pairs([*lines, ("status", f"{status['phase']}{reason}")]))


def changes(item: Json) -> list[tuple[str, str]]:
    """What an entry of the audit changed, field by field: whole records are for JSON and YAML."""
    before, after = ({} if item[name] is None else json.loads(item[name]) for name in _WHOLE)
    return [
        (name.replace("_", " "), f"{_text(before.get(name))} → {_text(after.get(name))}")
        for name in dict.fromkeys((*before, *after))
        if name not in _OWN and before.get(name) != after.get(name)
    ]


def cells(kind: RecordKind, item: Json) -> list[str]:
    """An object's line in a list."""
    return [*(_text(item.get(name)) for name in kind.columns), item["status"]["phase"]]


def _text(value: object) -> str:
    if isinstance(value, list | dict) and any(isinstance(part, dict | list) for part in _parts(value)):
        return json.dumps(value, ensure_ascii=False)
    return text_of(value)


def _parts(value: list[object] | dict[str, object]) -> Sequence[object]:
    return list(value.values()) if isinstance(value, dict) else value
