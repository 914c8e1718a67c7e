"""What every object that netloom keeps has in common: its identity, its versions, its status.

Rule 1: `generation` counts changes of intent of this object (the ETag); `revision` orders changes across all objects.
Rule 2: status says how far reality is: only `Done` means that every host concerned has it.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from netloom.contract.fields import Answer, Id, Labels, Name

Phase = Literal["Pending", "Done", "Error"]
Severity = Literal["warning", "error"]


class Finding(Answer):
    """Something a person should know about an object; it stops nothing else."""

    code: Annotated[str, Field(description="Stable, kebab-case.", examples=["mtu-too-small"])]
    message: Annotated[str, Field(description="What was found, with the values seen.")]
    severity: Annotated[Severity, Field(description="A warning works, an error does not.")] = "warning"
    subject: Annotated[str, Field(description="What it is about.")] = ""
    hint: Annotated[str, Field(description="What would put it right.")] = ""


class Status(Answer):
    """How far reality follows intent."""

    phase: Annotated[
        Phase,
        Field(
            description="Pending: being worked on. Done: true on every host concerned. Error: see `reason`."
        ),
    ]
    reason: Annotated[str, Field(description="Why it is not Done, for a person.")] = ""
    code: Annotated[str, Field(description="The same, stable and kebab-case.")] = ""
    generation: Annotated[
        int, Field(description="Newest generation realised on every host concerned; 0: none yet.")
    ] = 0
    since: Annotated[dt.datetime | None, Field(description="When this phase began.")] = None
    next_try: Annotated[dt.datetime | None, Field(description="When it is tried again.")] = None
    behind: Annotated[tuple[str, ...], Field(description="Names of hosts that do not have it yet.")] = ()


class Resource(Answer):
    """The fields that every answered object has."""

    id: Id
    number: Annotated[int, Field(description="32-bit handle, as in flow cookies.", examples=[17])]
    name: Name
    labels: Labels = Field(default_factory=dict)
    generation: Annotated[int, Field(description="Counts changes of this object; the ETag.", examples=[1])]
    revision: Annotated[int, Field(description="Store revision of its last change.", examples=[42])]
    created_at: dt.datetime
    updated_at: dt.datetime
    status: Status
    findings: tuple[Finding, ...] = ()
