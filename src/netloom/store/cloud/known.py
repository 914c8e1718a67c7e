"""What a transaction has read and need not ask again; of what changes rarely, the next ones of the same process neither.

Rule 1: who writes forgets: a record's kind when one is written, everything when one is deleted, for others may go with it.
Rule 2: beyond a commit it holds only while nobody else writes. The writer knows by the counters, which every commit moves
    that could make this untrue (`written`): found other than it left them, all is forgotten (decision 0207).
Rule 3: what readers remember is theirs and not the writer's; see `recalled`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from netloom.model.cloud.record import Record
from netloom.model.kinds import Kind
from netloom.model.objects import Object
from netloom.store.cloud.schema import LASTING

MAX_LASTING = 5_000
"""Records of a kind that are remembered beyond a commit; with more, all of the kind are forgotten."""

SETTLED_KINDS = frozenset({Kind.ZONE, Kind.PHYSICAL_NETWORK})
"""Native kinds that nothing changes but their own use cases: no state of theirs moves."""


@dataclass(slots=True)
class Known:
    """What was read.

    Attributes:
        by_id: records by their ids, None for an id that there is not.
        whole: whole tables, of small kinds.
        natives: native objects by what they were asked for, name or id.
        every: all objects of a native kind.
        ipv6_zones: the zones with hosts whose underlay is IPv6; empty: not asked yet.
        written: whether something was written that is remembered beyond commits.
        unsure: whether something else was written that such things hang on, or may go with.
    """

    by_id: dict[type[Record], dict[str, Record | None]] = field(default_factory=dict)
    whole: dict[type[Record], list[Record]] = field(default_factory=dict)
    natives: dict[tuple[Kind, str], Object] = field(default_factory=dict)
    every: dict[Kind, list[Object]] = field(default_factory=dict)
    ipv6_zones: list[frozenset[str]] = field(default_factory=list)
    written: bool = False
    unsure: bool = False

    def look(self, connection: Connection) -> None:
        """Something is asked that may be remembered from before: for readers, who find out then what still holds."""

    def clear(self) -> None:
        """Forget all of it."""
        self.by_id.clear()
        self.whole.clear()
        self.clear_natives()

    def clear_natives(self) -> None:
        """Forget the native objects."""
        self.natives.clear()
        self.every.clear()
        self.ipv6_zones.clear()

    def forget(self, record_type: type[Record]) -> None:
        """One of a kind is written."""
        self.by_id.pop(record_type, None)
        self.whole.pop(record_type, None)
        self.written = self.written or record_type in LASTING

    def forget_with(self, record_type: type[Record]) -> None:
        """One of a kind is deleted, and perhaps others with it."""
        self.by_id.clear()
        self.whole.clear()
        self.written = self.written or record_type in LASTING
        self.unsure = True

    def forget_native(self, kind: Kind) -> None:
        """An object of a kind is written. NICs are referred to by nothing, networks by NICs alone; others stand in all."""
        if kind is Kind.NETWORK:
            for key in [key for key in self.natives if key[0] is Kind.NETWORK]:
                del self.natives[key]
            self.every.pop(kind, None)
        elif kind is not Kind.NIC:
            self.clear()
            self.unsure = True

    def settle(self) -> None:
        """The commit is there: keep what changes rarely."""
        self.written = self.unsure = False
        for record_type, known in list(self.by_id.items()):
            if record_type not in LASTING or len(known) > MAX_LASTING:
                del self.by_id[record_type]
        for record_type, records in list(self.whole.items()):
            if record_type not in LASTING or len(records) > MAX_LASTING:
                del self.whole[record_type]
        for key in [key for key in self.natives if key[0] not in SETTLED_KINDS]:
            del self.natives[key]
        for kind in [kind for kind in self.every if kind not in SETTLED_KINDS]:
            del self.every[kind]
