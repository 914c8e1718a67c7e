"""Words, tags and lines of text that operators send: of offerings, zones and wires alike.

Rule 1: words are told apart in any case and kept in their own.
Rule 2: a text for people fits on one line.
"""

from __future__ import annotations

import enum
from typing import Final, TypeVar

from netloom.base.errors import InvalidInput

MAX_TEXT: Final = 255
MAX_TAGS: Final = 64

E = TypeVar("E", bound=enum.Enum)


class Allocation(enum.Enum):
    """Whether new things are made of something (an offering), or placed in it (a zone, a pod, a host, wires)."""

    ENABLED = "Enabled"
    DISABLED = "Disabled"


def parse_word(kind: type[E], text: str, subject: str, *, only: tuple[E, ...] = ()) -> E:
    """A value of an enumeration by its word, in any case.

    Raises:
        InvalidInput: it is none of those accepted.
    """
    accepted = only or tuple(kind)
    wanted = text.strip().lower()
    for item in accepted:
        if str(item.value).lower() == wanted:
            return item
    raise InvalidInput(
        f"{text!r} is no {subject}",
        subject=subject,
        hint="one of " + ", ".join(str(i.value) for i in accepted),
    )


def check_text(text: str, subject: str) -> str:
    """A line of text for people.

    Raises:
        InvalidInput: it is empty, too long, or not printable.
    """
    clean = text.strip()
    if not 1 <= len(clean) <= MAX_TEXT or not clean.isprintable():
        raise InvalidInput(
            f"{text[:40]!r} cannot be shown on one line" if clean else "the text is empty",
            subject=subject,
            hint=f"1 to {MAX_TEXT} printable characters",
        )
    return clean


def check_tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Tags, each once.

    Raises:
        InvalidInput: one is too long or not printable, or there are too many.
    """
    found = tuple(dict.fromkeys(check_text(tag, "tags") for tag in tags if tag.strip()))
    if len(found) > MAX_TAGS:
        raise InvalidInput(f"{len(found)} tags", subject="tags", hint=f"up to {MAX_TAGS}")
    return found
