"""Broad excepts are where decision 0195 says, and each names its door."""

from __future__ import annotations

import re

from tests.docs.markdown import ROOT, document

_MARK = re.compile(r"except\*? Exception\b.*# noqa: BLE001 - the ([a-z -]+) door\b")
_ROW = re.compile(r"^\| ([a-z -]+) \| (`[^|]+`) \|", re.M)


def test_every_broad_except_stands_at_a_door_of_the_table() -> None:
    source = ROOT / "src" / "netloom"
    found: set[tuple[str, str]] = set()
    for path in source.rglob("*.py"):
        for line in path.read_text().splitlines():
            if "BLE001" in line:
                marked = _MARK.search(line)
                assert marked is not None, f"{path}: {line.strip()}"
                found.add((marked[1], str(path.relative_to(source))))
    table = document("docs/decisions/0195-broad-excepts-have-doors.md").text
    assert found == {
        (door, place) for door, places in _ROW.findall(table) for place in re.findall(r"`([^`]+)`", places)
    }
