"""CloudStack's commands for rules."""

from __future__ import annotations

from netloom.faces.cloudstack.command import Command

COMMANDS: tuple[Command, ...] = ()
