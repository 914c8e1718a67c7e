"""`listApis`: the commands that are there, as clients discover them (CloudMonkey, Marvin).

Rule 1: every parameter has every key, `length` is a number and `related` a text, because clients index without asking.
Rule 2: names, types and lengths are the table's; descriptions are netloom's own.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Iterable, Mapping
from typing import Final

from netloom.faces.cloudstack.catalogue import Catalogue
from netloom.faces.cloudstack.see import Row
from netloom.faces.cloudstack.table import ApiCommand, Field, Param

SESSION_DESCRIPTIONS: Final[Mapping[str, str]] = {
    "login": "Opens a session.",
    "logout": "Ends the session.",
}

_KINDS: Final[Mapping[str, str]] = {
    "uuid": "an id",
    "boolean": "true or false",
    "integer": "a whole number",
    "long": "a whole number",
    "short": "a whole number",
    "list": "a comma separated list",
    "map": "entries, NAME[0].key=…&NAME[0].value=…",
    "date": "a date, yyyy-MM-dd or yyyy-MM-dd HH:mm:ss",
}
_ALL_LISTS: Final[Mapping[str, str]] = {
    "account": "only what this account owns; with domainid",
    "domainid": "only what accounts of this domain own; with account, the account's domain",
    "isrecursive": "with domainid: also what accounts of the domains under it own",
    "listall": "all that the caller may see, not only its own",
    "projectid": "only what this project owns; -1: all projects",
    "keyword": "only what has this text in its name",
    "page": "which page, from 1; with pagesize",
    "pagesize": "objects of a page",
    "tags": "only what has one of these tags, tags[0].key=…&tags[0].value=…",
}


def listed(catalogue: Catalogue, rows: Mapping[str, ApiCommand], may_use: Iterable[str]) -> list[Row]:
    """The rows of `listApis`: of these commands, those that the caller may use."""
    allowed = {name.lower() for name in may_use}
    known = frozenset(row.name for row in rows.values())
    return [
        {
            "name": row.name,
            "description": describe(catalogue, name),
            "since": row.since or None,
            "isasync": row.isasync,
            "related": _related(row, known),
            "params": [_param(param, known) for param in row.params],
            "response": [_field(field) for field in row.response],
        }
        for name, row in sorted(rows.items())
        if name in allowed
    ]


def describe(catalogue: Catalogue, name: str) -> str:
    """What a command does, in one sentence: its function's own words."""
    command = catalogue.commands.get(name)
    if command is None:
        return SESSION_DESCRIPTIONS.get(name, "")
    text = inspect.getdoc(command.run) or ""
    return " ".join(text.split("\n\n")[0].split())


def _param(param: Param, known: frozenset[str]) -> Row:
    return {
        "name": param.name,
        "description": _explained(param),
        "type": param.type,
        "length": param.length,
        "required": param.required,
        "since": param.since or None,
        "related": ",".join(name for name in param.related.split(",") if name in known),
    }


def _explained(param: Param) -> str:
    if param.name in _ALL_LISTS and not param.required:
        return _ALL_LISTS[param.name]
    return _KINDS.get(param.type, "a text").replace("NAME", param.name)


def _field(field: Field) -> Row:
    row: Row = {"name": field.name, "description": field.name, "type": field.type}
    if field.response:
        row["response"] = [_field(inner) for inner in field.response]
    return row


def _related(row: ApiCommand, known: frozenset[str]) -> str:
    """Commands that are there about the same kind of thing: the same noun behind another verb."""
    noun = _noun(row.name)
    return ",".join(sorted(name for name in known if name != row.name and _noun(name) == noun))


@functools.cache  # of declared names only; a list of all commands asks each of each other
def _noun(name: str) -> str:
    found = re.sub(r"^[a-z]+", "", name) or name
    if found.endswith("ies"):
        return found[:-3] + "y"
    return found.removesuffix("es") if found.endswith(("sses", "xes")) else found.removesuffix("s")
