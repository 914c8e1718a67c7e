"""Labels: a user's own marks on objects, to find them by."""

from __future__ import annotations

import re
from collections.abc import Mapping

from netloom.base.errors import InvalidInput

MAX_LABELS = 32
MAX_VALUE = 255
_KEY = re.compile(r"^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$")

NO_LABELS: Mapping[str, str] = {}
"""Shared by all objects without labels; never changed."""


def check_labels(labels: Mapping[str, str], subject: str = "labels") -> Mapping[str, str]:
    """The labels, sorted by key.

    Raises:
        InvalidInput: too many, a key that is no word, or a value that is too long or not printable.
    """
    if not labels:
        return NO_LABELS
    if len(labels) > MAX_LABELS:
        raise InvalidInput(f"{len(labels)} labels", subject=subject, hint=f"at most {MAX_LABELS}")
    for key, value in labels.items():
        if _KEY.match(key) is None:
            raise InvalidInput(
                f"{key!r} is not a label's key",
                subject=subject,
                hint="1 to 63 letters, digits, '.', '_', '/', '-', for example team or example.org/stage",
            )
        check_text(value, f"{subject}.{key}", MAX_VALUE)
    return dict(sorted(labels.items()))


def check_text(text: str, subject: str, most: int) -> str:
    """A text of one line.

    Raises:
        InvalidInput: it is too long or holds what cannot be printed.
    """
    if len(text) > most:
        raise InvalidInput(f"a text of {len(text)} characters", subject=subject, hint=f"at most {most}")
    if not text.isprintable():
        raise InvalidInput(f"{text!r} cannot be printed on one line", subject=subject)
    return text
