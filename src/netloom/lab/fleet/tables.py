"""A simulated switch's flow tables: what a controller put there, as the bytes it sent.

Rule 1: match and instructions are kept as they came; a dump gives them back as they came.
Rule 2: what a dictionary cannot answer (a loose match of a deletion) is refused, not guessed.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Iterator
from typing import NamedTuple

# struct ofp_flow_mod (OpenFlow 1.4, section 7.3.4.1) behind the message's header, up to its match.
_FLOW_MOD = struct.Struct("!QQBBHHHIIIHH")
# struct ofp_flow_stats (section 7.3.5.2) up to its match; no flow has an age or counters.
_FLOW_STATS = struct.Struct("!HBxIIHHHHH2xQQQ")
_SEND_FLOW_REM, _NO_COUNTS = 1, 8 | 16
_EMPTY_MATCH = bytes.fromhex("0001000400000000")
ALL_TABLES = 0xFF


class _Command(enum.IntEnum):
    """OFPFC_*."""

    ADD = 0
    MODIFY_STRICT = 2
    DELETE = 3
    DELETE_STRICT = 4


Key = tuple[int, int, bytes]


class Entry(NamedTuple):
    """A flow but its key: table, priority and match."""

    cookie: int
    idle_timeout: int
    hard_timeout: int
    flags: int
    importance: int
    instructions: bytes


class Refused(Exception):
    """A flow_mod that the switch refuses; the error's type and code."""

    def __init__(self, kind: int, code: int) -> None:
        super().__init__(f"error type {kind} code {code}")
        self.kind = kind
        self.code = code


class Tables:
    """All flow tables of one switch."""

    def __init__(self) -> None:
        self.flows: dict[Key, Entry] = {}
        self.changes = 0
        """flow_mods applied."""

    @staticmethod
    def check(body: bytes) -> None:
        """Whether `apply` can do a flow_mod, given without its header.

        Raises:
            Refused: it is one that is not understood here.
        """
        command, at = body[17], _FLOW_MOD.size
        if command in (_Command.ADD, _Command.MODIFY_STRICT, _Command.DELETE_STRICT):
            return
        if command != _Command.DELETE or body[at : at + 8] != _EMPTY_MATCH:
            raise Refused(5, 6)  # OFPET_FLOW_MOD_FAILED, OFPFMFC_BAD_COMMAND

    def apply(self, body: bytes) -> None:
        """Do a flow_mod that `check` found right."""
        cookie, mask, table, command, idle, hard, priority, _, _, _, flags, importance = (
            _FLOW_MOD.unpack_from(body)
        )
        at = _FLOW_MOD.size
        length = (int.from_bytes(body[at + 2 : at + 4]) + 7) & ~7
        match, instructions = body[at : at + length], body[at + length :]
        self.changes += 1
        entry = Entry(cookie, idle, hard, flags & (_SEND_FLOW_REM | _NO_COUNTS), importance, instructions)
        match command:
            case _Command.ADD:
                self.flows[table, priority, match] = entry
            case _Command.MODIFY_STRICT:
                if (table, priority, match) in self.flows:
                    self.flows[table, priority, match] = entry
            case _Command.DELETE_STRICT:
                found = self.flows.get((table, priority, match))
                if found is not None and found.cookie & mask == cookie & mask:
                    del self.flows[table, priority, match]
            case _:
                for key in list(self._selected(table, cookie, mask)):
                    del self.flows[key]

    def dump(self, table: int, cookie: int, mask: int) -> Iterator[bytes]:
        """The flows of a table (255: all), as entries of a multipart reply."""
        for key in self._selected(table, cookie, mask):
            entry = self.flows[key]
            length = _FLOW_STATS.size + len(key[2]) + len(entry.instructions)
            head = _FLOW_STATS.pack(
                length,
                key[0],
                0,
                0,
                key[1],
                entry.idle_timeout,
                entry.hard_timeout,
                entry.flags,
                entry.importance,
                entry.cookie,
                0,
                0,
            )
            yield head + key[2] + entry.instructions

    def _selected(self, table: int, cookie: int, mask: int) -> Iterator[Key]:
        for key, entry in self.flows.items():
            if table in (ALL_TABLES, key[0]) and entry.cookie & mask == cookie & mask:
                yield key
