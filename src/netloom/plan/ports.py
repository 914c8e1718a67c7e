"""What a provider of the data plane must be able to do: turn the picture into outputs, one at a time, on request.

Rule 1: every output is a pure function of the picture; earlier outputs and the order of events are unknown to it.
Rule 2: `touched` may name too much, never too little: *incremental equals full recompute* is tested for every provider.

An output is either a switch's *own* (it names its ports) or belongs to a *group*: fragments that every switch carrying the
group has alike. Groups are what makes a change of one NIC cost one compilation however many switches show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from netloom.base.ids import HostId
from netloom.plan.findings import PlanFinding
from netloom.plan.records import Change, ObjectRef, SwitchFacts
from netloom.plan.switch import BridgeSpec, Fragment, FragmentKey, PortSpec
from netloom.plan.view import View


class GroupKey(msgspec.Struct, frozen=True, gc=False, order=True):
    """Names a group of shared fragments: a provider's word and an object's number."""

    kind: str
    number: int


@dataclass(slots=True)
class Touched:
    """Which outputs a change can alter; collected over many changes, so that each output is made once."""

    own: set[tuple[HostId, FragmentKey]] = field(default_factory=set)
    shared: set[tuple[GroupKey, FragmentKey]] = field(default_factory=set)
    groups: set[HostId] = field(default_factory=set)  # hosts whose set of groups may be another
    ports: set[HostId] = field(default_factory=set)  # hosts whose ports or bridge settings may be others
    hosts: set[HostId] = field(
        default_factory=set
    )  # hosts that came, went, or have to be made anew as a whole
    findings: set[ObjectRef] = field(default_factory=set)  # objects whose findings may be others


class Compiler(Protocol):
    """A data plane provider's compiler."""

    def touch(self, view: View, change: Change, touched: Touched) -> None:
        """Add the outputs that a change can alter. The picture is already the one after the change."""

    def own_keys(self, view: View, host: HostId) -> Iterable[FragmentKey]:
        """All keys that a switch's own fragments can have now."""

    def own(self, view: View, host: HostId, key: FragmentKey) -> Fragment | None:
        """One of a switch's own fragments; None when it must not exist."""

    def groups(self, view: View, host: HostId) -> frozenset[GroupKey]:
        """The groups that a switch carries."""

    def shared_keys(self, view: View, group: GroupKey) -> Iterable[FragmentKey]:
        """All keys that a group's fragments can have now."""

    def shared(self, view: View, group: GroupKey, key: FragmentKey) -> Fragment | None:
        """One fragment of a group; None when it must not exist."""

    def ports(self, view: View, host: HostId) -> Mapping[str, PortSpec]:
        """Our ports on a switch, by name."""

    def bridge(self, view: View, host: HostId) -> BridgeSpec:
        """The settings of a switch's integration bridge."""

    def foreseen(self, view: View, host: HostId, ports: Mapping[str, PortSpec]) -> SwitchFacts | None:
        """What a switch will show once it has these ports of ours; numbers that it has yet to give are stand-ins."""

    def causes(self, view: View, part: FragmentKey | GroupKey) -> tuple[ObjectRef, ...]:
        """The object that a fragment or a group is about, then those it belongs to; none when it is the switch."""

    def findings(self, view: View, subject: ObjectRef) -> tuple[PlanFinding, ...]:
        """What there is to say about an object now; nothing when it is gone."""
