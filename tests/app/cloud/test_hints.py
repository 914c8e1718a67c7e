"""Hints are read on every face: none is written as CloudStack's clients send parameters.

Commands may be named: under `/v1` and in `netloom` they are told as what is done there (`resources.subjects.hint_meant`).
"""

from __future__ import annotations

import ast
import pathlib
import re
from collections.abc import Iterator

import netloom

SENT = re.compile(r"\b[a-z][a-z0-9]*(\[0\]\.[a-z]+)?=[A-Za-z0-9]")
FLOORS = ("app", "model", "plan", "providers", "store")


def test_no_hint_is_a_query() -> None:
    found = list(hints())
    assert len(found) > 200
    assert [text for text in found if SENT.search(text)] == []


def hints() -> Iterator[str]:
    """The words of each `hint=` in what lies beneath the faces."""
    root = pathlib.Path(netloom.__file__).parent
    for file in sorted(each for floor in FLOORS for each in (root / floor).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "hint":
                yield "".join(
                    part.value
                    for part in ast.walk(node.value)
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                )
