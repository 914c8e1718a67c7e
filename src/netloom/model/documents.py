"""Declared sets of objects: what `apply`, `plan` and `export` deal in."""

from __future__ import annotations

import msgspec

from netloom.model.kinds import Kind
from netloom.model.specs import Spec, kind_of


class Document(msgspec.Struct, frozen=True):
    """One declared object; `where` says where it stands for error messages (`two-tenants.yaml:12`)."""

    spec: Spec
    where: str = ""

    @property
    def kind(self) -> Kind:
        """The kind declared."""
        return kind_of(self.spec)

    @property
    def name(self) -> str:
        """The name declared."""
        return self.spec.name
