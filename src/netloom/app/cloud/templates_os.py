"""The operating systems that templates may be of, for people and for clients that ask for their ids.

Rule 1: an operating system's id follows from its name: the same in every cloud, before and after a template names it.
Rule 2: nothing depends on them: what a guest runs is the hypervisor's and the template's affair.
"""

from __future__ import annotations

import functools
from typing import Final

import msgspec

from netloom.base.ids import Uuid
from netloom.model.cloud.infrastructure import derived_id

_ROOT: Final = "0f6c5a0e-6a1d-5f0e-8a41-6d1fb6c7a3a2"
"""Names ids of operating systems apart from other derived ones."""


class OsType(msgspec.Struct, frozen=True, kw_only=True):
    """An operating system and the family that it is listed under."""

    name: str
    category: str

    @property
    def id(self) -> Uuid:
        """Its id."""
        return os_id(self.name)


@functools.lru_cache(maxsize=1024)
def os_id(name: str) -> Uuid:
    """The id of an operating system."""
    return derived_id(_ROOT, f"os/{name}")


def category_id(name: str) -> Uuid:
    """The id of a family."""
    return derived_id(_ROOT, f"category/{name}")


CATEGORIES: Final = ("CentOS", "Debian", "Fedora", "Ubuntu", "Alpine", "BSD", "Windows", "Other")

OS_TYPES: Final = tuple(
    OsType(name=name, category=category)
    for category, names in (
        ("CentOS", ("CentOS 5.6 (64-bit)", "CentOS 7", "CentOS 8", "Rocky Linux 8", "Rocky Linux 9")),
        ("Debian", ("Debian GNU/Linux 11 (64-bit)", "Debian GNU/Linux 12 (64-bit)")),
        ("Fedora", ("Fedora Linux (64-bit)",)),
        ("Ubuntu", ("Ubuntu 22.04 LTS", "Ubuntu 24.04 LTS")),
        ("Alpine", ("Alpine Linux (64-bit)",)),
        ("BSD", ("FreeBSD 14 (64-bit)", "OpenBSD (64-bit)")),
        ("Windows", ("Windows Server 2022 (64-bit)",)),
        ("Other", ("Other Linux (64-bit)", "Other (64-bit)", "None")),
    )
    for name in names
)

_BY_ID: Final = {each.id: each for each in OS_TYPES}
_BY_NAME: Final = {each.name: each for each in OS_TYPES}
OTHER: Final = "Other Linux (64-bit)"


def os_by_id(os_type_id: str) -> OsType | None:
    """An operating system by its id."""
    return _BY_ID.get(Uuid(os_type_id))


def os_by_name(name: str) -> OsType | None:
    """An operating system by its name."""
    return _BY_NAME.get(name)
