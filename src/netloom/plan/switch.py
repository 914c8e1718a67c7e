"""What one switch should hold: the bridge's settings, our ports, and our flows in fragments that know their causes.

Rule 1: a fragment is the unit of change: all flows that one object causes in one role; its flows are nobody else's.
Rule 2: fragments that are the same on many switches are the same object: compare by identity first, encode once.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from netloom.plan.records import ObjectRef
from netloom.wire.openflow.flow import Flow


class FragmentKey(msgspec.Struct, frozen=True, gc=False, order=True):
    """Names a fragment within one switch: a provider's word for the role, the object's number, a part where it is split."""

    kind: str
    number: int
    part: int = 0

    def __str__(self) -> str:
        return f"{self.kind}/{self.number}" + (f".{self.part}" if self.part else "")


class Fragment(msgspec.Struct, frozen=True):
    """Flows with one cause in one role. No two fragments of a switch share a flow key (table, priority, match)."""

    key: FragmentKey
    flows: tuple[Flow, ...]
    why: tuple[ObjectRef, ...] = ()


class FragmentChange(msgspec.Struct, frozen=True):
    """A fragment that is new (`before` None), gone (`after` None) or different."""

    key: FragmentKey
    before: Fragment | None
    after: Fragment | None


class PortSpec(msgspec.Struct, frozen=True):
    """A port of ours on the bridge: one Port row with one Interface row of the same name (vswitchd.conf.db(5))."""

    name: str
    interface_type: str
    options: Mapping[str, str] = {}
    external_ids: Mapping[str, str] = {}  # holds the owner mark
    ofport_request: int | None = None
    bridge: str = ""  # another bridge that it is on: the far end of a patch; empty: the integration bridge
    any_owner: bool = False  # a port of this name that somebody else put there does as well, and stays theirs
    why: tuple[ObjectRef, ...] = ()


class FailMode(enum.Enum):
    """What a bridge does without a controller (Bridge.fail_mode): keep its flows, or become a learning switch."""

    SECURE = "secure"
    STANDALONE = "standalone"


class BridgeSpec(msgspec.Struct, frozen=True):
    """Settings of the integration bridge that are ours to keep; all others are the operator's."""

    name: str
    fail_mode: FailMode = FailMode.SECURE
    protocols: frozenset[str] = frozenset()  # OpenFlow versions the bridge must offer; it may offer more
    other_config: Mapping[str, str] = {}
    external_ids: Mapping[str, str] = {}


class Fragments(Mapping[FragmentKey, Fragment]):
    """The fragments of one switch: its own, and those of the groups it shares with other switches.

    A live window into the planner: nothing is copied, so a thousand hosts of one network hold its fragments once.
    It says what is desired *now*; who needs a moment kept takes a `dict` of it.
    """

    __slots__ = ("_groups", "_own")

    def __init__(
        self, own: Mapping[FragmentKey, Fragment], groups: tuple[Mapping[FragmentKey, Fragment], ...] = ()
    ) -> None:
        self._own = own
        self._groups = groups

    def __getitem__(self, key: FragmentKey) -> Fragment:
        found = self._own.get(key)
        if found is not None:
            return found
        for group in self._groups:
            found = group.get(key)
            if found is not None:
                return found
        raise KeyError(key)

    def __iter__(self) -> Iterator[FragmentKey]:
        yield from self._own
        for group in self._groups:
            yield from group

    def __len__(self) -> int:
        return len(self._own) + sum(map(len, self._groups))

    def each(self) -> Iterator[Fragment]:
        """All fragments: the fast way round (`values()` looks every key up again)."""
        yield from self._own.values()
        yield from self.shared()

    def parts(self) -> Iterator[Mapping[FragmentKey, Fragment]]:
        """Its own, then each group's: switches of a group give the same object for it."""
        yield self._own
        yield from self._groups

    def own(self) -> Iterable[Fragment]:
        """Those that no other switch shows."""
        return self._own.values()

    def shared(self) -> Iterator[Fragment]:
        """Those of its groups: other switches of the group show the same objects."""
        for group in self._groups:
            yield from group.values()

    def flows(self) -> Iterator[Flow]:
        """All flows."""
        for fragment in self.each():
            yield from fragment.flows

    def flow_count(self) -> int:
        """How many flows there are."""
        return sum(len(fragment.flows) for fragment in self.each())


class SwitchDesired(msgspec.Struct, frozen=True):
    """Everything of ours that one switch should hold."""

    bridge: BridgeSpec
    ports: Mapping[str, PortSpec]
    fragments: Fragments


class SwitchChange(msgspec.Struct, frozen=True):
    """What became different for one switch since it was taken last.

    A consumer that missed one, or is in doubt, reads the whole `SwitchDesired` instead: changes are an optimisation.
    """

    fragments: Mapping[FragmentKey, FragmentChange]
    ports: Mapping[str, PortSpec] | None = None  # all ports of ours, when any of them changed
    bridge: BridgeSpec | None = None  # when it changed

    def __bool__(self) -> bool:
        return bool(self.fragments) or self.ports is not None or self.bridge is not None

    def flow_changes(self) -> tuple[list[Flow], list[Flow]]:
        """Flows to install (new or different; adding replaces) and flows to delete strictly, in this order.

        A flow key that moves from one fragment to another is installed only, whatever order the fragments have.
        """
        old: dict[tuple[object, ...], Flow] = {}
        new: dict[tuple[object, ...], Flow] = {}
        for change in self.fragments.values():
            if change.before is not None:
                old.update((flow.key, flow) for flow in change.before.flows)
            if change.after is not None:
                new.update((flow.key, flow) for flow in change.after.flows)
        put = [flow for key, flow in new.items() if old.get(key) != flow]
        return put, [flow for key, flow in old.items() if key not in new]
