"""Conversations with a scripted peer: golden bytes, every state with every input, hostile messages, bounds."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netloom.wire.ovsdb import requests
from netloom.wire.ovsdb.connection import Connection, Role
from netloom.wire.ovsdb.errors import LocalProtocolError, OvsdbError, RemoteProtocolError, UnknownMethod
from netloom.wire.ovsdb.events import (
    Locked,
    MonitorCanceled,
    Notification,
    PeerClosed,
    Reply,
    Request,
    Stolen,
    Update,
)
from netloom.wire.ovsdb.limits import Limits
from netloom.wire.ovsdb.requests import Call
from netloom.wire.ovsdb.state import (
    CONNECTION,
    LOCK,
    MONITOR,
    Lock,
    LockSignal,
    Monitor,
    MonitorSignal,
    Phase,
    Signal,
)

GOLDEN = [
    (requests.echo(), {"method": "echo", "params": []}),
    (requests.list_dbs(), {"method": "list_dbs", "params": []}),
    (requests.get_schema("D"), {"method": "get_schema", "params": ["D"]}),
    (requests.get_server_id(), {"method": "get_server_id", "params": []}),
    (requests.set_db_change_aware(), {"method": "set_db_change_aware", "params": [True]}),
    (requests.transact("D", [{"op": "abort"}]), {"method": "transact", "params": ["D", {"op": "abort"}]}),
    (requests.monitor("D", "m", {"T": {}}), {"method": "monitor", "params": ["D", "m", {"T": {}}]}),
    (
        requests.monitor_cond("D", "m", {"T": [{}]}),
        {"method": "monitor_cond", "params": ["D", "m", {"T": [{}]}]},
    ),
    (
        requests.monitor_cond_since("D", "m", {"T": [{}]}, "x"),
        {"method": "monitor_cond_since", "params": ["D", "m", {"T": [{}]}, "x"]},
    ),
    (requests.lock("l"), {"method": "lock", "params": ["l"]}),
    (requests.steal("l"), {"method": "steal", "params": ["l"]}),
]


def sent(connection: Connection) -> list[object]:
    data = connection.data_to_send().decode()
    decoder, found = json.JSONDecoder(), []
    while data:
        message, end = decoder.raw_decode(data)
        found.append(message)
        data = data[end:]
    return found


def say(connection: Connection, **members: object) -> list[object]:
    return list(connection.receive_data(json.dumps(members).encode()))


def answer(connection: Connection, number: int, result: object = None, error: object = None) -> Reply:
    (event,) = say(connection, id=number, result=result, error=error)
    assert isinstance(event, Reply)
    return event


@pytest.mark.parametrize(("call", "message"), GOLDEN, ids=lambda value: getattr(value, "method", ""))
def test_requests_on_the_wire(call: Call, message: dict[str, object]) -> None:
    connection = Connection()
    assert connection.request(call) == 0
    assert sent(connection) == [{"id": 0, **message}]
    assert connection.data_to_send() == b""


def test_replies_find_their_requests_in_any_order() -> None:
    connection = Connection()
    first, second = connection.request(requests.list_dbs()), connection.request(requests.get_server_id())
    assert connection.outstanding == 2
    assert answer(connection, second, "id").value(str) == "id"
    reply = answer(connection, first, ["a"])
    assert (reply.method, reply.value(list[str])) == ("list_dbs", ["a"])
    assert connection.outstanding == 0
    with pytest.raises(RemoteProtocolError, match="result of list_dbs"):
        reply.value(int)


def test_error_replies() -> None:
    connection = Connection()
    for error, kind in [
        ("unknown method", UnknownMethod),
        ({"error": "unknown database", "details": "no D"}, OvsdbError),
        (["strange"], OvsdbError),
        (7, OvsdbError),
    ]:
        reply = answer(connection, connection.request(requests.get_schema("D")), None, error)
        with pytest.raises(kind):
            reply.value(object)


def test_echo_requests_are_answered_and_not_shown() -> None:
    connection = Connection()
    assert say(connection, id="echo", method="echo", params=["x", {"y": 1}]) == []
    assert sent(connection) == [{"id": "echo", "result": ["x", {"y": 1}], "error": None}]


def test_a_client_refuses_other_requests() -> None:
    connection = Connection()
    assert say(connection, id=1, method="transact", params=[]) == []
    assert sent(connection) == [{"id": 1, "result": None, "error": "unknown method"}]


def test_cancel() -> None:
    connection = Connection()
    number = connection.request(requests.transact("D", []))
    sent(connection)
    connection.cancel(number)
    assert sent(connection) == [{"id": None, "method": "cancel", "params": [number]}]
    with pytest.raises(OvsdbError, match="canceled"):
        answer(connection, number, None, "canceled").value(object)
    for again in (number, connection.request(requests.echo())):
        with pytest.raises(LocalProtocolError, match="no transaction without a reply"):
            connection.cancel(again)


def test_cancelled_requests_that_never_have_a_reply_are_forgotten() -> None:
    connection = Connection(limits=Limits(outstanding=2))
    for _ in range(5):
        connection.cancel(connection.request(requests.transact("D", [])))
    assert connection.outstanding == 0
    answer(connection, 4, [])
    with pytest.raises(RemoteProtocolError, match="not asked"):
        answer(connection, 0, [])


def test_server_role() -> None:
    connection = Connection(role=Role.SERVER)
    assert say(connection, id=5, method="list_dbs", params=[]) == [Request(5, "list_dbs", [])]
    assert say(connection, id="s", method="get_server_id", params=None) == [Request("s", "get_server_id", [])]
    connection.reply(5, ["Open_vSwitch"])
    connection.refuse("s", "unknown method")
    connection.notify("update3", ["m", "t", {}])
    assert sent(connection) == [
        {"id": 5, "result": ["Open_vSwitch"], "error": None},
        {"id": "s", "result": None, "error": "unknown method"},
        {"id": None, "method": "update3", "params": ["m", "t", {}]},
    ]
    assert say(connection, id=None, method="cancel", params=[5]) == [Notification("cancel", [5])]


def test_updates() -> None:
    connection = Connection()
    for monitor_id, call, version, params in [
        ("a", requests.monitor("D", "a", {}), 1, ["a", {"T": {}}]),
        ("b", requests.monitor_cond("D", "b", {}), 2, ["b", {"T": {}}]),
        ("c", requests.monitor_cond_since("D", "c", {}, "0"), 3, ["c", "txn", {"T": {}}]),
    ]:
        answer(connection, connection.request(call), {})
        method = "update" if version == 1 else f"update{version}"
        (event,) = say(connection, id=None, method=method, params=params)
        assert isinstance(event, Update)
        assert (event.monitor, event.version) == (monitor_id, version)
        assert event.tables == {"T": {}}
        assert event.last_txn_id == ("txn" if version == 3 else None)


# -- every state with every input ------------------------------------------------------------------------------------


def in_phase(phase: Phase) -> Connection:
    connection = Connection()
    if phase is Phase.PEER_CLOSED:
        assert connection.receive_data(b"") == [PeerClosed(0)]
    elif phase is Phase.CLOSED:
        connection.close()
    elif phase is Phase.FAILED:
        with pytest.raises(RemoteProtocolError):
            connection.receive_data(b"[")
    assert connection.phase is phase
    return connection


@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize("phase", Phase)
def test_connection_states(phase: Phase, signal: Signal) -> None:
    connection = in_phase(phase)
    doing = {
        Signal.SEND: lambda: connection.request(requests.echo()),
        Signal.RECEIVE: lambda: connection.receive_data(b" "),
        Signal.END: lambda: connection.receive_data(b""),
        Signal.CLOSE: connection.close,
        Signal.BREACH: lambda: connection.receive_data(b"nonsense"),
    }[signal]
    following = CONNECTION[phase].get(signal)
    if following is None:
        with pytest.raises(LocalProtocolError, match=phase.value):
            doing()
        assert connection.phase is phase
    elif signal is Signal.BREACH:
        with pytest.raises(RemoteProtocolError):
            doing()
        assert connection.phase is following
    else:
        doing()
        assert connection.phase is following


def with_monitor(state: Monitor) -> tuple[Connection, dict[str, int]]:
    connection, ids = Connection(), {}
    if state is not Monitor.ABSENT:
        ids["monitor"] = connection.request(requests.monitor("D", "m", {}))
    if state in (Monitor.ACTIVE, Monitor.CANCELLING):
        answer(connection, ids["monitor"], {})
    if state is Monitor.CANCELLING:
        ids["cancel"] = connection.request(requests.monitor_cancel("m"))
    assert connection.monitor_state("m") is state
    return connection, ids


OURS = {
    MonitorSignal.REQUEST,
    MonitorSignal.CHANGE,
    MonitorSignal.CANCEL,
    LockSignal.REQUEST,
    LockSignal.RELEASE,
}
MONITOR_REPLIES = {MonitorSignal.REPLY, MonitorSignal.REFUSAL, MonitorSignal.CANCEL_REPLY}


@pytest.mark.parametrize("signal", [signal for signal in MonitorSignal if signal not in MONITOR_REPLIES])
@pytest.mark.parametrize("state", Monitor)
def test_monitor_states(state: Monitor, signal: MonitorSignal) -> None:
    connection, _ = with_monitor(state)
    doing = {
        MonitorSignal.REQUEST: lambda: connection.request(requests.monitor_cond("D", "m", {})),
        MonitorSignal.CHANGE: lambda: connection.request(requests.monitor_cond_change("m", {})),
        MonitorSignal.CANCEL: lambda: connection.request(requests.monitor_cancel("m")),
        MonitorSignal.UPDATE: lambda: say(connection, id=None, method="update", params=["m", {}]),
        MonitorSignal.CANCELED: lambda: say(connection, id=None, method="monitor_canceled", params=["m"]),
    }[signal]
    following = MONITOR[state].get(signal)
    if following is None:
        with pytest.raises(LocalProtocolError if signal in OURS else RemoteProtocolError, match=state.value):
            doing()
        assert connection.monitor_state("m") is state
    else:
        doing()
        assert connection.monitor_state("m") is following


def test_monitor_replies() -> None:
    connection, ids = with_monitor(Monitor.REQUESTED)
    answer(connection, ids["monitor"], None, "unknown database")
    assert connection.monitor_state("m") is Monitor.ABSENT
    connection, ids = with_monitor(Monitor.CANCELLING)
    answer(connection, ids["cancel"], {})
    assert connection.monitor_state("m") is Monitor.ABSENT
    connection, ids = with_monitor(Monitor.CANCELLING)
    assert say(connection, id=None, method="monitor_canceled", params=["m"]) == [MonitorCanceled("m")]
    answer(connection, ids["cancel"], None, "unknown monitor")
    assert connection.monitor_state("m") is Monitor.ABSENT
    connection, ids = with_monitor(Monitor.REQUESTED)
    say(connection, id=None, method="monitor_canceled", params=["m"])
    answer(connection, ids["monitor"], None, "canceled")
    assert connection.monitor_state("m") is Monitor.ABSENT


def with_lock(state: Lock) -> Connection:
    connection = Connection()
    if state is Lock.ABSENT:
        return connection
    number = connection.request(requests.lock("l"))
    if state in (Lock.HELD, Lock.RELEASING):
        answer(connection, number, {"locked": True})
    if state is Lock.WAITING:
        answer(connection, number, {"locked": False})
    if state is Lock.RELEASING:
        connection.request(requests.unlock("l"))
    assert connection.lock_state("l") is state
    return connection


@pytest.mark.parametrize(
    "signal", [LockSignal.REQUEST, LockSignal.RELEASE, LockSignal.LOCKED, LockSignal.STOLEN]
)
@pytest.mark.parametrize("state", Lock)
def test_lock_states(state: Lock, signal: LockSignal) -> None:
    connection = with_lock(state)
    doing = {
        LockSignal.REQUEST: lambda: connection.request(requests.steal("l")),
        LockSignal.RELEASE: lambda: connection.request(requests.unlock("l")),
        LockSignal.LOCKED: lambda: say(connection, id=None, method="locked", params=["l"]),
        LockSignal.STOLEN: lambda: say(connection, id=None, method="stolen", params=["l"]),
    }[signal]
    following = LOCK[state].get(signal)
    if following is None:
        with pytest.raises(LocalProtocolError if signal in OURS else RemoteProtocolError, match=state.value):
            doing()
    else:
        event = doing()
        if signal is LockSignal.LOCKED:
            assert event == [Locked("l")]
        if signal is LockSignal.STOLEN:
            assert event == [Stolen("l")]
        assert connection.lock_state("l") is following


def test_lock_replies() -> None:
    connection = with_lock(Lock.REQUESTED)
    answer(connection, 0, None, "nope")
    assert connection.lock_state("l") is Lock.ABSENT
    connection = with_lock(Lock.RELEASING)
    answer(connection, 1, {})
    assert connection.lock_state("l") is Lock.ABSENT
    with pytest.raises(RemoteProtocolError, match="result of lock"):
        say(with_lock(Lock.REQUESTED), id=0, result={"locked": 1}, error=None)


# -- hostile peers ---------------------------------------------------------------------------------------------------

HOSTILE = {
    "NaN": b'{"id":0,"result":NaN,"error":null}',
    "invalid UTF-8 in a method": b'{"id":null,"method":"\xff\xfe","params":[]}',
    "invalid UTF-8 in an id": b'{"id":null,"method":"update","params":["\xff",{}]}',
    "truncated": b'{"id":0,"result":}',
    "params are no list": b'{"id":null,"method":"update","params":{}}',
    "tables are no object": b'{"id":null,"method":"update","params":["m",[]]}',
    "rows are no object": b'{"id":null,"method":"update2","params":["m",{"T":5}]}',
    "too few params": b'{"id":null,"method":"update3","params":["m"]}',
    "method is a number": b'{"id":null,"method":5,"params":[]}',
    "nothing": b"{}",
    "a reply to nothing": b'{"id":7,"result":[],"error":null}',
    "a reply with a text id": b'{"id":"0","result":[],"error":null}',
    "a reply with a huge id": b'{"id":' + b"9" * 4000 + b',"result":[],"error":null}',
    "a reply with a real id": b'{"id":0.0,"result":[],"error":null}',
    "closed depth bomb": b'{"id":0,"result":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "open depth bomb": b'{"id":0,"result":' + b'{"a":' * 100,
    "lone surrogate": b'{"id":null,"method":"locked","params":["\\ud800"]}',
    "trailing comma": b'{"id":0,}',
    "stolen what we never had": b'{"id":null,"method":"stolen","params":["l"]}',
    "an update that nobody asked for": b'{"id":null,"method":"update","params":["m",{}]}',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile(name: str) -> None:
    connection = Connection()
    connection.request(requests.echo())
    with pytest.raises(RemoteProtocolError):
        connection.receive_data(HOSTILE[name])
    assert connection.phase is Phase.FAILED
    assert connection.data_to_send() == b""
    with pytest.raises(LocalProtocolError):
        connection.receive_data(b"{}")


def test_a_reply_twice() -> None:
    connection = Connection()
    number = connection.request(requests.echo())
    reply = b'{"id":%d,"result":[],"error":null}' % number
    with pytest.raises(RemoteProtocolError, match="has its reply already"):
        connection.receive_data(reply + reply)


def test_the_stream_ends_inside_a_message() -> None:
    connection = Connection()
    connection.receive_data(b'{"id":0')
    with pytest.raises(RemoteProtocolError, match="inside a message"):
        connection.receive_data(b"")
    assert connection.phase is Phase.FAILED


def test_the_end_tells_what_has_no_answer() -> None:
    connection = Connection()
    connection.request(requests.echo())
    assert connection.receive_data(b"") == [PeerClosed(1)]
    assert connection.receive_data(b"") == [PeerClosed(0)]


def test_outstanding_requests_are_bounded() -> None:
    connection = Connection(limits=Limits(outstanding=2))
    connection.request(requests.echo())
    number = connection.request(requests.echo())
    with pytest.raises(LocalProtocolError, match="the limit is 2"):
        connection.request(requests.echo())
    answer(connection, number, [])
    connection.request(requests.echo())


def test_a_peer_that_asks_and_never_reads() -> None:
    connection = Connection(limits=Limits(backlog_bytes=1000))
    asking = json.dumps({"id": 1, "method": "echo", "params": ["x" * 100]}).encode()
    with pytest.raises(RemoteProtocolError, match="does not read"):
        connection.receive_data(asking * 100)
    server = Connection(role=Role.SERVER, limits=Limits(backlog_bytes=1000))
    with pytest.raises(LocalProtocolError, match="bytes wait"):
        server.notify("update", ["x" * 2000])


MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "id": st.none() | st.integers(0, 3) | st.text(max_size=3),
        "method": st.sampled_from(
            ["echo", "update", "update2", "update3", "locked", "stolen", "monitor_canceled", "x"]
        ),
        "params": st.lists(st.sampled_from(["m", "l", {}, 1, None, {"T": {"u": {}}}]), max_size=3)
        | st.none(),
        "result": st.sampled_from([{}, [], {"locked": True}, {"locked": False}, None]),
        "error": st.none() | st.sampled_from(["unknown method", {"error": "x"}]),
    },
)


@given(st.lists(MESSAGES, max_size=8), st.sampled_from(list(Monitor)), st.sampled_from(list(Lock)))
def test_from_any_state_any_message_is_an_event_or_the_one_error(
    messages: list[object], monitor: Monitor, lock: Lock
) -> None:
    connection, _ = with_monitor(monitor)
    if lock is not Lock.ABSENT:
        connection.request(requests.lock("l"))
    try:
        for message in messages:
            connection.receive_data(json.dumps(message).encode())
    except RemoteProtocolError:
        assert connection.phase is Phase.FAILED
    else:
        assert connection.phase is Phase.OPEN
