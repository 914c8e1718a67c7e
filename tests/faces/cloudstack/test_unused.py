"""No command passes a parameter over in silence: it reads it, refuses it in words, or the reason is written down."""

from __future__ import annotations

import pytest
from tests.faces.cloudstack.reads import Reads
from tests.faces.cloudstack.replay.client import Client

from netloom.base.errors import InvalidInput
from netloom.faces.cloudstack.catalogue import catalogue_of
from netloom.faces.cloudstack.command import Call, Command, Rows, Success
from netloom.faces.cloudstack.commands import COMMANDS
from netloom.faces.cloudstack.protocol.parameters import Parameters, arrange
from netloom.faces.cloudstack.unused import PASSED, REFUSED, check_stays, check_unused, reasons

CATALOGUE = catalogue_of(COMMANDS)
UNUSED = {**reasons(REFUSED), **reasons(PASSED)}
NOT_READ = {
    (command.name.lower(), param.name.lower())
    for command in COMMANDS
    for reads in [Reads(command)]
    for param in CATALOGUE.table[command.name.lower()].params
    if param.name.lower() not in reads and param.name not in CATALOGUE.nowhere[command.name.lower()]
}


def test_each_parameter_is_read_or_its_reason_stands_there() -> None:
    assert sorted(NOT_READ - UNUSED.keys()) == []


def test_no_reason_is_stale() -> None:
    assert sorted(UNUSED.keys() - NOT_READ) == []
    assert not reasons(REFUSED).keys() & reasons(PASSED).keys()


def test_words_in_code_are_found_and_others_are_not() -> None:
    async def run(call: Call) -> Rows:
        """Mentions id."""
        return call.paged([{"name": call.text("Name")}] if _helped(call) else [])

    reads = Reads(Command("listZones", run, Success()), __name__)
    asked = ("name", "other", "page", "id", "keyword", "tags")
    assert [name for name in asked if name in reads] == ["name", "other", "page"]


def _helped(call: Call) -> bool:
    return call.has("other")


@pytest.mark.parametrize(("command", "name"), sorted(reasons(REFUSED)))
def test_what_is_not_done_is_refused_and_what_asks_for_nothing_passes(command: str, name: str) -> None:
    entry = UNUSED[command, name]
    param = next(param for param in CATALOGUE.table[command].params if param.name.lower() == name)
    if param.type == "map":
        asks, nothing = {f"{name}[0].key": "x"}, {}
    else:
        asks, nothing = {name: "true" if param.type == "boolean" else "77"}, {name: ""}
    with pytest.raises(InvalidInput) as caught:
        check_unused(command, [name], given(asks))
    assert (caught.value.stable_code, caught.value.subject) == ("not-done-here", name)
    assert entry.why in str(caught.value)
    check_unused(command, [name], given(nothing))
    for value in entry.unless if param.type != "map" else ():
        check_unused(command, [name], given({name: value.upper()}))


def test_what_stays_may_be_said_again() -> None:
    check_stays("arch", None, "x86_64", "it")
    check_stays("arch", "X86_64", "x86_64", "it")
    with pytest.raises(InvalidInput, match="the arch of it is x86_64"):
        check_stays("arch", "aarch64", "x86_64", "it")


async def test_a_caller_is_told_what_is_not_done(root: Client) -> None:
    status, body = await root.call("updateZone", id="00000000-0000-4000-8000-000000000007", sortkey="3")
    assert status == 431
    assert "sortkey: zones have none" in next(iter(body.values()))["errortext"]


def given(values: dict[str, str]) -> Parameters:
    return arrange(list(values.items()))
