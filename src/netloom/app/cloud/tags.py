"""Putting tags on things, taking them off, finding things by them.

Rule 1: whoever may change a thing may change its tags; somebody else's thing is not found.
Rule 2: what belongs to no account has tags all the same: a project's are its account's, and who acts for the project may
    change them; a template's are the operators'.
Rule 3: an area that deletes a thing for good calls `forget`, so that no tag outlives what it is on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, or_, select

from netloom.app.cloud.doing import nothing_more
from netloom.app.cloud.identity_owner import project_seen
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Exhausted, Forbidden, InvalidInput, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Account, Project
from netloom.model.cloud.record import Owned, Record
from netloom.model.cloud.tags import (
    KINDS,
    MAX_TAGS,
    ResourceTag,
    checked_kind,
    checked_tags,
    kinds_called,
)
from netloom.store.cloud.records import Where, columns
from netloom.store.cloud.schema import BY_WORD


class CreateTags(msgspec.Struct, frozen=True, kw_only=True):
    """Put tags on things; a key that a thing has already gets the new value."""

    kind: str
    resource_ids: tuple[Uuid, ...]
    tags: Mapping[str, str]
    customer: str | None = None


class DeleteTags(msgspec.Struct, frozen=True, kw_only=True):
    """Take tags off things: these keys (with a value: only when it is that), all without any."""

    kind: str
    resource_ids: tuple[Uuid, ...]
    tags: Mapping[str, str | None] = {}


def _tag(work: Work, request: CreateTags) -> Record:
    tags = checked_tags(request.tags)
    things = _things(work, request.kind, request.resource_ids)
    c = columns(ResourceTag)
    for kind, thing in things:
        present = {tag.key: tag for tag in work.records.select(ResourceTag, c.resource_id == thing.id)}
        if len(present.keys() | tags.keys()) > MAX_TAGS:
            raise Exhausted(
                f"{kind} {thing.id} would have more than {MAX_TAGS} tags",
                code="too-many-tags",
                subject=f"{KINDS[kind]}/{thing.id}",
                hint="delete some first",
            )
        for key, value in tags.items():
            if key in present:
                work.update(msgspec.structs.replace(present[key], value=value, customer=request.customer))
            else:
                work.insert(
                    ResourceTag(
                        **work.owned(_owner(work, thing)),
                        kind=kind,
                        resource_id=thing.id,
                        key=key,
                        value=value,
                        customer=request.customer,
                    )
                )
    return things[0][1]


def _untag(work: Work, request: DeleteTags) -> Record:
    things = _things(work, request.kind, request.resource_ids)
    c = columns(ResourceTag)
    found = work.records.select(ResourceTag, c.resource_id.in_([thing.id for _, thing in things]))
    wanted = request.tags
    work.delete_all(
        tag for tag in found if not wanted or (tag.key in wanted and wanted[tag.key] in {None, tag.value})
    )
    return things[0][1]


CREATE_TAGS = UseCase[CreateTags, Record](
    name="tag.create", command="createTags", request=CreateTags, begin=_tag, apply=nothing_more,
    event="CREATE_TAGS",
)  # fmt: skip
DELETE_TAGS = UseCase[DeleteTags, Record](
    name="tag.delete", command="deleteTags", request=DeleteTags, begin=_untag, apply=nothing_more,
    event="DELETE_TAGS",
)  # fmt: skip
USE_CASES = (CREATE_TAGS, DELETE_TAGS)


def tagged(record_id: ColumnElement[Any], kind: str, tags: Mapping[str, str]) -> list[Where]:
    """The condition that a record has any of these tags (an empty value: the key, whatever its value)."""
    if not tags:
        return []
    tag = columns(ResourceTag)
    either = or_(
        *(
            and_(tag.key == key, tag.value == value) if value else tag.key == key
            for key, value in tags.items()
        )
    )
    return [record_id.in_(select(tag.resource_id).where(tag.kind == checked_kind(kind), either))]


def tags_of(view: View, resource_ids: Iterable[str]) -> dict[str, list[ResourceTag]]:
    """The tags of things, by the things' ids; a thing without any is not in it."""
    found: dict[str, list[ResourceTag]] = {}
    for each in view.records.having(ResourceTag, "resource_id", resource_ids):
        found.setdefault(each.resource_id, []).append(each)
    return found


def forget(work: Work, resource_ids: Iterable[str]) -> None:
    """Take the tags off things that are deleted for good."""
    for tags in tags_of(work, resource_ids).values():
        work.delete_all(tags)


def _things(work: Work, kind: str, resource_ids: tuple[Uuid, ...]) -> list[tuple[str, Record]]:
    """The things, each with its own kind."""
    if not resource_ids:
        raise InvalidInput("no things to tag", subject="resourceids", hint="their ids, separated by commas")
    first, *others = kinds_called(checked_kind(kind))
    if KINDS[first] not in BY_WORD:
        raise InvalidInput(
            f"nothing of the kind {kind} can have tags yet",
            subject="resourcetype",
            hint=", ".join(kind for kind, word in KINDS.items() if word in BY_WORD),
        )
    things: list[tuple[str, Record]] = []
    for each in dict.fromkeys(resource_ids):
        found = ((other, work.find(BY_WORD[KINDS[other]].spec.record, each)) for other in others)
        there = next(((other, thing) for other, thing in found if thing is not None), None)
        things.append(there or (first, _thing(work, BY_WORD[KINDS[first]].spec.record, each)))
    for _, thing in things:
        _owner(work, thing)
    return things


def _thing(work: Work, record_type: type[Record], resource_id: Uuid) -> Record:
    if issubclass(record_type, Project):
        return project_seen(work, resource_id, "resourceids")
    return work.get(record_type, resource_id, "resourceids")


def _owner(work: Work, thing: Record) -> Account | Owned:
    """Whose the tags of a thing are.

    Raises:
        Forbidden: only operators tag it.
    """
    if isinstance(thing, Owned):
        return thing
    if not isinstance(thing, Project) and not work.caller.is_root:
        raise Forbidden(
            "things of the cloud are tagged by operators", code="not-yours", subject="resourceids"
        )
    account_id = thing.account_id if isinstance(thing, Project) else work.caller.account_id
    account = work.records.get(Account, account_id)
    if account is None:
        raise NotFound("the account is gone", code="account-not-found", subject="resourceids")
    return account
