"""Accounts, projects and domains that are gone, as people knew them: for what tells of the time when they were there.

Rule 1: usage, events and the audit outlive whom they are about; a name is kept for as long as usage is.
"""

from __future__ import annotations

from netloom.base.ids import Uuid
from netloom.model.cloud.record import Record


class FormerOwner(Record, frozen=True, kw_only=True):
    """One of them, under the id that it had; `created_at`: when it went.

    Attributes:
        name: an account's or a domain's.
        project_id, project: the project, of the account that it owned through.
        path: the domain's, when it is one.
    """

    name: str
    project_id: Uuid | None = None
    project: str | None = None
    path: str | None = None
