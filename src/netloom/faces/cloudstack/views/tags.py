"""What CloudStack's answers say of tags."""

from __future__ import annotations

from collections.abc import Sequence

from netloom.faces.cloudstack.see import Row, See
from netloom.model.cloud.tags import ResourceTag, called


def tag_rows(tags: Sequence[ResourceTag], see: See) -> list[Row]:
    """Tags."""
    see.owners(tags)
    return [
        {
            "key": tag.key,
            "value": tag.value,
            "resourcetype": called(tag.kind),
            "resourceid": tag.resource_id,
            "customer": tag.customer,
            **see.owner(tag),
        }
        for tag in tags
    ]
