"""A lab leaves nothing behind, however its owner ends."""

from __future__ import annotations

import pathlib
import signal
import subprocess
import sys
import uuid

import pytest

from netloom.lab import Lab, LabError, namespaces, process
from netloom.lab.lab import down, sweep
from netloom.lab.state import ROOT, StateFile, labs

pytestmark = [pytest.mark.lab, pytest.mark.alone]

OWNER = """
import sys, time
from netloom.lab import GuestPlan, Lab
with Lab.up(sys.argv[1], hosts=2) as lab:
    guest = lab.add_guest(GuestPlan("web", "h1", ipv4="10.0.0.1/24", plugged=True))
    flood = guest.flood("10.0.0.2")
    print("up", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def name() -> str:
    return f"t{uuid.uuid4().hex[:10]}"


def _own(name: str) -> subprocess.Popen[bytes]:
    # A shell's background jobs ignore SIGINT, and what they start inherits that.
    line = ["env", "--default-signal=INT", sys.executable, "-c", OWNER, name]
    owner = subprocess.Popen(line, stdout=subprocess.PIPE)
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"up\n"
    return owner


def _remains(name: str, token: str, rooms: list[str]) -> list[object]:
    return [
        *namespaces.existing(f"nl.{name}."),
        *process.inside(rooms, token),
        *([name] if (ROOT / name).exists() else []),
    ]


def test_down_removes_everything(name: str) -> None:
    lab = Lab.up(name, hosts=1, keep=True)
    token = lab.state.token
    assert len(process.inside([], token)) == 2
    assert Lab(name).hosts.keys() == {"h1"}
    with pytest.raises(LabError, match="already"):
        Lab.up(name, hosts=1)
    lab.down()
    assert _remains(name, token, []) == []
    down(name)  # safe to repeat
    with pytest.raises(LabError, match="no lab"):
        Lab(name)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_nothing_remains_of_a_lab_whose_owner_ended(name: str, end: signal.Signals) -> None:
    with _own(name) as owner:
        state = StateFile(name).load()
        assert len(process.inside(state.namespaces, state.token)) >= 5
        owner.send_signal(end)
        owner.wait(20)
    if end is signal.SIGKILL:
        assert len(process.inside(state.namespaces, state.token)) >= 5
        sweep()  # or somebody else's did it just before
    assert _remains(name, state.token, list(state.namespaces)) == []


def test_a_lab_with_a_living_owner_is_not_swept(name: str) -> None:
    with Lab.up(name, hosts=1) as lab:
        sweep()
        assert lab.hosts["h1"].vsctl("list-br").split() == ["br-int", "br-underlay"]


def test_failure_on_the_way_up_removes_what_was_made(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = process.spawn
    started = []

    def spawn(command: list[str], **options: object) -> process.ProcessId:
        if command[0] == "ovs-vswitchd":
            raise LabError("no more processes today")
        started.append(real(command, **options))  # type: ignore[arg-type]
        return started[-1]

    monkeypatch.setattr(process, "spawn", spawn)
    with pytest.raises(LabError, match="today"):
        Lab.up(name, hosts=2)
    assert started
    assert not any(process.alive(one) for one in started)
    assert namespaces.existing(f"nl.{name}.") == []
    assert name not in labs()


def test_broken_state_is_still_taken_down(name: str) -> None:
    lab = Lab.up(name, hosts=1)
    token = lab.state.token
    (ROOT / name / "state.json").write_text("{")
    with pytest.raises(LabError, match="not a lab's state"):
        Lab(name)
    down(name)
    assert _remains(name, token, []) == []


def test_two_labs_do_not_touch_each_other(name: str) -> None:
    with Lab.up(name, hosts=1) as first:
        with Lab.up(f"{name}-b", hosts=1):
            assert len(labs()) >= 2
        assert first.hosts["h1"].vsctl("list-br").split() == ["br-int", "br-underlay"]


def test_a_reused_process_id_is_not_signalled() -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        claimed = process.ProcessId(stranger.pid, 1)
        assert process.alive(claimed) is False
        assert process.send(claimed, signal.SIGKILL) is False
        process.stop([claimed])
        assert stranger.poll() is None
        stranger.kill()


def test_machine_is_left_alone(name: str) -> None:
    before = sorted(path.name for path in pathlib.Path("/sys/class/net").iterdir())
    with Lab.up(name, hosts=1):
        assert sorted(path.name for path in pathlib.Path("/sys/class/net").iterdir()) == before


@pytest.mark.parametrize(("datapath", "code"), [("dpdk", "bad-datapath"), ("system", "no-datapath")])
def test_a_datapath_that_is_not_there_is_refused_before_anything_is_made(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, datapath: str, code: str
) -> None:
    monkeypatch.setattr("netloom.lab.errors.KERNEL_DATAPATH", tmp_path / "openvswitch")
    monkeypatch.setenv("NETLOOM_LAB_DATAPATH", datapath)
    with pytest.raises(LabError) as refused:
        Lab.up(name)
    assert refused.value.stable_code == code
    assert name not in labs()
