"""Which of our ids stands for which recorded one, learned from answers that belong together.

An id is learned where the same path leads to one in both answers; objects of lists are paired by an id that is known
already, then by what people call them, then by their order.
"""

from __future__ import annotations

import re
from typing import Any

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
KEY = re.compile(r"K{86}")
NAMES = (
    "name",
    "username",
    "ipaddress",
    "key",
    "traffictype",
    "service",
    "displaytext",
    "number",
    "protocol",
)
TRANSIENT = {"jobid", "parentid", "userid", "accountid"}
"""Ids that name something else on the other side, or nothing that is asked for again."""


class Ids:
    """What is known so far."""

    def __init__(self) -> None:
        self.ours: dict[str, str] = {}

    def translate(self, value: str) -> tuple[str, list[str]]:
        """A parameter with our ids in it, and the recorded ids in it that nothing stands for."""
        unknown = [
            found for found in UUID.findall(value) if found not in self.ours and not found.startswith("0" * 8)
        ]
        return UUID.sub(lambda found: self.ours.get(found[0], found[0]), value), unknown

    def learn(self, recorded: Any, ours: Any, key: str = "") -> None:
        """Take what two answers that belong together say."""
        if isinstance(recorded, dict) and isinstance(ours, dict):
            for name, value in recorded.items():
                if name in ours:
                    self.learn(value, ours[name], name)
        elif isinstance(recorded, list) and isinstance(ours, list):
            for one, other in self.pairs(recorded, ours):
                self.learn(one, other, key)
        elif isinstance(recorded, str) and isinstance(ours, str) and key not in TRANSIENT:
            if UUID.fullmatch(recorded) and UUID.fullmatch(ours):
                self.ours.setdefault(recorded, ours)
            elif KEY.fullmatch(recorded) and key == "apikey":
                self.ours[recorded] = ours

    def pairs(self, recorded: list[Any], ours: list[Any]) -> list[tuple[Any, Any]]:
        """Objects of two lists that are the same one."""
        left = list(ours)
        pairs: list[tuple[Any, Any]] = []
        for match in (self._same_id, self._same_name):
            for one in recorded:
                if any(one is done for done, _ in pairs):
                    continue
                found = next((other for other in left if match(one, other)), None)
                if found is not None:
                    pairs.append((one, found))
                    left = [other for other in left if other is not found]
        rest = [one for one in recorded if not any(one is done for done, _ in pairs)]
        if len(rest) == len(left) and (len(recorded) == len(ours)):
            pairs.extend(zip(rest, left, strict=True))
        return pairs

    def _same_id(self, one: Any, other: Any) -> bool:
        if not isinstance(one, dict) or not isinstance(other, dict) or "id" not in one:
            return False
        return str(one["id"]) in self.ours and self.ours[str(one["id"])] == other.get("id")

    def _same_name(self, one: Any, other: Any) -> bool:
        if not isinstance(one, dict) or not isinstance(other, dict):
            return False
        if str(one.get("id")) in self.ours:  # known, and not this one
            return False
        for name in NAMES:
            if name in one:
                return bool(one[name] == other.get(name))
        return False
