"""Changing a setting, as a use case."""

from __future__ import annotations

from netloom.app.cloud.configuration import UpdateConfiguration, update
from netloom.app.cloud.usecase import UseCase

UPDATE = UseCase(
    name="configuration.update",
    command="updateConfiguration",
    request=UpdateConfiguration,
    begin=update,
    event="CONFIGURATION.VALUE.EDIT",
    text=lambda found: f"{found.name} is now {found.value!r}",
)
RESET = UseCase(
    name="configuration.reset",
    command="resetConfiguration",
    request=UpdateConfiguration,
    begin=update,
    event="CONFIGURATION.VALUE.EDIT",
    text=lambda found: f"{found.name} is now {found.value!r}",
)
USE_CASES = (UPDATE, RESET)
