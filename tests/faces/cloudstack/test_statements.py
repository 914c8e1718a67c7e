"""How many statements frequent calls cost: each is a round trip on PostgreSQL, most of a call's time there.

Rule 1: a bound is what the call costs today; who lowers it, lowers it here, and who raises it says why.
"""

from __future__ import annotations

import pytest
from tests.faces.cloudstack.test_networks import Place, place
from tests.testing.reads import statements

__all__ = ["place"]


def begun(said: list[str]) -> list[list[str]]:
    """The statements of each transaction, the longest last, without its beginning."""
    transactions: list[list[str]] = []
    for statement in said:
        if statement.startswith("BEGIN"):
            transactions.append([])
        else:
            transactions[-1].append(" ".join(statement.split()[:3]))
    return sorted(transactions, key=len)


async def test_a_network_takes_few_statements_once_the_writer_knows_what_it_is_made_of(place: Place) -> None:
    await place.network(place.admin, "first")
    with statements() as said:
        await place.network(place.admin, "second")
    writing = begun(said)[-1]
    assert [each for each in writing if each.startswith("INSERT")] == [
        "INSERT INTO networks",
        "INSERT INTO cloud_networks",
        "INSERT INTO cloud_usage_spans",
        "INSERT INTO cloud_audits",
        "INSERT INTO cloud_events",
        "INSERT INTO changes",
    ]
    assert len(writing) <= 9, writing


@pytest.mark.parametrize(
    ("command", "most"),
    [("listNetworks", 6), ("listZones", 3), ("listAccounts", 15), ("listGuestVlans", 6)],
)
async def test_a_page_costs_the_same_however_long_it_is(place: Place, command: str, most: int) -> None:
    await place.user("somebody")
    for name in ("a", "b", "c", "d", "e", "f"):
        await place.network(place.admin, name)
    costs: list[int] = []
    for size in ("1", "500"):
        await place.admin.result(command, listall="true")  # the key is known
        with statements() as said:
            await place.admin.result(command, listall="true", page="1", pagesize=size)
        costs.append(len(begun(said)[-1]))
    assert costs[1] <= costs[0] + 1, costs
    assert max(costs) <= most, (command, costs, said)
