"""From a cookie back to a person: what the flow is for and whose it is.

Rule 1: a pure function of the cookie; the object's name is looked up by who has the picture.
Rule 2: an unknown cookie is said to be foreign or of another version, never guessed at.
"""

from __future__ import annotations

import msgspec

from netloom.model.kinds import Cause, Kind
from netloom.providers.ovs.pipeline.cookies import VERSION, parts_of


class Explanation(msgspec.Struct, frozen=True):
    """What a cookie means. `sentence` holds {name} where `kind` and `number` name an object."""

    role: str
    sentence: str
    kind: Kind | Cause | None
    number: int
    drops: bool
    version: int

    def told(self, name: str | None) -> str:
        """The sentence with the object's name, or its number when nobody knows the name any more."""
        return self.sentence.replace("{name}", name or f"#{self.number}")


def explain(cookie: int) -> Explanation | None:
    """What a flow with this cookie is for; None when it is not netloom's."""
    parts = parts_of(cookie)
    if parts is None:
        return None
    if parts.role is None or parts.version != VERSION:
        sentence = f"Belongs to version {parts.version} of the pipeline; this is version {VERSION}."
        return Explanation("stale", sentence, None, parts.number, drops=False, version=parts.version)
    text = parts.role.value
    return Explanation(
        parts.role.reason, text.sentence, text.subject, parts.number, drops=text.drops, version=parts.version
    )
