"""One of many values by one parameter: what an IN list finds, on both databases, by an index."""

from __future__ import annotations

import pathlib

import pytest
from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, Text, insert, or_, select, text
from sqlalchemy.dialects import sqlite

from netloom.store.among import among
from netloom.store.database import open_database

THINGS = Table("things", MetaData(), Column("word", Text, index=True), Column("number", BigInteger))
WORDS = ["a", "b'); --", 'c"', "ä,b", "{d}", "\\", "NULL", ""]


def fill(connection: Connection) -> None:
    THINGS.create(connection)
    connection.execute(insert(THINGS), [{"word": word, "number": i << 33} for i, word in enumerate(WORDS)])
    connection.execute(insert(THINGS), [{"word": f"w{i}", "number": -i} for i in range(1, 3_001)])


@pytest.mark.parametrize(
    "wanted",
    [[], ["a"], ["nobody"], WORDS, ["a", "a"], ["é", *WORDS[3:5]], [f"w{i}" for i in range(0, 3_000, 2)]],
    ids=["none", "one", "absent", "odd", "twice", "some", "many"],
)
async def test_texts(url: str, wanted: list[str]) -> None:
    database = open_database(url)
    try:
        await database.write(fill)
        c = THINGS.c
        once = select(c.word).where(among(c.word, parameter="wanted")).order_by(c.word)

        def found(connection: Connection) -> tuple[list[str], list[str], list[str]]:
            every = connection.scalars(select(c.word)).all()
            return (
                sorted(set(wanted) & set(every)),
                sorted(connection.scalars(select(c.word).where(among(c.word, wanted)))),
                sorted(connection.scalars(once, {"wanted": wanted})),
            )

        right, said, asked = await database.read(found)
        assert said == right
        assert asked == right
    finally:
        await database.close()


async def test_numbers_and_other_conditions(url: str) -> None:
    database = open_database(url)
    try:
        await database.write(fill)
        c = THINGS.c
        either = or_(among(c.number, [-1, -2, 3 << 33]), c.word == "a")
        both = among(c.number, [-1, -2]) & among(c.word, ["w2", "w3"])
        found = await database.read(
            lambda connection: [
                sorted(connection.scalars(select(c.word).where(where))) for where in (either, both)
            ]
        )
        assert found == [["a", "w1", "w2", "ä,b"], ["w2"]]
    finally:
        await database.close()


async def test_an_index_finds_them(tmp_path: pathlib.Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/x.db")
    try:
        await database.write(fill)
        asked = str(select(THINGS).where(among(THINGS.c.word, ["a"])).compile(dialect=sqlite.dialect()))

        def plan(connection: Connection) -> str:
            rows = connection.execute(text(f"EXPLAIN QUERY PLAN {asked.replace('?', ':x')}"), {"x": '["a"]'})
            return " ".join(str(row[3]) for row in rows)

        assert "USING INDEX ix_things_word" in await database.read(plan)
    finally:
        await database.close()
