"""What a caller sees of a kind, with what others share: networks that are shared, lists that are everybody's, public images.

Rule 1: lists, reading one, and names all ask here: what is in a list can be named, and what is not cannot.
"""

from __future__ import annotations

from typing import TypeVar

from netloom.app.cloud.networks_use import visible_networks
from netloom.app.cloud.visibility import Scope, visible
from netloom.app.cloud.work import View, missing
from netloom.model.cloud.acl import AclList
from netloom.model.cloud.instances import Template
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.record import Record
from netloom.store.cloud.records import Where, columns

R = TypeVar("R", bound=Record)


def conditions(view: View, record_type: type[Record], scope: Scope) -> list[Where]:
    """The conditions of a list in a scope."""
    if record_type is GuestNetwork:
        return visible_networks(view, scope)
    c = columns(record_type)
    if record_type is AclList:
        return visible(c, view.caller, scope, shared=(c.vpc_id.is_(None),))
    if record_type is Template and not view.caller.is_root:
        return [c.public.is_(True)]
    return list(view.visible(record_type, scope))


def select(
    view: View, record_type: type[R], *where: Where, scope: Scope, limit: int | None = None
) -> list[R]:
    """The records that fit and that the caller sees, in the order of making."""
    return view.records.select(record_type, *where, *conditions(view, record_type, scope), limit=limit)


def get(view: View, record_type: type[R], record_id: str, subject: str) -> R:
    """A record that the caller sees.

    Raises:
        NotFound: there is none.
    """
    c = columns(record_type)
    seen = conditions(view, record_type, Scope(everything=True))
    found = view.records.first(record_type, c.id == record_id, *seen)
    if found is None:
        raise missing(record_type, record_id, subject)
    return found
