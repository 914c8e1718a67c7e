"""CloudStack's commands for identity."""

from __future__ import annotations

from netloom.faces.cloudstack.command import Command

COMMANDS: tuple[Command, ...] = ()
