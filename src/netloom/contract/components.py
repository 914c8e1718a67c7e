"""The daemon's parts as the API tells them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from netloom.contract.fields import Answer


class ComponentReport(Answer):
    """One part of netloomd."""

    name: str
    level: Annotated[str, Field(description="Run level: lower ones start first and stop last.")]
    running: bool


class Components(Answer):
    """All parts, in the order in which they start."""

    items: tuple[ComponentReport, ...]
