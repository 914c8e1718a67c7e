"""The cloud's kinds of records as the API and the command line show them: where each is, what may be done with it.

The table is made from the use cases themselves and kept beside this module (`cloud_kinds.json`, by `make generate`), so that
the command line knows its commands without a server.

Rule 1: nothing here is written by hand twice: what a use case takes is what its action takes.
Rule 2: what is not in the table is not served.
"""

from __future__ import annotations

import enum
from functools import cache
from importlib import resources
from typing import Final

import msgspec

TABLE_FILE: Final = "cloud_kinds.json"


class Form(enum.Enum):
    """How a field is written down."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    TIME = "time"
    TEXTS = "texts"
    MAP = "map"
    JSON = "json"


class Field(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an action takes.

    Attributes:
        name: in bodies, documents and (with dashes) on the command line.
        form: how it is written.
        required: it has to be there.
        choices: all the texts that are allowed, when that is so.
        refers: the noun of what it names, by name or id.
    """

    name: str
    form: Form
    required: bool = False
    choices: tuple[str, ...] = ()
    refers: str = ""


class Action(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that may be done.

    Attributes:
        verb: as in the command line (`create`, `add-rule`).
        method, path: of HTTP; `{ref}` in the path is the object's name or id.
        use_case: whose action it is.
        command: the command that a role has to allow.
        about: one line for people.
        fields: of the body; of the query with DELETE.
        job: it goes on after the answer.
    """

    verb: str
    method: str
    path: str
    use_case: str
    command: str
    about: str
    fields: tuple[Field, ...] = ()
    job: bool = False

    @property
    def on_one(self) -> bool:
        """Whether it is done to an object that is there."""
        return "{ref}" in self.path


class RecordKind(msgspec.Struct, frozen=True, omit_defaults=True):
    """One kind.

    Attributes:
        word: in subjects and audit (`firewall_rule`).
        kind: in documents and answers (`FirewallRule`).
        noun: in the command line (`firewall-rule`).
        collection: path segment (`firewall-rules`).
        list_command: the command that a role has to allow for reading.
        name_field: the field that people name it by; empty: only its id does.
        columns: fields that a list shows.
        filters: fields that a list may be narrowed by.
        actions: what may be done.
        owned: it is an account's, and a list may be narrowed to an account's, a domain's or a project's.
    """

    word: str
    kind: str
    noun: str
    collection: str
    list_command: str
    name_field: str = ""
    columns: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    owned: bool = False

    def action(self, verb: str) -> Action | None:
        """The action of a verb."""
        return next((action for action in self.actions if action.verb == verb), None)


@cache
def record_kinds() -> tuple[RecordKind, ...]:
    """The table, by noun."""
    data = resources.files(__package__).joinpath(TABLE_FILE).read_bytes()
    return msgspec.json.decode(data, type=tuple[RecordKind, ...])


def table_bytes(kinds: tuple[RecordKind, ...]) -> bytes:
    """The table as it is kept."""
    return msgspec.json.format(msgspec.json.encode(kinds), indent=1) + b"\n"
