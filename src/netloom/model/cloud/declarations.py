"""What files have declared of the cloud: which record a document stands for, so that applying it again finds it.

Rule 1: a document is known by its kind, its owner as it was written, and its name; many records have no name of their own.
Rule 2: secrets are left out: what is not kept here is not compared.
"""

from __future__ import annotations

from netloom.base.ids import Uuid
from netloom.model.cloud.record import Record


class Declaration(Record, frozen=True, kw_only=True):
    """One document as it was applied last.

    Attributes:
        kind: as the document says it (`FirewallRule`).
        owner: `DOMAIN/ACCOUNT`, `DOMAIN/project PROJECT`; empty: the operator's.
        name: as the document says it.
        record_id: what it made; it may be gone.
        spec: its fields as JSON, without secrets.
    """

    kind: str
    owner: str
    name: str
    record_id: Uuid
    spec: str
