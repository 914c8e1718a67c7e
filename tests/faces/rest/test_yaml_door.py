"""The YAML door against anything: values or a refusal, never another exception, never a different value than was written."""

from __future__ import annotations

import contextlib
import json
import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from netloom.base.errors import TooLarge
from netloom.faces.rest.documents import parse_path, read_file
from netloom.faces.rest.problems import Mistakes
from netloom.faces.rest.yaml_door import Malformed, Mark, load, locate

TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\u2028\u2029\x85\ufffe\uffff"),
    max_size=20,
)
SCALAR = (
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    with contextlib.suppress(Malformed, TooLarge):
        load(data, max_documents=10)


@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%@`,? \n\t0159.~<=", max_size=60))
def test_any_text_of_yaml_characters(text: str) -> None:
    with contextlib.suppress(Malformed, TooLarge, Mistakes):
        read_file(text.encode(), "application/yaml")


@given(VALUE)
def test_json_reads_as_itself(value: object) -> None:
    """JSON is YAML (1.2, section 1.3), as long as it has no escapes that YAML has not."""
    found = load(json.dumps(value, ensure_ascii=False).encode(), max_documents=1)
    assert same(found[0] if found else None, value)


@given(VALUE)
def test_what_is_dumped_for_a_1_2_reader_reads_as_itself(value: object) -> None:
    text = yaml.dump(quoted(value), Dumper=yaml.SafeDumper, default_style='"', allow_unicode=True)
    found = load(text.encode(), max_documents=1)
    assert same(found[0] if found else None, quoted(value))


def quoted(value: object) -> object:
    """Only text and containers: what keeps its type in quotes."""
    if isinstance(value, dict):
        return {key: quoted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [quoted(item) for item in value]
    return value if isinstance(value, str) else "x"


def same(left: object, right: object) -> bool:
    if isinstance(left, float | int) and isinstance(right, float | int) and not isinstance(left, bool):
        return math.isclose(left, right, rel_tol=1e-12)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right and type(left) is type(right)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("02:00:00:00:00:01", "02:00:00:00:00:01"),
        ("10:20:30:40:50:59", "10:20:30:40:50:59"),
        ("no", "no"),
        ("On", "On"),
        ("2026-01-02", "2026-01-02"),
        ("1_000", "1_000"),
        ("0x1F", 31),
        ("0o17", 15),
        ("017", 17),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("+12", 12),
        ("10.0.0.1", "10.0.0.1"),
        ("'12'", "12"),
        ("! 12", "12"),
        ("!!str 12", "12"),
        ("!!int 12", 12),
        ("~", None),
        ("null", None),
        ("True", True),
        (".inf", ".inf"),
        ("fd00::7", "fd00::7"),
        ("|\n  a\n  b\n", "a\nb\n"),
    ],
)
def test_scalars_of_the_core_schema(text: str, value: object) -> None:
    (found,) = load(f"a: {text}\n".encode(), max_documents=1)
    assert found == {"a": value}
    assert isinstance(found, dict)
    assert type(found["a"]) is type(value)


def test_aliases_share_and_documents_do_not() -> None:
    assert load(b"a: &x {b: 1}\nc: *x\n", max_documents=1) == [{"a": {"b": 1}, "c": {"b": 1}}]
    with pytest.raises(Malformed, match="no anchor"):
        load(b"a: &x 1\n---\nb: *x\n", max_documents=2)


def test_places() -> None:
    data = "a: 1\n---\nbé: {c: [1, {d: 2}]}\n".encode()
    found = locate(data, {1: [("bé", "c", 1, "d"), ("bé", "none")]})
    assert found == {(1, ("bé", "c", 1, "d")): Mark(3, 17), (1, ("bé", "none")): Mark(3, 5)}
    assert parse_path("items[3].attachment.host") == ("items", 3, "attachment", "host")
    assert parse_path(None) == ()
