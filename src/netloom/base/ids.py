"""Identities. Three kinds, never mixed:

* `Uuid`: what an object is, for ever (RFC 9562 text form).
* `Name`: what a person calls it; any script, unique among its kind.
* `Number`: a 32-bit handle that fits where a UUID does not (flow cookies, registers); never reused while referenced.
"""

from __future__ import annotations

import unicodedata
import uuid
from typing import NewType

from netloom.base.errors import InvalidInput

Uuid = NewType("Uuid", str)
HostId = NewType("HostId", Uuid)
ZoneId = NewType("ZoneId", Uuid)
PhysicalNetworkId = NewType("PhysicalNetworkId", Uuid)
NetworkId = NewType("NetworkId", Uuid)
NicId = NewType("NicId", Uuid)
Number = NewType("Number", int)

MAX_NAME = 128
"""Characters of a name, after normalisation."""

MAX_NUMBER = 2**32 - 1


def parse_uuid(text: str, subject: str = "id") -> Uuid:
    """The canonical lower-case text form of a UUID.

    Raises:
        InvalidInput: the text is not a UUID.
    """
    try:
        return Uuid(str(uuid.UUID(text)))
    except (ValueError, AttributeError, TypeError) as error:
        raise InvalidInput(
            f"{text!r} is not a UUID",
            subject=subject,
            hint="for example 3f2b8c1e-5d0a-4c7e-9b1f-0123456789ab",
        ) from error


def is_uuid(text: str) -> bool:
    """Whether a reference is an id; else it is a name."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return len(text) == 36


def parse_name(text: str, subject: str = "name") -> str:
    """A name in NFC, any script, without control characters, separators or outer blanks.

    Raises:
        InvalidInput: it is empty, too long, or holds what cannot be printed on one line or put into a path.
    """
    name = unicodedata.normalize("NFC", text)
    if not name or name != name.strip():
        raise InvalidInput(
            f"{text!r} is empty or has blanks around it",
            subject=subject,
            hint="1 to 128 characters",
        )
    if len(name) > MAX_NAME:
        raise InvalidInput(
            f"a name of {len(name)} characters",
            subject=subject,
            hint=f"at most {MAX_NAME} characters",
        )
    for character in name:
        category = unicodedata.category(character)
        if (
            category in {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
            or character in "/\\"
            or (
                category == "Cf" and character not in "\u200c\u200d"  # joiners belong to some scripts
            )
        ):
            raise InvalidInput(
                f"{text!r} holds the character U+{ord(character):04X}",
                subject=subject,
                hint="letters, digits, marks, punctuation and single blanks of any script, no slash",
            )
    if is_uuid(name):
        raise InvalidInput(f"{text!r} looks like an id", subject=subject, hint="choose another name")
    return name
