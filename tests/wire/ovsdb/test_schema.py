"""Schemas: the one of Open vSwitch, every constraint of the RFC, and what is not a schema."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from tests.sandbox.ovsdb import ROOT, SCHEMA

from netloom.wire.ovsdb import vswitch
from netloom.wire.ovsdb.errors import RemoteProtocolError
from netloom.wire.ovsdb.rows import row_class
from netloom.wire.ovsdb.schema import UNLIMITED, Atomic, Base, Column, ColumnType, parse_schema


def table(column: object) -> object:
    return {"name": "D", "version": "1.0.0", "tables": {"T": {"columns": {"c": {"type": column}}}}}


def parse_column(column: object) -> ColumnType:
    return parse_schema(table(column)).tables["T"].columns["c"].type


def test_forms_of_a_type() -> None:
    assert parse_column("integer") == ColumnType(Base(Atomic.INTEGER))
    assert parse_column({"key": "string", "min": 0}) == ColumnType(Base(Atomic.STRING), None, 0, 1)
    assert parse_column({"key": {"type": "integer", "minInteger": 1, "maxInteger": 9}}).key == Base(
        Atomic.INTEGER, minimum=1, maximum=9
    )
    assert parse_column({"key": {"type": "real", "minReal": 0.5}}).key == Base(Atomic.REAL, minimum=0.5)
    assert parse_column({"key": {"type": "string", "maxLength": 3}}).key == Base(Atomic.STRING, maximum=3)
    assert parse_column({"key": {"type": "string", "enum": "one"}}).key.enum == frozenset({"one"})
    assert parse_column({"key": {"type": "string", "enum": ["set", ["a", "b"]]}}).key.enum == frozenset("ab")
    weak = parse_column(
        {"key": {"type": "uuid", "refTable": "T", "refType": "weak"}, "min": 0, "max": "unlimited"}
    )
    assert weak == ColumnType(Base(Atomic.UUID, ref_table="T", weak=True), None, 0, UNLIMITED)
    assert parse_column({"key": "string", "value": "integer", "min": 0, "max": 4}).is_map


def test_the_generated_rows_are_the_schema() -> None:
    schema = parse_schema(json.loads(SCHEMA.read_text()))
    assert (schema.name, schema.version) == (vswitch.DATABASE, vswitch.VERSION)
    assert {row.TABLE.name: row.TABLE for row in vswitch.ROWS} == dict(schema.tables)
    for row in vswitch.ROWS:
        made = row_class(row.TABLE)
        uuid = "3f2b8c1e-5d0a-4c7e-9b1f-0123456789ab"
        generated, at_run_time = row(uuid=uuid), made(uuid=uuid)
        for column in row.TABLE.columns:
            assert getattr(generated, column) == getattr(at_run_time, column)


def test_the_generated_file_is_current() -> None:
    tool = ROOT / "tools" / "generate_vswitch.py"
    done = subprocess.run([sys.executable, str(tool), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_members_that_nobody_knows_yet_are_skipped() -> None:
    raw = table("integer")
    assert isinstance(raw, dict)
    raw["future"] = raw["tables"]["T"]["future"] = 1
    assert parse_schema(raw).tables["T"].columns["c"] == Column(ColumnType(Base(Atomic.INTEGER)))


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        {},
        {"name": 1},
        {"name": "D", "tables": []},
        {"name": "D", "tables": {"T": {}}},
        {"name": "D", "tables": {"T": {"columns": {"c": {}}}}},
        {"name": "D", "tables": {"T": {"columns": {}, "indexes": 5}}},
        {"name": "D", "tables": {"T": {"columns": {}, "indexes": [[1]]}}},
        {"name": "D", "tables": {"T": {"columns": {}, "isRoot": 1}}},
        {"name": "D", "tables": {"T": {"columns": {}, "maxRows": "x"}}},
        table("integers"),
        table({"key": "integer", "min": 2}),
        table({"key": "integer", "max": 0}),
        table({"key": "integer", "max": "many"}),
        table({"value": "integer"}),
        table({"key": {"type": "string", "enum": {"a": 1}}}),
        table({"key": {"type": "integer", "minInteger": "0"}}),
        table({"key": {"type": "uuid", "refTable": 7}}),
    ],
)
def test_what_is_no_schema(raw: object) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_schema(raw)
