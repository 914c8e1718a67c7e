"""The planner's core: changes of the picture in, changes of switches out.

    View.put/observe ──Change──▶ Compiler.touch ──▶ Touched ──take()──▶ {host: SwitchChange}
                                                       │
                     own fragments ◀── Compiler.own ───┤
                     groups        ◀── Compiler.shared ┤     each made once per take, however often it was touched
                     ports, bridge ◀── Compiler.ports ─┘

Rule 1: nothing is made twice and nothing is made that was not touched; what comes out equal to what was there is no change.
Rule 2: `recompute` makes a switch from nothing but the picture; it always equals what `desired` holds after `take`, but for
    what could not be made (`faults`), which stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from netloom.base.ids import HostId, Uuid
from netloom.model.kinds import Kind
from netloom.plan.faults import Faults
from netloom.plan.finding_book import FindingBook
from netloom.plan.findings import PlanFinding
from netloom.plan.ports import Compiler, GroupKey, Touched
from netloom.plan.records import (
    Change,
    Edit,
    FactsChange,
    IdentityChange,
    ObjectRef,
    PlacementChange,
    PresenceChange,
)
from netloom.plan.switch import (
    BridgeSpec,
    Fragment,
    FragmentChange,
    FragmentKey,
    Fragments,
    PortSpec,
    SwitchChange,
    SwitchDesired,
)
from netloom.plan.view import View


class _Switch:
    """What was made for one switch, as of the last take."""

    __slots__ = ("bridge", "desired", "groups", "own", "ports")

    def __init__(self) -> None:
        self.own: dict[FragmentKey, Fragment] = {}
        self.groups: set[GroupKey] = set()
        self.ports: Mapping[str, PortSpec] = {}
        self.bridge: BridgeSpec | None = None
        self.desired: SwitchDesired | None = None
        """As it was asked for last: a live window, until groups, ports or bridge change."""


class _Group:
    """Fragments that its carriers share."""

    __slots__ = ("carriers", "fragments")

    def __init__(self) -> None:
        self.fragments: dict[FragmentKey, Fragment] = {}
        self.carriers: set[HostId] = set()


class _Outcome:
    """What became different for one switch and was not taken yet."""

    __slots__ = ("bridge", "fragments", "ports")

    def __init__(self) -> None:
        self.fragments: dict[FragmentKey, FragmentChange] = {}
        self.ports: Mapping[str, PortSpec] | None = None
        self.bridge: BridgeSpec | None = None

    def note(self, change: FragmentChange) -> None:
        """Add a change after those noted before: there and back again is none."""
        earlier = self.fragments.get(change.key)
        if earlier is None:
            self.fragments[change.key] = change
        elif earlier.before == change.after:
            del self.fragments[change.key]
        else:
            self.fragments[change.key] = FragmentChange(change.key, earlier.before, change.after)


class Planner:
    """Keeps what every declared switch should hold equal to what the compiler makes of the picture."""

    def __init__(self, compiler: Compiler, view: View | None = None) -> None:
        self.view = View() if view is None else view
        self._compiler = compiler
        self._touched = Touched(hosts=set(self.view.hosts))
        self._switches: dict[HostId, _Switch] = {}
        self._groups: dict[GroupKey, _Group] = {}
        self._outcomes: dict[HostId, _Outcome] = {}
        self._findings = FindingBook()
        self.faults = Faults(self._findings)

    # -- in and out --------------------------------------------------------------------------------------------------

    def feed(self, changes: Iterable[Change]) -> None:
        """Note what changes of the picture can alter; cheap, nothing is made yet."""
        for change in changes:
            try:
                self._compiler.touch(self.view, change, self._touched)
            except Exception as error:  # noqa: BLE001 - the planner door, as in `_own`
                subject = self._subject(change)
                self.faults.note(("find what depends on it", subject.id, type(change)), subject, error)
            else:
                if self.faults:
                    self.faults.clear(("find what depends on it", self._subject(change).id, type(change)))

    def take(self) -> dict[HostId, SwitchChange]:
        """Make what was touched; the difference to what was taken before, for each switch that has one.

        A host that was removed appears once more, with everything of it gone.
        """
        self._settle()
        outcomes, self._outcomes = self._outcomes, {}
        return _changes(outcomes)

    def rehearse(self, edits: Iterable[Edit]) -> dict[HostId, SwitchChange]:
        """What edits of intent would change, without changing anything: they are made, compared, and taken back.

        What switches would show in turn (numbers of new ports) is foreseen by the compiler.
        """
        self._settle()
        kept, self._outcomes = self._outcomes, {}
        done: list[Change] = []
        try:
            for edit in edits:
                changes = self.view.edit(edit)
                done += changes
                self.feed(changes)
            self._settle()
            done += self._foresee()
            self._settle()
            return _changes(self._outcomes)
        finally:
            self._outcomes = {}
            for change in reversed(done):
                self.feed(self.view.undo(change))
            self._settle()
            self._outcomes = kept

    def _foresee(self) -> list[Change]:
        done: list[Change] = []
        for host_id, outcome in self._outcomes.items():
            if outcome.ports is not None and host_id in self.view.hosts:
                facts = self._compiler.foreseen(self.view, host_id, outcome.ports)
                done += self.view.observe_facts(host_id, facts)
        self.feed(done)
        return done

    # -- questions ---------------------------------------------------------------------------------------------------

    def desired(self, host_id: HostId) -> SwitchDesired | None:
        """What a switch should hold as of the last take; None for a host that is not declared."""
        switch = self._switches.get(host_id)
        if switch is None or switch.bridge is None:
            return None
        if switch.desired is None:
            groups = tuple(self._groups[key].fragments for key in sorted(switch.groups))
            switch.desired = SwitchDesired(switch.bridge, switch.ports, Fragments(switch.own, groups))
        return switch.desired

    def recompute(self, host_id: HostId) -> SwitchDesired:
        """What a switch should hold, made from nothing but the picture as it is now."""
        compiler, view = self._compiler, self.view
        own = {
            key: made
            for key in compiler.own_keys(view, host_id)
            if (made := compiler.own(view, host_id, key))
        }
        groups = tuple(self._make_group(group) for group in sorted(compiler.groups(view, host_id)))
        return SwitchDesired(
            compiler.bridge(view, host_id), compiler.ports(view, host_id), Fragments(own, groups)
        )

    def findings(self, object_id: Uuid | None = None) -> tuple[PlanFinding, ...]:
        """What there is to say about one object (or naming it), or about all, as of the last take."""
        return self._findings.all() if object_id is None else self._findings.about(object_id)

    def carriers(self, group: GroupKey) -> frozenset[HostId]:
        """The switches that carry a group as of the last take."""
        found = self._groups.get(group)
        return frozenset() if found is None else frozenset(found.carriers)

    # -- making ------------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        touched, self._touched = self._touched, Touched()
        try:
            self._settle_hosts(touched)
            joined = self._settle_groups(touched)
            self._settle_shared(touched, joined)
            self._settle_own(touched)
            self._settle_ports(touched)
            self._settle_findings(touched)
        except BaseException:
            self._touched = (
                touched  # nothing is lost: what was made already is noted, the rest is made next time
            )
            raise

    def _settle_hosts(self, touched: Touched) -> None:
        for host_id in touched.hosts:
            switch = self._switches.get(host_id)
            if host_id in self.view.hosts:
                if switch is None:
                    switch = self._switches[host_id] = _Switch()
                keys = {*switch.own, *self._own_keys(host_id)}
                touched.own.update((host_id, key) for key in keys)
                touched.groups.add(host_id)
                touched.ports.add(host_id)
            elif switch is not None:
                self._remove_host(host_id, switch)

    def _remove_host(self, host_id: HostId, switch: _Switch) -> None:
        outcome = self._outcome(host_id)
        for fragment in switch.own.values():
            outcome.note(FragmentChange(fragment.key, fragment, None))
        for group in switch.groups:
            self._leave(host_id, group)
        outcome.ports = {}
        del self._switches[host_id]
        self.faults.forget(host_id)

    def _settle_groups(self, touched: Touched) -> dict[GroupKey, set[HostId]]:
        """Let switches leave groups; note who joins which, to get the group when it is complete."""
        joined: dict[GroupKey, set[HostId]] = {}
        for host_id in touched.groups:
            switch = self._switches.get(host_id)
            if switch is None:
                continue
            wanted = self.faults.attempt(
                ("find the networks of a host", host_id),
                self._host_ref(host_id),
                partial(self._compiler.groups, self.view, host_id),
                frozenset(switch.groups),
            )
            for group in switch.groups - wanted:
                self._leave(host_id, group)
                switch.groups.discard(group)
                switch.desired = None
            for group in wanted - switch.groups:
                joined.setdefault(group, set()).add(host_id)
        return joined

    def _leave(self, host_id: HostId, key: GroupKey) -> None:
        group = self._groups[key]
        outcome = self._outcome(host_id)
        for fragment in group.fragments.values():
            outcome.note(FragmentChange(fragment.key, fragment, None))
        group.carriers.discard(host_id)
        if not group.carriers:
            del self._groups[key]
            self.faults.forget(key)

    def _settle_shared(self, touched: Touched, joined: dict[GroupKey, set[HostId]]) -> None:
        found: list[tuple[_Group, FragmentChange]] = []
        for group_key, key in touched.shared:
            group = self._groups.get(group_key)
            if group is None:
                continue  # nobody carries it
            made = self._shared(group_key, key, group.fragments.get(key))
            change = _replace(group.fragments, key, made)
            if change is not None:
                found.append((group, change))
        # A key may leave one group for another: what goes is noted before what comes.
        found.sort(key=lambda each: each[1].after is not None)
        for group, change in found:
            for host_id in group.carriers:
                self._outcome(host_id).note(change)
        for group_key, host_ids in joined.items():
            group = self._groups.get(group_key)
            if group is None:
                group = self._groups[group_key] = _Group()
                group.fragments = self._new_group(group_key)
            changes = [FragmentChange(fragment.key, None, fragment) for fragment in group.fragments.values()]
            for host_id in host_ids:
                outcome = self._outcome(host_id)
                for change in changes:
                    outcome.note(change)
                switch = self._switches[host_id]
                switch.groups.add(group_key)
                switch.desired = None
            group.carriers |= host_ids

    def _settle_own(self, touched: Touched) -> None:
        for host_id, key in touched.own:
            switch = self._switches.get(host_id)
            if switch is not None:
                change = _replace(switch.own, key, self._own(host_id, key, switch.own.get(key)))
                if change is not None:
                    self._outcome(host_id).note(change)

    def _settle_ports(self, touched: Touched) -> None:
        for host_id in touched.ports:
            switch = self._switches.get(host_id)
            if switch is None:
                continue
            ref = self._host_ref(host_id)
            ports = self.faults.attempt(
                ("make the ports of a host", host_id),
                ref,
                partial(self._compiler.ports, self.view, host_id),
                switch.ports,
            )
            if ports != switch.ports:
                switch.ports = self._outcome(host_id).ports = ports
                switch.desired = None
            bridge = self.faults.attempt(
                ("make the bridge of a host", host_id),
                ref,
                partial(self._compiler.bridge, self.view, host_id),
                switch.bridge,
            )
            if bridge != switch.bridge:
                switch.bridge = self._outcome(host_id).bridge = bridge
                switch.desired = None

    def _settle_findings(self, touched: Touched) -> None:
        for subject in touched.findings:
            where = ("check it", subject.id)
            nothing: tuple[PlanFinding, ...] = ()
            found = self.faults.attempt(
                where, subject, partial(self._compiler.findings, self.view, subject), nothing
            )
            self._findings.put(subject.id, found)

    def _make_group(self, group: GroupKey) -> dict[FragmentKey, Fragment]:
        compiler, view = self._compiler, self.view
        return {
            key: made
            for key in compiler.shared_keys(view, group)
            if (made := compiler.shared(view, group, key))
        }

    # -- one at a time: what goes wrong is a fault of its object ----------------------------------------------------

    def _subject(self, change: Change) -> ObjectRef:
        match change:
            case PlacementChange(nic=nic):
                return nic.ref
            case FactsChange(host_id=host_id) | PresenceChange(host_id=host_id):
                return self._host_ref(host_id)
            case IdentityChange(identity=identity):
                nics = self.view.by_identity.get(identity, ())
                return nics[0].ref if nics else ObjectRef(Kind.NIC, Uuid(identity), 0, identity)
            case _:
                item = change.after or change.before
                return ObjectRef(Kind.NIC, Uuid(""), 0, "") if item is None else item.ref

    def _own_keys(self, host_id: HostId) -> list[FragmentKey]:
        return self.faults.attempt(
            ("find what a host needs", host_id),
            self._host_ref(host_id),
            lambda: list(self._compiler.own_keys(self.view, host_id)),
            [],
        )

    def _own(self, host_id: HostId, key: FragmentKey, held: Fragment | None) -> Fragment | None:
        try:
            made = self._compiler.own(self.view, host_id, key)
        except Exception as error:  # noqa: BLE001 - the planner door, in line: it is done for every fragment
            causes = self._compiler.causes(self.view, key) or (self._host_ref(host_id),)
            self.faults.note(("make flows for it", host_id, key), causes[0], error, causes[1:])
            return held
        if self.faults:
            self.faults.clear(("make flows for it", host_id, key))
        return made

    def _shared(self, group: GroupKey, key: FragmentKey, held: Fragment | None) -> Fragment | None:
        try:
            made = self._compiler.shared(self.view, group, key)
        except Exception as error:  # noqa: BLE001 - the planner door, as in `_own`
            subject, *others = self._causes(key)
            self.faults.note(("make flows for it", group, key), subject, error, tuple(others))
            return held
        if self.faults:
            self.faults.clear(("make flows for it", group, key))
        return made

    def _new_group(self, group: GroupKey) -> dict[FragmentKey, Fragment]:
        none: list[FragmentKey] = []
        keys = self.faults.attempt(
            ("find what it needs", group),
            self._causes(group)[0],
            lambda: list(self._compiler.shared_keys(self.view, group)),
            none,
        )
        return {key: made for key in keys if (made := self._shared(group, key, None))}

    def _causes(self, part: FragmentKey | GroupKey) -> tuple[ObjectRef, ...]:
        """At least one: what nobody answers for is told under its own name."""
        name = f"{part.kind}/{part.number}"
        found = self._compiler.causes(self.view, part)
        return found or (ObjectRef(Kind.NETWORK, Uuid(name), part.number, name),)

    def _host_ref(self, host_id: HostId) -> ObjectRef:
        host = self.view.hosts.get(host_id)
        return ObjectRef(Kind.HOST, host_id, 0, host_id) if host is None else host.ref

    def _outcome(self, host_id: HostId) -> _Outcome:
        found = self._outcomes.get(host_id)
        if found is None:
            found = self._outcomes[host_id] = _Outcome()
        return found


def _replace(
    held: dict[FragmentKey, Fragment], key: FragmentKey, made: Fragment | None
) -> FragmentChange | None:
    """Put what was made in the place of what was held; the change, if it is one."""
    before = held.get(key)
    if before == made:
        return None
    if made is None:
        del held[key]
    else:
        held[key] = made
    return FragmentChange(key, before, made)


def _changes(outcomes: Mapping[HostId, _Outcome]) -> dict[HostId, SwitchChange]:
    found = {
        host_id: SwitchChange(outcome.fragments, outcome.ports, outcome.bridge)
        for host_id, outcome in outcomes.items()
    }
    return {host_id: change for host_id, change in found.items() if change}
