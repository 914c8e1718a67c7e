"""CloudStack's commands for security groups."""

from __future__ import annotations

from netloom.faces.cloudstack.command import Command

COMMANDS: tuple[Command, ...] = ()
