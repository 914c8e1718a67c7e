"""What is told once: halves of what is made that nobody keeps, or that nobody is told again.

Rule 1: it is added to the answer after that was remembered under its idempotency key: a repeated request is not told it.
Rule 2: it is in no record, job, event, audit or log; the answer of who made the thing is the only place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.keys import secret_of
from netloom.app.cloud.resources.fields import Value
from netloom.app.cloud.ssh_keys import CREATE, new_pair
from netloom.app.cloud.usecase import AnyUseCase
from netloom.model.cloud.identity import ApiKey, Caller
from netloom.model.cloud.record import Record


@dataclass(frozen=True, slots=True)
class Made:
    """What is made beside an action.

    Attributes:
        fixed: fields of its request.
        told: fields of its answer, this once.
    """

    fixed: Mapping[str, Value] = field(default_factory=dict)
    told: Mapping[str, Value] = field(default_factory=dict)


def made_for(use_case: AnyUseCase) -> Made:
    """What has to be made before an action begins."""
    if use_case.name != CREATE.name:
        return Made()
    private, public = new_pair()
    return Made({"public_key": public}, {"private_key": private})


async def told_of(cloud: Cloud, caller: Caller, made: Made, record: Record) -> Mapping[str, Value]:
    """What the answer tells besides the record."""
    if isinstance(record, ApiKey):
        return {"secret": await cloud.read_as(caller, lambda view: secret_of(view, record))}
    return made.told
