"""CloudStack's commands for tags."""

from __future__ import annotations

from netloom.app.cloud.tags import CREATE_TAGS, DELETE_TAGS, CreateTags, DeleteTags
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing
from netloom.faces.cloudstack.views.tags import tag_rows
from netloom.model.cloud.tags import ResourceTag, checked_kind, kinds_called
from netloom.store.cloud.records import columns


async def create_tags(call: Call) -> object:
    """Puts tags on things."""
    return await call.do(
        CREATE_TAGS,
        CreateTags(
            kind=call.need("resourcetype"),
            resource_ids=call.uuids("resourceids"),
            tags=call.pairs("tags"),
            customer=call.text("customer"),
        ),
    )


async def delete_tags(call: Call) -> object:
    """Takes tags off things."""
    tags = {entry.get("key", ""): entry.get("value") or None for entry in call.maps("tags")}
    return await call.do(
        DELETE_TAGS,
        DeleteTags(kind=call.need("resourcetype"), resource_ids=call.uuids("resourceids"), tags=tags),
    )


async def list_tags(call: Call) -> object:
    """Lists tags and what they are on."""
    c = columns(ResourceTag)
    kind = call.text("resourcetype")
    return await call.select(
        ResourceTag,
        c.kind.in_(kinds_called(checked_kind(kind))) if kind else None,
        call.match(c.resource_id, "resourceid"),
        call.match(c.key, "key"),
        call.match(c.value, "value"),
        call.match(c.customer, "customer"),
        keyword=("key", "value"),
    )


COMMANDS: tuple[Command, ...] = (
    Command("createTags", create_tags, JobAnswer(CREATE_TAGS)),
    Command("deleteTags", delete_tags, JobAnswer(DELETE_TAGS)),
    Command("listTags", list_tags, Listing("tag", tag_rows)),
)
