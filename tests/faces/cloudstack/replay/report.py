"""How far the replay is, for people."""

from __future__ import annotations

import json
from collections import Counter

from tests.faces.cloudstack.replay.differences import Table
from tests.faces.cloudstack.replay.play import Played

from netloom.faces.cloudstack.commands import AREAS

TEXTS = {
    "same": "as recorded",
    "meant": "meant to differ",
    "differs": "differs",
    "blocked": "blocked by an earlier call",
    "planned": "no such command yet",
}
MARKS = {"same": "=", "meant": "~", "differs": "!", "blocked": "?", "planned": "-"}


def outcome(one: Played, table: Table) -> tuple[str, list[str]]:
    """The outcome with the table's say, and the differences that no line is for."""
    found = one.outcome
    if found == "planned":
        return found, [] if table.is_planned(one.recorded.command) else ["planned: not in the table"]
    left = [d for d in one.differences if not table.is_meant(one.recorded.number, one.recorded.command, d)]
    if found in {"differs", "blocked"} and not left:
        return "meant", []
    return found, left


def area_of(command: str) -> str:
    """The area whose command it is; empty when none has it."""
    for area, commands in AREAS.items():
        if any(each.name == command for each in commands):
            return area
    return ""


def print_report(played: list[Played], table: Table, area: str | None, number: int | None) -> None:
    """A line for each call, and the count of each outcome."""
    totals: Counter[str] = Counter()
    for one in played:
        found, left = outcome(one, table)
        totals[found] += 1
        recorded = one.recorded
        if number is not None:
            if recorded.number == number:
                print(json.dumps({"sent": one.params}, indent=1))
                print("RECORDED", recorded.status, json.dumps(recorded.response, indent=1)[:6000])
                print("OURS", one.ours.status, json.dumps(one.ours.response, indent=1)[:6000])
                print("RECORDED JOB", json.dumps(recorded.job, indent=1)[:6000])
                print("OUR JOB", json.dumps(one.ours.job, indent=1)[:6000])
            else:
                continue
        if (
            area is not None
            and area not in area_of(recorded.command)
            and area.lower() not in recorded.command.lower()
        ):
            continue
        note = f"  ({recorded.note})" if recorded.note else ""
        print(f"{MARKS[found]} {recorded.number:3} {recorded.command}{note}")
        if found in {"differs", "blocked", "same"}:
            for difference in left:
                print(f"        {difference}")
        if found != "same" and one.ours.status not in {200, 401} and one.ours.status != recorded.status:
            print(f"        said: {one.ours.content.get('errortext')}")
        if found == "blocked":
            print(f"        nothing stands for {', '.join(one.unknown)}")
    for line in table.stale():
        print(f"stale in differences.toml: {line}")
    print()
    for name, text in TEXTS.items():
        print(f"{MARKS[name]} {text} {totals[name]}")
