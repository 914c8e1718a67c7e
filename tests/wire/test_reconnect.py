"""The reconnect machine, scripted: each line is a time, what happens, and the state, action and deadline after it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netloom.wire.reconnect import TABLE, Action, Reconnect, Settings, Signal, State

SCRIPTS = {
    "connects, probes, is answered": (
        Settings(),
        """
        0  enable        backoff     -           0
        0  tick          connecting  connect     10
        1  connected     active      -           6
        5  received      active      -           10
        9  tick          active      -           10
        10 tick          idle        probe       15
        12 received      active      -           17
        """,
    ),
    "a probe without an answer hangs up and backs off": (
        Settings(),
        """
        0  enable        backoff     -           0
        0  tick          connecting  connect     10
        0  connected     active      -           5
        5  tick          idle        probe       10
        10 tick          backoff     disconnect  11
        10 disconnected  backoff     -           11
        11 tick          connecting  connect     21
        """,
    ),
    "waits double to the maximum, and start over after a good connection": (
        Settings(max_backoff=4.0),
        """
        0   enable       backoff     -           0
        0   tick         connecting  connect     10
        0   disconnected backoff     -           1
        1   tick         connecting  connect     11
        2   disconnected backoff     -           4
        4   tick         connecting  connect     14
        5   disconnected backoff     -           9
        9   tick         connecting  connect     19
        9   disconnected backoff     -           13
        13  tick         connecting  connect     23
        13  connected    active      -           18
        17  received     active      -           22
        18  disconnected backoff     -           19
        """,
    ),
    "a connection that drops at once does not count as good": (
        Settings(),
        """
        0   enable       backoff     -           0
        0   tick         connecting  connect     10
        0   disconnected backoff     -           1
        1   tick         connecting  connect     11
        1   connected    active      -           6
        1   disconnected backoff     -           3
        3   tick         connecting  connect     13
        3   connected    active      -           8
        3   disconnected backoff     -           7
        """,
    ),
    "an attempt that takes too long": (
        Settings(connect_timeout=3.0),
        """
        0   enable       backoff     -           0
        0   tick         connecting  connect     3
        2   tick         connecting  -           3
        3   tick         backoff     disconnect  4
        """,
    ),
    "tries are counted": (
        Settings(max_tries=2),
        """
        0   enable       backoff     -           0
        0   tick         connecting  connect     10
        1   disconnected backoff     -           2
        2   tick         connecting  connect     12
        3   disconnected void        -           -
        9   tick         void        -           -
        9   connected    void        -           -
        10  enable       backoff     -           10
        """,
    ),
    "passive: the peer dials in": (
        Settings(passive=True),
        """
        0   enable       listening   -           -
        50  tick         listening   -           -
        50  connected    active      -           55
        55  tick         idle        probe       60
        60  tick         listening   disconnect  -
        61  connected    active      -           66
        62  disconnected listening   -           -
        63  disable      void        -           -
        """,
    ),
    "no probes": (
        Settings(probe_interval=None),
        """
        0   enable       backoff     -           0
        0   tick         connecting  connect     10
        0   connected    active      -           -
        999 tick         active      -           -
        """,
    ),
    "forced": (
        Settings(),
        """
        0   enable       backoff     -           0
        0   tick         connecting  connect     10
        0   connected    active      -           5
        3   received     active      -           8
        4   force        dropping    -           4
        4   tick         backoff     disconnect  5
        5   force        backoff     -           5
        """,
    ),
    "we overslept: ask once more instead of hanging up": (
        Settings(),
        """
        0   enable       backoff     -           0
        0   tick         connecting  connect     10
        0   connected    active      -           5
        5   tick         idle        probe       10
        16  tick         idle        probe       21
        17  received     active      -           22
        """,
    ),
    "disabled in the middle": (
        Settings(),
        """
        0   enable       backoff     -           0
        0   tick         connecting  connect     10
        1   disable      void        -           -
        2   connected    void        -           -
        2   received     void        -           -
        2   disconnected void        -           -
        """,
    ),
}


def machine(settings: Settings, jitter: float = 1.0) -> Reconnect:
    return Reconnect(settings, jitter=lambda: jitter, now=0.0)


def do(fsm: Reconnect, what: str, now: float) -> Action | None:
    if what == "disconnected":
        fsm.disconnected(now, "why")
        return None
    result = getattr(fsm, what)(now)
    return result if what == "tick" else None


@pytest.mark.parametrize("name", SCRIPTS)
def test_script(name: str) -> None:
    settings, script = SCRIPTS[name]
    fsm = machine(settings)
    for line in script.strip().splitlines():
        now, what, state, action, deadline = line.split()
        did = do(fsm, what, float(now))
        shown = "-" if fsm.deadline() is None else f"{fsm.deadline():g}"
        seen = (fsm.state.value, did.value if did else "-", shown)
        assert seen == (state, action, deadline), line


def test_reasons_are_kept() -> None:
    fsm = machine(Settings())
    fsm.enable(0)
    fsm.tick(0)
    fsm.disconnected(1, "connection refused")
    assert (fsm.last_error, fsm.failures, fsm.is_up, fsm.connected_since) == (
        "connection refused",
        1,
        False,
        None,
    )
    fsm.tick(2)
    fsm.connected(3)
    assert (fsm.is_up, fsm.connected_since, fsm.since) == (True, 3, 3)
    fsm.tick(8)
    fsm.tick(13)
    assert fsm.last_error == "no answer to a probe within 5 s"


@pytest.mark.parametrize(("jitter", "wait"), [(0.0, 0.5), (0.5, 0.75), (1.0, 1.0)])
def test_jitter_shortens_a_wait(jitter: float, wait: float) -> None:
    fsm = machine(Settings(), jitter)
    fsm.enable(0)
    fsm.tick(0)
    fsm.disconnected(0, None)
    assert fsm.deadline() == wait


def in_state(state: State, *, passive: bool = False) -> Reconnect:
    fsm = machine(Settings(passive=passive))
    if state is State.VOID:
        return fsm
    fsm.enable(0)
    if state in (State.BACKOFF, State.LISTENING):
        return fsm
    fsm.tick(0)
    if state is State.CONNECTING:
        return fsm
    fsm.connected(0)
    if state is State.IDLE:
        fsm.tick(5)
    if state is State.DROPPING:
        fsm.force(0)
    return fsm


PAIRS = [
    (state, signal)
    for state in State
    for signal in Signal
    # A passive machine, the only one that listens, never backs off and never connects.
    if not (signal is Signal.LISTEN and state in (State.BACKOFF, State.CONNECTING))
]


@pytest.mark.parametrize(("state", "signal"), PAIRS)
def test_every_state_takes_every_signal(state: State, signal: Signal) -> None:
    passive = state is State.LISTENING or signal is Signal.LISTEN
    fsm = in_state(state, passive=passive)
    assert fsm.state is state
    if signal is Signal.GIVE_UP:
        fsm = _with_one_try(state)
    deadline = fsm.deadline()
    late = {Signal.EXPIRED: 0.0, Signal.OVERSLEPT: 99.0}
    expected = TABLE[state].get(signal, (state, None))
    if signal in late:
        if deadline is None:
            assert fsm.tick(1e9) is None
            assert fsm.state is state
            return
        action = fsm.tick(deadline + late[signal])
        if state is State.DROPPING or expected[0] is State.DROPPING:
            # The hang-up is told at once, and the next try planned.
            assert (fsm.state, action) == (State.BACKOFF, Action.DISCONNECT)
        else:
            assert (fsm.state, action) == expected
        return
    {
        Signal.ENABLE: fsm.enable,
        Signal.LISTEN: fsm.enable if state is State.VOID else lambda now: fsm.disconnected(now, None),
        Signal.DISABLE: fsm.disable,
        Signal.CONNECTED: fsm.connected,
        Signal.RECEIVED: fsm.received,
        Signal.RETRY: lambda now: fsm.disconnected(now, None),
        Signal.GIVE_UP: lambda now: fsm.disconnected(now, None),
        Signal.FORCE: fsm.force,
    }[signal](20.0)
    assert fsm.state is expected[0]


def _with_one_try(state: State) -> Reconnect:
    if state is State.LISTENING:
        return in_state(state, passive=True)
    fsm = machine(Settings(max_tries=1))
    script = {
        State.VOID: "",
        State.BACKOFF: "enable",
        State.CONNECTING: "enable tick",
        State.ACTIVE: "enable tick connected",
        State.IDLE: "enable tick connected tick",
        State.DROPPING: "enable tick connected force",
    }[state]
    for now, what in enumerate(script.split()):
        do(fsm, what, 5.0 * now)
    if state is State.IDLE:
        do(fsm, "tick", 99.0)
    assert fsm.state is state
    return fsm


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["enable", "disable", "connected", "received", "disconnected", "force", "tick"]),
        st.floats(0, 30),
    ),
    max_size=40,
)


@given(STEPS, st.booleans(), st.sampled_from([None, 1, 3]), st.floats(0, 1))
def test_whatever_happens_it_never_stalls_nor_spins(
    steps: list[tuple[str, float]], passive: bool, tries: int | None, jitter: float
) -> None:
    fsm = machine(Settings(passive=passive, max_tries=tries), jitter)
    now = 0.0
    for what, delay in steps:
        now += delay
        do(fsm, what, now)
        if fsm.state in (State.BACKOFF, State.CONNECTING, State.ACTIVE, State.IDLE, State.DROPPING):
            assert fsm.deadline() is not None
        deadline = fsm.deadline()
        if deadline is not None and deadline <= now:
            fsm.tick(now)
            after = fsm.deadline()
            assert after is None or after > now or fsm.state is State.BACKOFF
        if not passive and fsm.state is State.BACKOFF:
            assert fsm.deadline() is not None
            assert fsm.deadline() - fsm.since <= 8.0
