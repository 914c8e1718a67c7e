"""The commands that are there, joined with the table's rows and with the jobs that they start.

Rule 1: made once at start; a command that CloudStack does not have, or spells otherwise, stops netloomd then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netloom.faces.cloudstack.answers import JobAnswer
from netloom.faces.cloudstack.table import ApiCommand, table_of

if TYPE_CHECKING:
    from netloom.faces.cloudstack.command import Command


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The commands by name in lower case.

    Attributes:
        commands: what netloom does.
        table: what CloudStack says of them.
        answers: how the result of a use case's job is told.
    """

    commands: Mapping[str, Command]
    table: Mapping[str, ApiCommand]
    answers: Mapping[str, JobAnswer]


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
    return Catalogue(by_name, table_of(command.name for command in commands), answers)
