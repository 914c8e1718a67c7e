"""CloudStack's commands for vpc."""

from __future__ import annotations

from netloom.faces.cloudstack.command import Command

COMMANDS: tuple[Command, ...] = ()
