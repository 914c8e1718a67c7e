"""The top group of commands: names and one-line helps are here, the modules behind them load on use.

Commands of other floors join by entry points of the group `netloom.commands` (`ca`, `lab`); they are imported when they are
called, so a broken or heavy plug-in costs only its own users.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from netloom.base.errors import InvalidInput
from netloom.contract.cloud import RecordKind, record_kinds

GROUP: Final = "netloom.commands"
_HERE: Final = "netloom.faces.cli.commands"


@dataclass(frozen=True, slots=True)
class Lazy:
    """A command of our own: `module` has a Typer application named `app`."""

    name: str
    module: str
    help: str


COMMANDS: Final = (
    Lazy("host", "hosts", "Hosts: add, list, show, remove, drain, admit."),
    Lazy("network", "networks", "Networks: create, list, show, delete, explain."),
    Lazy("nic", "nics", "NICs: create, list, show, delete, attach, detach."),
    Lazy("zone", "zones", "Zones: create, list, show, delete."),
    Lazy("physical-network", "physical_networks", "Physical networks: create, list, show, delete."),
    Lazy("apply", "apply", "Make everything in a file so; all or nothing."),
    Lazy("plan", "plan", "Show what applying a file would change; touches nothing."),
    Lazy("diff", "diff", "Show drift between desired and actual."),
    Lazy("export", "export", "Write everything declared, as a file for apply."),
    Lazy("watch", "watch", "Follow changes."),
    Lazy("explain", "explain", "Why a flow is there; what a NIC causes and lacks."),
    Lazy("status", "status", "The daemon itself."),
    Lazy("system", "system", "The daemon's parts: components."),
    Lazy("usage", "usage", "What accounts had, and for how long: report."),
)
CLOUD_PANEL: Final = "The cloud: list, show and more of each (see netloom NOUN --help)"
_PLUGIN_HELP: Final = {
    "ca": "The certificate authority: init, issue, rotate, export.",
    "lab": "Hosts on this machine, to try things: up, down, status, exec, ping.",
}


class Placeholder(TyperCommand):
    """Stands in help and completion for a command that is not loaded."""

    def __init__(self, name: str, text: str, load: Callable[[], object], panel: str | None = None) -> None:
        super().__init__(name, help=text, rich_help_panel=panel)
        self._load = load

    def loaded(self) -> Any:  # noqa: ANN401 - a command of the library under Typer, whose name changes
        """The command itself."""
        made = self._load()
        command: Any = get_command(made) if isinstance(made, typer.Typer) else made
        command.name = self.name
        return command


class LazyGroup(TyperGroup):
    """Knows all commands by name and loads the one that is called."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - handed on as it came
        super().__init__(**settings)
        for lazy in COMMANDS:
            self.add_command(Placeholder(lazy.name, lazy.help, _own(lazy.module)))
        for kind in record_kinds():
            self.add_command(Placeholder(kind.noun, _verbs(kind), _kind(kind.noun), CLOUD_PANEL))

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401
        """Our own, then those of plug-ins."""
        self._find_plugins()
        return super().list_commands(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        """The placeholder; plug-ins are looked for only when a name is not ours."""
        if cmd_name not in self.commands:
            self._find_plugins()
        return super().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401
        """The command called, loaded."""
        name, command, rest = super().resolve_command(ctx, args)
        if isinstance(command, Placeholder):
            command = command.loaded()
        return name, command, rest

    def _find_plugins(self) -> None:
        for entry in sorted(metadata.entry_points(group=GROUP)):
            if entry.name not in self.commands:
                text = _PLUGIN_HELP.get(entry.name, f"From {entry.value.partition(':')[0]}.")
                self.add_command(Placeholder(entry.name, text, _plugin(entry)))


def _verbs(kind: RecordKind) -> str:
    return f"{', '.join(['list', 'show', *(action.verb for action in kind.actions)])}."


def _kind(noun: str) -> Callable[[], object]:
    def load() -> object:
        return importlib.import_module("netloom.faces.cli.cloud").noun_app(noun)

    return load


def _own(module: str) -> Callable[[], object]:
    def load() -> object:
        return importlib.import_module(f"{_HERE}.{module}").app

    return load


def _plugin(entry: metadata.EntryPoint) -> Callable[[], object]:
    def load() -> object:
        try:
            found: object = entry.load()
        except (ImportError, AttributeError) as error:
            raise InvalidInput(
                f"the command {entry.name} cannot be loaded from {entry.value}: {error}",
                subject=entry.name,
                hint="is the package that brings it installed whole?",
            ) from error
        return found

    return load
