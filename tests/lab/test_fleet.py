"""Simulated hosts answer as real ones do; ovs-ofctl and netloom's own codec are the judges."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from netloom.lab import commands, ovsdb, process, wait
from netloom.lab.fleet import Fleet, FleetHost, FleetPort

pytestmark = [pytest.mark.lab, pytest.mark.alone]


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    with Fleet.up(6, workers=2) as made:
        yield made


def ofctl(host: FleetHost, command: str, *words: str, text: str | None = None) -> list[str]:
    line = ["ovs-ofctl", "-O", "OpenFlow14", "--no-names", command, host.openflow, *words]
    done = commands.run(line, text=text).stdout
    return [row.strip() for row in done.splitlines() if "actions=" in row]


def _number(host: FleetHost, name: str) -> int:
    answers = ovsdb.transact(host.ovsdb_socket, ovsdb.await_ofport(name))
    return ovsdb.ofport_of(ovsdb.rows(answers[1])[0])


def test_ports_get_numbers(fleet: Fleet) -> None:
    host = fleet.hosts[0]
    host.plug([FleetPort(f"tap{n}", f"nic-{n}") for n in range(100)])
    assert len({_number(host, f"tap{n}") for n in range(100)}) == 100
    fleet.hosts[1].plug([FleetPort("tap0", "nic-100")])
    assert _number(fleet.hosts[1], "tap0") == 1


def test_flows_come_back_as_they_were_sent(fleet: Fleet) -> None:
    host = fleet.hosts[2]
    flows = [
        f"cookie=0x{n:x},table={n % 5},priority=7,ip,nw_dst=10.0.{n >> 8}.{n & 255} "
        f"actions=set_field:0x{n:x}->tun_id,goto_table:9"
        for n in range(2000)
    ]
    ofctl(host, "add-flows", "--bundle", "-", text="\n".join(flows))
    dump = ofctl(host, "dump-flows", "--no-stats")
    assert len(dump) == 2000
    assert any("nw_dst=10.0.7.207 actions=set_field:0x7cf->tun_id,goto_table:9" in line for line in dump)
    ofctl(host, "del-flows", "--strict", "table=1,priority=7,ip,nw_dst=10.0.0.1")
    assert len(ofctl(host, "dump-flows", "table=1", "--no-stats")) == 399
    ofctl(host, "del-flows", "cookie=0x2/-1")
    report = fleet.reports()[host.name]
    assert report["flows"] == 1998
    assert report["changes"] == 2002
    ofctl(host, "del-flows")
    assert ofctl(host, "dump-flows") == []


def test_a_bundle_with_a_refused_change_does_nothing(fleet: Fleet) -> None:
    host = fleet.hosts[3]
    line = ["ovs-ofctl", "-O", "OpenFlow14", "--no-names", "--bundle", "add-flows", host.openflow, "-"]
    refused = commands.run(line, check=False, text="add ip actions=drop\nmodify arp actions=drop\n")
    assert refused.returncode != 0
    assert "OFPFMFC_BAD_COMMAND" in refused.stderr
    assert ofctl(host, "dump-flows") == []


def test_who_it_is(fleet: Fleet) -> None:
    host = fleet.hosts[4]
    shown = commands.run(["ovs-ofctl", "-O", "OpenFlow14", "show", host.openflow]).stdout
    assert "dpid:02f1ee7000000005" in shown
    wait.until(lambda: fleet.reports()[host.name]["sessions"] == 0, "the session ended")


def test_nothing_remains() -> None:
    with Fleet.up(2, workers=1) as small:
        token = small._file.load().token
        assert len(process.inside([], token)) == 3
    assert process.inside([], token) == []
