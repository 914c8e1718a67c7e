"""One unit of a use case: the records as its transaction sees them, who asks, and what has to be told about changes.

Rule 1: a record that the caller may not see is not found, with the same words as one that never was.
Rule 2: every change goes through `insert`, `update` or `delete` here, and so into limits, usage and the audit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar, cast

import msgspec

from netloom.app.cloud.backends import Backends
from netloom.app.cloud.identity_owner import owner
from netloom.app.cloud.limits import charge
from netloom.app.cloud.usage_meter import meter
from netloom.app.cloud.visibility import Projects, Scope, reached, visible
from netloom.base.errors import NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Account, Caller
from netloom.model.cloud.jobs import Audit, Event, EventLevel, EventState, Job
from netloom.model.cloud.record import AccountId, Birth, DomainId, Owned, OwnedBirth, Record
from netloom.model.cloud.tags import ResourceTag
from netloom.model.objects import Object
from netloom.store.cloud.records import Order, Records, Where, columns
from netloom.store.cloud.schema import STORED, word_of
from netloom.store.transaction import Transaction

if TYPE_CHECKING:
    from netloom.app.cloud.usecase import AnyUseCase

R = TypeVar("R", bound=Record)
T = TypeVar("T")

HIDDEN = "***"
OWN = Scope()


class View:
    """The records as a caller may see them, on a snapshot."""

    def __init__(self, records: Records, caller: Caller, backends: Backends, at: datetime) -> None:
        self.records = records
        self.caller = caller
        self.backends = backends
        self.at = at
        self._recalled: dict[object, object] = {}
        self.made_natives: dict[str, Object] = {}
        """Native objects that this unit made, as they are, so that nobody reads them back; who changes one takes it out."""

    def recall(self, key: tuple[type[T], str], look: Callable[[], T]) -> T:
        """What was looked up once in this unit, for what does not change in it; the key says what and of which object."""
        if key not in self._recalled:
            self._recalled[key] = look()
        return cast("T", self._recalled[key])

    def is_new(self, record_id: str) -> bool:
        """Whether this unit has made a thing that nothing can have been attached to yet: no job, no tag."""
        return False

    def get(self, record_type: type[R], record_id: str, subject: str = "id") -> R:
        """A record that the caller may see.

        Raises:
            NotFound: there is none, or it is somebody else's (`WORD-not-found`).
        """
        record = self.find(record_type, record_id)
        if record is None:
            raise missing(record_type, record_id, subject)
        return record

    def find(self, record_type: type[R], record_id: str) -> R | None:
        """As `get`, None when there is none."""
        record = self.records.get(record_type, record_id)
        if record is None or self.caller.is_root:
            return record
        if isinstance(record, Owned) and record.account_id == self.caller.account_id:
            return record
        conditions = reached(record_type, self.caller)
        if not conditions:
            return record
        return self.records.first(record_type, columns(record_type).id == record_id, *conditions)

    def select(
        self,
        record_type: type[R],
        *where: Where,
        scope: Scope = OWN,
        order: Order | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> list[R]:
        """The records that fit and that the caller may list in this scope."""
        return self.records.select(
            record_type, *where, *self.visible(record_type, scope), order=order, limit=limit, offset=offset
        )

    def count(self, record_type: type[Record], *where: Where, scope: Scope = OWN) -> int:
        """How many `select` would give.

        Without the things of projects: all but those. Indexes count both; else each row would be asked whether its
        owner is none.
        """
        if scope.projects is Projects.LEFT_OUT and issubclass(record_type, Owned):
            every = msgspec.structs.replace(scope, projects=Projects.INCLUDED)
            theirs = msgspec.structs.replace(scope, projects=Projects.ONLY)
            return self.records.count_but(
                record_type,
                (*where, *self.visible(record_type, every)),
                (*where, *self.visible(record_type, theirs)),
            )
        return self.records.count(record_type, *where, *self.visible(record_type, scope))

    def owner(self, account: str | None, domain_id: Uuid | None, project_id: Uuid | None) -> Account:
        """Whom a new object will belong to; see `identity_owner.owner`."""
        return owner(self, account, domain_id, project_id)

    def visible(self, record_type: type[Record], scope: Scope) -> tuple[Where, ...]:
        """The conditions of a scope; nothing for records that belong to nobody."""
        if not issubclass(record_type, Owned):
            return ()
        return tuple(visible(columns(record_type), self.caller, scope))


class Work(View):
    """A unit that writes."""

    def __init__(self, tx: Transaction, caller: Caller, backends: Backends, use_case: str) -> None:
        super().__init__(Records(tx.connection, tx.known, tx.pending), caller, backends, tx.at)
        self.tx = tx
        self.use_case = use_case
        self.following: list[tuple[AnyUseCase, Record, msgspec.Struct]] = []
        self._made: set[str] = set()
        self._made_types: set[type[Record]] = set()

    def is_new(self, record_id: str) -> bool:
        """Whether this unit has made a thing that nothing can have been attached to yet: no job, no tag."""
        return record_id in self._made and not self.following and ResourceTag not in self._made_types

    def then(self, use_case: AnyUseCase, record: Record, request: msgspec.Struct) -> None:
        """Have the second half of another use case follow, as a job of its own that is durable with this unit."""
        self.following.append((use_case, record, request))

    def birth(self) -> Birth:
        """Identity and age of a new record that belongs to nobody."""
        return Birth(id=self.tx.new_id(), number=self.tx.new_number(), created_at=self.at, updated_at=self.at)

    def owned(self, owner: Account | Owned) -> OwnedBirth:
        """Identity and age of a new record of an account, or of the account that owns another record."""
        account = AccountId(owner.id) if isinstance(owner, Account) else owner.account_id
        return OwnedBirth(**self.birth(), account_id=account, domain_id=DomainId(owner.domain_id))

    def insert(self, record: R) -> R:
        """Keep a new record.

        Raises:
            Conflict: something that has to be unique is taken.
            Exhausted: the owner's limit is reached (`limit-reached`).
        """
        charge(self, record)
        self.records.insert(record)
        self._made.add(record.id)
        self._made_types.add(type(record))
        self._changed(None, record)
        return record

    def update(self, record: R) -> R:
        """Keep a record as it is given; the stored one (its next generation) comes back, the same when nothing changed.

        Raises:
            Conflict: something that has to be unique is taken.
            Exhausted: it takes more than it did, and the owner's limit is reached (`limit-reached`).
        """
        before = self.records.get(type(record), record.id)
        if before is None:
            raise missing(type(record), record.id, "id")
        if before == record:
            return record
        charge(self, record, before)
        after = msgspec.structs.replace(record, generation=before.generation + 1, updated_at=self.at)
        self.records.update(after)
        self._changed(before, after)
        return after

    def delete(self, record: Record) -> None:
        """Take a record out.

        Raises:
            Conflict: something refers to it (`in-use`).
        """
        self.records.delete(record)
        self._changed(record, None)

    def delete_all(self, records: Iterable[Record]) -> None:
        """Take several out."""
        for record in records:
            self.delete(record)

    def event(
        self,
        event_type: str,
        description: str,
        record: Record | None = None,
        *,
        level: EventLevel = EventLevel.INFO,
        state: EventState = EventState.COMPLETED,
        job: Job | None = None,
    ) -> Event:
        """Tell people that something happened; an owned record's owner reads it, else its `job`'s, or the caller."""
        owner = record if isinstance(record, Owned) else job
        event = Event(
            **self.birth(),
            account_id=owner.account_id if owner else AccountId(self.caller.account_id),
            domain_id=owner.domain_id if owner else DomainId(self.caller.domain_id),
            user_id=self.caller.user_id,
            type=event_type,
            level=level,
            state=state,
            description=description,
            parent_id=None if job is None else job.start_event_id,
            resource_kind=word_of(record) if record is not None else None,
            resource_id=record.id if record is not None else None,
        )
        self.records.insert_later(event)
        return event

    def _changed(self, before: Record | None, after: Record | None) -> None:
        """What every change leads to: usage, what is remembered of identities, the audit."""
        record = after if after is not None else before
        if record is None or not STORED[type(record)].spec.audited:
            return
        meter(self, before, after)
        self.backends.epoch.touched(record)
        self.records.insert_later(
            Audit(
                **self.birth(),
                user_id=self.caller.user_id,
                account_id=self.caller.account_id,
                via=self.caller.name,
                use_case=self.use_case,
                resource_kind=word_of(record),
                resource_id=record.id,
                before=_told(before),
                after=_told(after),
            )
        )


def missing(record_type: type[Record], record_id: str, subject: str) -> NotFound:
    """The error for an id that leads nowhere."""
    word = word_of(record_type)
    return NotFound(
        f"there is no {word.replace('_', ' ')} {record_id!r}",
        code=f"{word.replace('_', '-')}-not-found",
        subject=subject,
    )


def _told(record: Record | None) -> str | None:
    """A record as the audit keeps it: JSON, secrets hidden."""
    if record is None:
        return None
    secrets = STORED[type(record)].spec.secrets
    if secrets:
        record = msgspec.structs.replace(
            record, **{name: HIDDEN for name in secrets if isinstance(getattr(record, name), str)}
        )
    return msgspec.json.encode(record).decode()
