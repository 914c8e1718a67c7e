"""The words in which migration 0004 says what a table is: columns, what no two rows share, what refers to what.

Rule 1: as frozen as the tables: a later migration has Alembic's words, or its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from alembic import op


@dataclass(frozen=True, slots=True)
class Unique:
    """What no two rows share."""

    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refers:
    """A column with the id of a row of another table."""

    column: str
    table: str


@dataclass(frozen=True, slots=True)
class Index:
    """What is looked for by."""

    columns: tuple[str, ...]


Part = sa.Column[object] | Unique | Refers | Index


@dataclass(frozen=True, slots=True)
class Table:
    """A table of records: each has an id of its own, and a number that no other one of its kind has."""

    name: str
    parts: tuple[Part, ...]

    @property
    def refers_to(self) -> frozenset[str]:
        """The other tables that have to be there before."""
        return frozenset(part.table for part in self.parts if isinstance(part, Refers)) - {self.name}

    def make(self) -> None:
        """Make it, with its indexes."""
        name = self.name
        op.create_table(
            name,
            *(part for part in self.parts if isinstance(part, sa.Column)),
            sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
            sa.UniqueConstraint("number", name=f"uq_{name}_number"),
            *(
                sa.UniqueConstraint(*part.columns, name=f"uq_{name}_{'_'.join(part.columns)}")
                for part in self.parts
                if isinstance(part, Unique)
            ),
            *(
                sa.ForeignKeyConstraint([part.column], [f"{part.table}.id"], name=f"fk_{name}_{part.column}")
                for part in self.parts
                if isinstance(part, Refers)
            ),
        )
        for part in self.parts:
            if isinstance(part, Index):
                op.create_index(f"ix_{name}_{'_'.join(part.columns)}", name, list(part.columns))


def make_all(tables: Iterable[Table]) -> None:
    """Make tables, what is referred to before what refers to it."""
    left = {each.name: each for each in tables}
    while left:
        ready = [each for each in left.values() if not each.refers_to & left.keys()]
        if not ready:
            raise RuntimeError(f"these tables refer to each other: {', '.join(left)}")
        for each in ready:
            each.make()
            del left[each.name]


def table(name: str, *parts: Part) -> Table:
    """A table."""
    return Table(name, parts)


def record() -> tuple[Part, ...]:
    """The columns of every record."""
    return (
        text("id"),
        number("number"),
        number("created_at"),
        number("updated_at"),
        number("generation"),
    )


def owned() -> tuple[Part, ...]:
    """The columns of every record that an account owns."""
    return (*record(), text("account_id"), text("domain_id"))


def text(name: str, *, null: bool = False) -> Part:
    """A column of text: words, ids, JSON."""
    return sa.Column(name, sa.Text, nullable=null)


def number(name: str, *, null: bool = False) -> Part:
    """A column of whole numbers: counts, times in microseconds."""
    return sa.Column(name, sa.BigInteger, nullable=null)


def flag(name: str, *, null: bool = False) -> Part:
    """A column of yes or no."""
    return sa.Column(name, sa.Boolean, nullable=null)


def unique(*columns: str) -> Part:
    """What no two rows share; rows with a NULL among these are left alone."""
    return Unique(columns)


def refers(column: str, to: str) -> Part:
    """What a column refers to."""
    return Refers(column, to)


def index(*columns: str) -> Part:
    """What is looked for by."""
    return Index(columns)
