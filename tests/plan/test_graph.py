"""The planner's core with a compiler that makes almost nothing: what is made, how often, and what comes out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from netloom.base.ids import HostId, Uuid
from netloom.model.kinds import Kind
from netloom.plan.findings import PlanFinding
from netloom.plan.graph import Planner
from netloom.plan.ports import GroupKey, Touched
from netloom.plan.switch import BridgeSpec, Fragment, FragmentKey, PortSpec, SwitchChange
from netloom.plan.view import Change, HostChange, HostView, ObjectRef, Remove, SwitchFacts, View
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.match import Match

OWN, COMMON = FragmentKey("own", 0), FragmentKey("common", 0)
GROUP = GroupKey("all", 0)


def host(number: int, name: str = "", bridge: str = "br-int") -> HostView:
    return HostView(HostId(f"h{number}"), number, name or f"host{number}", bridge=bridge)


class CountingCompiler:
    """Each host has a flow with its name's length; all share one flow with the number of hosts, even ones only."""

    def __init__(self) -> None:
        self.made: list[object] = []
        self.broken: set[HostId] = set()

    def touch(self, view: View, change: Change, touched: Touched) -> None:
        assert isinstance(change, HostChange)
        known = change.after or change.before
        assert known is not None
        touched.hosts.add(known.id)
        touched.shared.add((GROUP, COMMON))
        touched.findings.add(known.ref)

    def own_keys(self, view: View, host: HostId) -> Iterable[FragmentKey]:
        return (OWN,) if host in view.hosts else ()

    def own(self, view: View, host: HostId, key: FragmentKey) -> Fragment | None:
        if host in self.broken:
            raise RuntimeError("compiler bug")
        self.made.append((host, key))
        return Fragment(key, (flow(1, len(view.hosts[host].name)),)) if host in view.hosts else None

    def groups(self, view: View, host: HostId) -> frozenset[GroupKey]:
        found = view.hosts.get(host)
        return frozenset({GROUP}) if found is not None and found.bridge == "br-int" else frozenset()

    def shared_keys(self, view: View, group: GroupKey) -> Iterable[FragmentKey]:
        return (COMMON,)

    def shared(self, view: View, group: GroupKey, key: FragmentKey) -> Fragment | None:
        self.made.append((group, key))
        return Fragment(key, (flow(2, len(view.hosts) // 2),)) if len(view.hosts) > 1 else None

    def ports(self, view: View, host: HostId) -> Mapping[str, PortSpec]:
        return {}

    def bridge(self, view: View, host: HostId) -> BridgeSpec:
        return BridgeSpec(view.hosts[host].bridge)

    def foreseen(self, view: View, host: HostId, ports: Mapping[str, PortSpec]) -> SwitchFacts | None:
        return view.facts.get(host)

    def causes(self, view: View, part: FragmentKey | GroupKey) -> tuple[ObjectRef, ...]:
        return ()

    def findings(self, view: View, subject: ObjectRef) -> tuple[PlanFinding, ...]:
        found = view.hosts.get(HostId(subject.id))
        return () if found is None or found.name != "bad" else (PlanFinding("bad", found.ref, "it is"),)


def flow(table: int, value: int) -> Flow:
    return Flow(table, 1, Match.of(in_port=1), (), cookie=value)


@pytest.fixture
def compiler() -> CountingCompiler:
    return CountingCompiler()


@pytest.fixture
def planner(compiler: CountingCompiler) -> Planner:
    return Planner(compiler)


def put(planner: Planner, *hosts: HostView) -> dict[HostId, SwitchChange]:
    for each in hosts:
        planner.feed(planner.view.put_host(each))
    return planner.take()


def test_each_output_is_made_once_per_take(planner: Planner, compiler: CountingCompiler) -> None:
    put(planner, host(1), host(2), host(1, "x"), host(1, "yy"))
    assert sorted(map(str, compiler.made)) == sorted(
        map(str, [(HostId("h1"), OWN), (HostId("h2"), OWN), (GROUP, COMMON)])
    )
    assert planner.take() == {}


def test_a_change_carries_what_was_there_before(planner: Planner) -> None:
    put(planner, host(1))
    taken = put(planner, host(1, "longer"))
    (change,) = taken[HostId("h1")].fragments.values()
    assert change.before == Fragment(OWN, (flow(1, 5),))
    assert change.after == Fragment(OWN, (flow(1, 6),))
    assert taken[HostId("h1")].flow_changes() == ([flow(1, 6)], [])


def test_there_and_back_again_is_no_change(planner: Planner) -> None:
    put(planner, host(1))
    assert put(planner, host(1, "other"), host(1)) == {}


def test_shared_fragments_are_one_object_and_change_for_all(planner: Planner) -> None:
    taken = put(planner, host(1), host(2))
    fragments = [taken[HostId(name)].fragments[COMMON].after for name in ("h1", "h2")]
    assert fragments[0] is fragments[1]
    taken = put(planner, host(3), host(4))
    assert taken[HostId("h1")].fragments[COMMON].after == Fragment(COMMON, (flow(2, 2),))
    assert taken[HostId("h3")].fragments[COMMON].before is None
    assert planner.carriers(GROUP) == {HostId(f"h{number}") for number in (1, 2, 3, 4)}


def test_leaving_a_group_takes_its_fragments_along(planner: Planner) -> None:
    put(planner, host(1), host(2))
    taken = put(planner, host(1, bridge="br0"))
    change = taken[HostId("h1")]
    assert change.fragments[COMMON].after is None
    assert change.bridge == BridgeSpec("br0")
    assert change.flow_changes() == ([], [flow(2, 1)])


def test_a_removed_host_is_told_once_more_with_everything_gone(planner: Planner) -> None:
    put(planner, host(1), host(2))
    planner.feed(planner.view.remove_host(HostId("h1")))
    taken = planner.take()
    assert {key: change.after for key, change in taken[HostId("h1")].fragments.items()} == {
        OWN: None,
        COMMON: None,
    }
    assert taken[HostId("h1")].ports == {}
    assert planner.desired(HostId("h1")) is None
    assert HostId("h1") not in planner.take()


def test_a_rehearsal_tells_and_leaves_no_trace(planner: Planner) -> None:
    put(planner, host(1), host(2))
    before = dict(planner.recompute(HostId("h1")).fragments)
    told = planner.rehearse([host(1, "other name"), Remove(Kind.HOST, Uuid("h2"))])
    assert set(told) == {"h1", "h2"}
    assert set(told[HostId("h2")].fragments) == {OWN, COMMON}
    assert planner.take() == {}
    desired = planner.desired(HostId("h1"))
    assert desired is not None
    assert dict(desired.fragments) == before


def test_what_cannot_be_made_stops_only_its_object(planner: Planner, compiler: CountingCompiler) -> None:
    put(planner, host(1), host(2))
    compiler.broken = {HostId("h1")}
    taken = put(planner, host(1, "longer"), host(2, "longer"), host(3))
    assert {name: set(change.fragments) for name, change in taken.items()} == {
        "h2": {OWN},
        "h3": {OWN, COMMON},
    }
    (finding,) = planner.findings()
    assert (finding.code, finding.subject.id) == ("internal-error", "h1")
    assert "compiler bug" in finding.message
    desired = planner.desired(HostId("h1"))
    assert desired is not None
    assert desired.fragments[OWN] == Fragment(OWN, (flow(1, 5),)), "what was made before stays"
    compiler.broken = set()
    taken = put(planner, host(1, "even longer"))
    assert taken[HostId("h1")].fragments[OWN].before == Fragment(OWN, (flow(1, 5),))
    assert planner.findings() == ()


def test_a_fault_goes_with_its_host(planner: Planner, compiler: CountingCompiler) -> None:
    compiler.broken = {HostId("h1")}
    put(planner, host(1))
    assert planner.findings(Uuid("h1"))
    planner.feed(planner.view.remove_host(HostId("h1")))
    planner.take()
    assert planner.findings() == ()


def test_a_planner_over_a_known_picture_starts_from_it(compiler: CountingCompiler) -> None:
    view = View()
    view.put_host(host(1))
    assert set(Planner(compiler, view).take()) == {"h1"}


def test_findings_come_and_go_with_their_cause(planner: Planner) -> None:
    put(planner, host(1, "bad"))
    assert [finding.code for finding in planner.findings(Uuid("h1"))] == ["bad"]
    assert planner.findings() == planner.findings(Uuid("h1"))
    put(planner, host(1))
    assert planner.findings() == planner.findings(Uuid("h1")) == ()


def test_fragments_are_a_mapping_over_own_and_shared(planner: Planner) -> None:
    put(planner, host(1), host(2))
    desired = planner.desired(HostId("h1"))
    assert desired is not None
    fragments = desired.fragments
    assert (len(fragments), set(fragments), fragments.flow_count()) == (2, {OWN, COMMON}, 2)
    assert fragments[COMMON].flows == (flow(2, 1),)
    assert {item.key for item in fragments.each()} == {OWN, COMMON}
    with pytest.raises(KeyError):
        fragments[FragmentKey("none", 1)]
    assert str(FragmentKey("copy", 3, 1)) == "copy/3.1"
