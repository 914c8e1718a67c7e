"""CloudStack's commands for usage."""

from __future__ import annotations

from netloom.faces.cloudstack.command import Command

COMMANDS: tuple[Command, ...] = ()
