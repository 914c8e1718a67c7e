"""Names in any script, ids in one form."""

from __future__ import annotations

import pytest

from netloom.base import ids
from netloom.base.errors import InvalidInput


@pytest.mark.parametrize("name", ["blue", "Netz-1", "网络", "شبكة", "नेटवर्क", "сеть №1", "a b", "🧵"])
def test_names_in_any_script(name: str) -> None:
    assert ids.parse_name(name) == name


def test_a_name_is_normalised() -> None:
    assert ids.parse_name("e\u0301") == "é"


@pytest.mark.parametrize(
    "name",
    ["", " ", " a", "a ", "a\nb", "a\tb", "a/b", "a\\b", "a\u202eb", "\ud800", "x" * 129,
     "3f2b8c1e-5d0a-4c7e-9b1f-0123456789ab"],
)  # fmt: skip
def test_names_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        ids.parse_name(name)


def test_uuid_has_one_form() -> None:
    assert ids.parse_uuid("3F2B8C1E5D0A4C7E9B1F0123456789AB") == "3f2b8c1e-5d0a-4c7e-9b1f-0123456789ab"
    with pytest.raises(InvalidInput):
        ids.parse_uuid("3f2b")
