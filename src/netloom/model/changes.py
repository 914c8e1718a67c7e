"""What happened, in the order in which it became durable: what watchers and the planner follow."""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec

from netloom.base.ids import Uuid
from netloom.model.kinds import Kind


class Action(enum.Enum):
    """What was done to an object; `STATE` moved its state without touching what users asked for."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    STATE = "state"


class Change(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One change; `revision` is unique and grows; `generation` is the object's after it (its last, when deleted)."""

    revision: int
    kind: Kind
    id: Uuid
    name: str
    action: Action
    generation: int
    at: datetime
