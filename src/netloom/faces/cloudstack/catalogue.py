"""The commands that are there, joined with the table's rows and with the jobs that they start.

Rule 1: made once at start; a command that CloudStack does not have, or spells otherwise, stops netloomd then.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netloom.base.ids import is_uuid
from netloom.faces.cloudstack.answers import JobAnswer, ListingNone
from netloom.faces.cloudstack.protocol.parameters import Parameters
from netloom.faces.cloudstack.table import NO_ENTITY, ApiCommand, Param, refused, table_of
from netloom.faces.cloudstack.unused import check_unused

if TYPE_CHECKING:
    from netloom.faces.cloudstack.command import Command


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The commands by name in lower case.

    Attributes:
        commands: what netloom does.
        table: what CloudStack says of them.
        answers: how the result of a use case's job is told.
        nowhere: parameters, by command, for ids of what netloom has none of: none of the commands that CloudStack relates
            them to is there.
    """

    commands: Mapping[str, Command]
    table: Mapping[str, ApiCommand]
    answers: Mapping[str, JobAnswer]
    nowhere: Mapping[str, tuple[str, ...]]

    def check(self, command: str, given: Parameters) -> None:
        """That what is required is there and can be read, names what there could be, and asks for nothing that is not done.

        Raises:
            InvalidInput: `invalid-parameter`, `not-done-here`.
        """
        self.table[command].check(given)
        for name in self.nowhere[command]:
            value = given.values.get(name.lower(), "")
            if is_uuid(value):
                raise refused(command, name, value, f"{NO_ENTITY}: netloom has nothing of that kind")
        check_unused(command, (param.name.lower() for param in self.table[command].params), given)


def catalogue_of(commands: Sequence[Command]) -> Catalogue:
    """The catalogue of these commands.

    Raises:
        ValueError: two commands have one name.
        KeyError: CloudStack has no such command.
    """
    by_name = {command.name.lower(): command for command in commands}
    if len(by_name) < len(commands):
        names = [command.name for command in commands]
        raise ValueError(f"more than one command is called {next(n for n in names if names.count(n) > 1)}")
    answers: dict[str, JobAnswer] = {}
    for command in commands:
        if isinstance(command.answer, JobAnswer):
            answers.setdefault(command.answer.use_case.name, command.answer)
    table = table_of(command.name for command in commands)
    there = {command.name for command in commands if not isinstance(command.answer, ListingNone)}
    nowhere = {
        name: tuple(
            param.name for param in row.params if param.type == "uuid" and _leads_nowhere(param, there)
        )
        for name, row in table.items()
    }
    return Catalogue(by_name, table, answers, nowhere)


def _leads_nowhere(param: Param, there: Collection[str]) -> bool:
    related = [name for name in param.related.split(",") if name]
    return bool(related) and not any(name in there for name in related)
