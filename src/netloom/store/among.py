"""Whether a column is one of many values, with one parameter: the statement is the same for any number of them.

An IN list has a parameter for each value. Five hundred cost SQLAlchemy 1 ms to write, PostgreSQL a plan for each length and
the driver a prepared statement. So PostgreSQL is given an array, SQLite a list in JSON (decision 0206).

Rule 1: for values that come as a list of any length; a few that are known when the code is written stay an IN list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    Dialect,
    Integer,
    Text,
    bindparam,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator, TypeEngine

Value = str | int
_encode = msgspec.json.Encoder().encode


class _Values(TypeDecorator[Sequence[Value]]):
    """Several values as one: an array where the database has them, else JSON."""

    impl = Text
    cache_ok = True

    def __init__(self, *, numbers: bool) -> None:
        super().__init__()
        self.numbers = numbers

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """What it is to a database."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(ARRAY(BigInteger() if self.numbers else Text()))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: Sequence[Value] | None, dialect: Dialect) -> Any:  # noqa: ANN401 - SQLAlchemy's
        """What the driver is given."""
        if value is None or dialect.name == "postgresql":
            return None if value is None else list(value)
        return _encode(list(value)).decode()


class _Among(FunctionElement[bool]):
    """A column and the parameter with its values."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> _Among:
        """Itself: it is a condition already; `… = 1` around it, as for a column of flags, would leave indexes unused."""
        return self


def among(
    column: ColumnElement[Any], values: Sequence[Value] | None = None, *, parameter: str | None = None
) -> ColumnElement[bool]:
    """Whether a column is one of these values, none of which is NULL.

    Args:
        column: of texts or whole numbers.
        values: them; any number, none too.
        parameter: for statements that are made once: the name under which the values are given when they are asked.
    """
    kind = _Values(numbers=isinstance(column.type, Integer))
    bound: BindParameter[Any] = bindparam(parameter, values, type_=kind, required=parameter is not None)
    return _Among(column, bound)


@compiles(_Among, "postgresql")
def _array(element: _Among, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    column, values = element.clauses
    return f"{compiler.process(column, **options)} = ANY ({compiler.process(values, **options)})"


@compiles(_Among)
def _json(element: _Among, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    column, values = element.clauses
    listed = compiler.process(values, **options)
    return f"{compiler.process(column, **options)} IN (SELECT value FROM json_each({listed}))"  # noqa: S608 - a parameter
