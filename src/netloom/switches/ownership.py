"""How we know our own objects on a switch without a memory. The values are the provider's; the composition root passes them.

Rule 1: what lacks the mark is not ours, whatever its name or content.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ownership:
    """The marks.

    Args:
        cookie: value of a flow's cookie under `cookie_mask`.
        cookie_mask: the bits that hold the mark.
        key: the key in `external_ids` that rows of ours have.
    """

    cookie: int
    cookie_mask: int
    key: str

    @property
    def far_key(self) -> str:
        """The key in `external_ids` of our ports on other bridges; its value is the integration bridge they belong to."""
        return f"{self.key}-bridge"

    def owns_cookie(self, cookie: int) -> bool:
        """Whether a flow is ours."""
        return cookie & self.cookie_mask == self.cookie

    def owns_ids(self, external_ids: Mapping[str, str]) -> bool:
        """Whether a row is ours."""
        return self.key in external_ids
