"""The replica against scripted updates: three formats, resuming, conditions, older servers, updates that do not fit."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netloom.wire.ovsdb.conditions import NEVER, Condition, Function
from netloom.wire.ovsdb.errors import (
    InvalidValue,
    LocalProtocolError,
    OvsdbError,
    RemoteProtocolError,
    UnknownMethod,
    reply_error,
)
from netloom.wire.ovsdb.events import Reply, TableUpdates, Update
from netloom.wire.ovsdb.replica import Method, Replica, RowChange, Watch
from netloom.wire.ovsdb.requests import ZERO_TXN
from netloom.wire.ovsdb.rows import Row, row_class
from netloom.wire.ovsdb.schema import Atomic, Base, Column, ColumnType, Database, Table
from netloom.wire.ovsdb.vswitch import ROWS, Bridge, Interface, Port

A, B, C = (f"00000000-0000-0000-0000-00000000000{digit}" for digit in "abc")
FULL = Database("Open_vSwitch", "8.3.1", {row.TABLE.name: row.TABLE for row in ROWS})


def raw(content: object) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(content).encode())


def cut(content: object) -> TableUpdates:
    return msgspec.json.decode(raw(content), type=TableUpdates)


def loaded(tables: object, *, found: bool = False, last: str = "t1") -> Reply:
    return Reply(0, "monitor_cond_since", raw([found, last, tables]))


def update(tables: object, last: str = "t2") -> Update:
    return Update("netloom", 3, cut(tables), last)


def followed(*watches: Watch[Row], tables: object = None) -> Replica:
    replica = Replica(
        "Open_vSwitch", watches or [Watch(Interface, ("name", "ofport", "external_ids", "cfm_remote_mpids"))]
    )
    replica.bind(FULL)
    replica.monitor()
    replica.load(loaded(tables or {}))
    return replica


def wire(replica: Replica) -> list[object]:
    call = replica.monitor()
    return [call.method, *json.loads(msgspec.json.encode(call.params))]


def test_the_request() -> None:
    replica = Replica(
        "Open_vSwitch",
        [
            Watch(Bridge, ("name",), (Condition("name", Function.EQ, "br-int"),)),
            Watch(Port, ("name", "tag"), (NEVER,)),
        ],
        monitor_id="m",
    )
    with pytest.raises(LocalProtocolError, match="bind"):
        replica.monitor()
    assert replica.bind(FULL) == {}
    assert wire(replica) == [
        "monitor_cond_since",
        "Open_vSwitch",
        "m",
        {
            "Bridge": [{"columns": ["name"], "where": [["name", "==", "br-int"]]}],
            "Port": [{"columns": ["name", "tag"], "where": [False]}],
        },
        ZERO_TXN,
    ]


def test_load_apply_and_views_stay_live() -> None:
    replica = followed()
    view = replica.table(Interface)
    assert (replica.in_sync, dict(view)) == (True, {})
    (change,) = replica.apply(update({"Interface": {A: {"insert": {"name": "a", "ofport": 1}}}}))
    assert change == RowChange("Interface", A, None, Interface(uuid=A, name="a", ofport=1))
    assert view[A].ofport == 1
    assert replica.last_txn_id == "t2"
    with pytest.raises(TypeError):
        view[B] = view[A]  # type: ignore[index]


def test_differences() -> None:
    row = {
        "name": "a",
        "ofport": 1,
        "external_ids": ["map", [["k", "1"], ["x", "y"]]],
        "cfm_remote_mpids": ["set", [1, 2]],
    }
    replica = followed(tables={"Interface": {A: {"initial": row}}})
    modify = {
        "ofport": ["set", []],
        "external_ids": ["map", [["k", "2"], ["x", "y"], ["new", "z"]]],
        "cfm_remote_mpids": ["set", [2, 3]],
    }
    (change,) = replica.apply(update({"Interface": {A: {"modify": modify}}}))
    assert change.old is not None
    assert change.new == Interface(
        uuid=A, name="a", ofport=None, external_ids={"k": "2", "new": "z"}, cfm_remote_mpids=frozenset({1, 3})
    )
    (change,) = replica.apply(update({"Interface": {A: {"delete": None}}}))
    assert (change.new, dict(replica.table(Interface))) == (None, {})


def test_a_modification_that_changes_nothing_is_no_change() -> None:
    replica = followed(tables={"Interface": {A: {"initial": {"name": "a", "ofport": 1}}}})
    before = replica.table(Interface)[A]
    assert replica.apply(update({"Interface": {A: {"modify": {"ofport": 1}}}})) == []
    assert replica.table(Interface)[A] is before


def test_resuming_with_found_takes_only_what_changed() -> None:
    replica = followed(tables={"Interface": {A: {"initial": {"name": "a"}}, B: {"initial": {"name": "b"}}}})
    replica.lost()
    assert replica.in_sync is False
    assert len(replica.table(Interface)) == 2
    assert wire(replica)[-1] == "t1"
    changes = replica.load(
        loaded({"Interface": {A: {"modify": {"ofport": 5}}, B: {"delete": None}}}, found=True, last="t9")
    )
    assert [(change.uuid, change.new is None) for change in changes] == [(A, False), (B, True)]
    assert replica.last_txn_id == "t9"
    assert set(replica.table(Interface)) == {A}


def test_resuming_without_found_tells_only_differences() -> None:
    replica = followed(tables={"Interface": {A: {"initial": {"name": "a"}}, B: {"initial": {"name": "b"}}}})
    view, kept = replica.table(Interface), replica.table(Interface)[A]
    replica.lost()
    replica.monitor()
    changes = replica.load(
        loaded({"Interface": {A: {"initial": {"name": "a"}}, C: {"initial": {"name": "c"}}}})
    )
    assert {(change.uuid, change.old is None, change.new is None) for change in changes} == {
        (C, True, False),
        (B, False, True),
    }
    assert view[A] is kept
    assert set(view) == {A, C}


def test_fall_back_to_older_monitors() -> None:
    replica = Replica("Open_vSwitch", [Watch(Bridge, ("name", "ports"), (NEVER,))])
    replica.bind(FULL)
    unknown = reply_error("unknown method")
    assert isinstance(unknown, UnknownMethod)
    with pytest.raises(UnknownMethod):
        replica.load(Reply(0, "monitor_cond_since", raw(None), unknown))
    assert replica.fall_back(unknown).method == "monitor_cond"
    call = replica.fall_back(unknown)
    assert (call.method, replica.method) == ("monitor", Method.MONITOR)
    assert call.params[2] == {"Bridge": {"columns": ("name", "ports")}}
    with pytest.raises(UnknownMethod):
        replica.fall_back(unknown)


def test_update2() -> None:
    replica = Replica("Open_vSwitch", [Watch(Bridge, ("name",))])
    replica.method = Method.MONITOR_COND
    replica.bind(FULL)
    replica.monitor()
    replica.load(Reply(0, "monitor_cond", raw({"Bridge": {A: {"initial": {"name": "a"}}}})))
    replica.apply(Update("netloom", 2, cut({"Bridge": {B: {"insert": {}}}})))
    assert [row.name for row in replica.table(Bridge).values()] == ["a", ""]


def test_update1() -> None:
    replica = Replica("Open_vSwitch", [Watch(Bridge, ("name", "ports"))])
    replica.method = Method.MONITOR
    replica.bind(FULL)
    replica.monitor()
    replica.load(Reply(0, "monitor", raw({"Bridge": {A: {"new": {"name": "a", "ports": ["set", []]}}}})))
    new = {"name": "a", "ports": ["uuid", B]}
    (change,) = replica.apply(
        Update("netloom", 1, cut({"Bridge": {A: {"old": {"ports": ["set", []]}, "new": new}}}))
    )
    assert change.new == Bridge(uuid=A, name="a", ports=frozenset({B}))
    (change,) = replica.apply(Update("netloom", 1, cut({"Bridge": {A: {"old": new}}})))
    assert change.new is None
    with pytest.raises(RemoteProtocolError, match="neither old nor new"):
        replica.apply(Update("netloom", 1, cut({"Bridge": {A: {}}})))


def without(database: Database, table: str, *columns: str) -> Database:
    whole = database.tables[table]
    left = Table(table, {name: column for name, column in whole.columns.items() if name not in columns})
    return Database(database.name, "7.0", {**database.tables, table: left})


def test_an_older_server_keeps_defaults() -> None:
    replica = Replica("Open_vSwitch", [Watch(Interface), Watch(Bridge, ("name",))])
    older = without(FULL, "Interface", "ingress_policing_kpkts_rate", "link_resets")
    older = Database(
        older.name, older.version, {name: t for name, t in older.tables.items() if name != "Bridge"}
    )
    assert replica.bind(older) == {
        "Interface": frozenset({"ingress_policing_kpkts_rate", "link_resets"}),
        "Bridge": frozenset({"name"}),
    }
    assert "link_resets" not in replica.columns(Interface)
    tables = wire(replica)[3]
    assert isinstance(tables, dict)
    assert list(tables) == ["Interface"]
    replica.load(loaded({"Interface": {A: {"initial": {"name": "a"}}}}))
    assert replica.table(Interface)[A].link_resets is None
    assert replica.table(Bridge) == {}
    # The switch is upgraded: what is held lacks columns, everything is read anew.
    replica.lost()
    replica.bind(FULL)
    assert wire(replica)[-1] == ZERO_TXN


def test_a_column_of_another_form_counts_as_missing() -> None:
    table = Table("Bridge", {**Bridge.TABLE.columns, "name": Column(ColumnType(Base(Atomic.INTEGER)))})
    replica = Replica("Open_vSwitch", [Watch(Bridge)])
    assert replica.bind(Database("Open_vSwitch", "9", {"Bridge": table})) == {"Bridge": frozenset({"name"})}


def test_conditions_change() -> None:
    replica = followed(Watch(Bridge, ("name",)), Watch(Port, ("name",)))
    only = (Condition("name", Function.EQ, "a"),)
    call = replica.watch(Bridge, only)
    assert call is not None
    assert [call.method, *json.loads(msgspec.json.encode(call.params))] == [
        "monitor_cond_change",
        "netloom",
        "netloom",
        {"Bridge": [{"where": [["name", "==", "a"]]}]},
    ]
    assert replica.watch(Bridge, only) is None
    replica.apply(update({"Bridge": {A: {"insert": {"name": "a"}}}}))
    replica.conditions_changed(Reply(1, "monitor_cond_change", raw({})))
    replica.lost()
    assert wire(replica)[-1] == "t2"
    # Not in sync: the next request carries it, and everything is read anew.
    assert replica.watch(Bridge, ()) is None
    assert wire(replica)[-1] == ZERO_TXN
    replica.watch(Bridge, [Condition("nmae", Function.EQ, "a")])
    with pytest.raises(InvalidValue):
        replica.monitor()


def test_losing_the_connection_before_a_condition_is_acknowledged() -> None:
    replica = followed(Watch(Bridge, ("name",)))
    assert replica.watch(Bridge, (NEVER,)) is not None
    replica.lost()
    assert wire(replica)[-1] == ZERO_TXN
    with pytest.raises(OvsdbError):
        replica.conditions_changed(Reply(1, "monitor_cond_change", raw(None), reply_error("no")))


HOSTILE = [
    {"Interface": {A: {"modify": {"name": "a"}}}},
    {"Interface": {A: {"delete": None}}},
    {"Interface": {A: {}}},
    {"Interface": {A: {"insert": {"nmae": "a"}}}},
    {"Interface": {B: {"modify": {"nmae": "a"}}}},
    {"Interface": {B: {"modify": {"name": 5}}}},
    {"Interface": {B: {"modify": {"external_ids": ["map", [[[], "x"]]]}}}},
    {"Interface": {A: {"insert": {"name": 5}}}},
    {"Interface": {A: {"insert": {"cfm_remote_mpids": ["set", [[]]]}}}},
    {"Interface": {A: {"insert": {"ofport": 2**63}}}},
    {"Interface": {"no uuid": {"insert": {}}}},
    {"Interface": {A: {"insert": []}}},
    {"Interface": {A: 5}},
    {"Bridge": {A: {"insert": {}}}},
]


@pytest.mark.parametrize("tables", HOSTILE, ids=lambda value: json.dumps(value)[:50])
def test_updates_that_do_not_fit(tables: object) -> None:
    replica = followed(tables={"Interface": {B: {"initial": {"name": "b"}}}})
    with pytest.raises(RemoteProtocolError):
        replica.apply(update(tables))
    assert (replica.in_sync, replica.last_txn_id) == (False, ZERO_TXN)


def test_bytes_that_do_not_fit() -> None:
    for row in (b'{"insert":{"name":"\xff"}}', b'{"insert":' + b"[" * 5000):
        with pytest.raises(RemoteProtocolError):
            followed().apply(Update("netloom", 3, {"Interface": {A: msgspec.Raw(row)}}, "t"))


@pytest.mark.parametrize("tables", [b"[]", b'{"Interface":5}', b'{"Interface":{"x":[}}', b"null"])
def test_an_initial_reply_that_is_no_table(tables: bytes) -> None:
    replica = followed()
    replica.monitor()
    with pytest.raises(RemoteProtocolError):
        replica.load(Reply(0, "monitor_cond_since", msgspec.Raw(b'[false,"0",' + tables + b"]")))


@pytest.mark.parametrize(
    "event",
    [Update("other", 3, cut({}), "t"), Update("netloom", 2, cut({})), Update("netloom", 1, cut({}))],
)
def test_updates_of_somebody_else(event: Update) -> None:
    with pytest.raises(RemoteProtocolError, match="not expected"):
        followed().apply(event)


def test_an_initial_row_that_is_a_deletion() -> None:
    replica = followed()
    replica.monitor()
    with pytest.raises(RemoteProtocolError):
        replica.load(loaded({"Interface": {A: {"delete": None}}}))


def test_a_table_watched_twice() -> None:
    with pytest.raises(LocalProtocolError, match="twice"):
        Replica("Open_vSwitch", [Watch(Bridge), Watch(Bridge)])


def test_rows_of_a_schema_known_only_at_run_time() -> None:
    made = row_class(Table("T", {"uuid": Column(ColumnType(Base(Atomic.STRING)))}))
    replica = Replica("D", [Watch(made)])
    replica.bind(Database("D", "1", {"T": made.TABLE}))
    replica.monitor()
    replica.load(loaded({"T": {A: {"initial": {"uuid": "x"}}}}))
    assert replica.table(made)[A].uuid_ == "x"  # type: ignore[attr-defined]


# -- properties ------------------------------------------------------------------------------------------------------

UUIDS = st.sampled_from([A, B, C])
CONTENT = st.fixed_dictionaries(
    {"name": st.sampled_from(["a", "b"]), "ofport": st.none() | st.integers(1, 3)}
)
STATES = st.lists(st.dictionaries(UUIDS, CONTENT), min_size=1, max_size=8)


def as_wire(content: dict[str, object]) -> dict[str, object]:
    return {name: ["set", []] if value is None else value for name, value in content.items()}


def between(old: dict[str, dict[str, object]], new: dict[str, dict[str, object]]) -> dict[str, object]:
    changes: dict[str, object] = {uuid: {"delete": None} for uuid in old if uuid not in new}
    for uuid, content in new.items():
        if uuid not in old:
            changes[uuid] = {"insert": as_wire(content)}
        elif content != old[uuid]:
            changes[uuid] = {
                "modify": as_wire(
                    {name: value for name, value in content.items() if old[uuid][name] != value}
                )
            }
    return changes


@given(STATES, st.data())
def test_however_it_got_there_rows_equal_the_server_and_changes_lead_there(
    states: list[dict[str, dict[str, object]]], data: st.DataObject
) -> None:
    replica = followed(Watch(Interface, ("name", "ofport")))
    mirror: dict[str, Row] = {}
    before: dict[str, dict[str, object]] = {}
    for state in states:
        how = data.draw(st.sampled_from(["update", "resume", "full"]))
        if how == "update":
            changes = replica.apply(update({"Interface": between(before, state)}))
        else:
            replica.lost()
            replica.monitor()
            tables = (
                between(before, state)
                if how == "resume"
                else {uuid: {"initial": as_wire(content)} for uuid, content in state.items()}
            )
            changes = replica.load(loaded({"Interface": tables}, found=how == "resume"))
        for change in changes:
            assert mirror.get(change.uuid) == change.old
            assert change.old != change.new
            if change.new is None:
                del mirror[change.uuid]
            else:
                mirror[change.uuid] = change.new
        assert mirror == dict(replica.table(Interface))
        assert {
            uuid: {"name": row.name, "ofport": row.ofport} for uuid, row in replica.table(Interface).items()
        } == state
        before = state
