"""Hosts come, drain, dial in and go; who is not who it was is refused; what is not netloom's stays when it leaves."""

from __future__ import annotations

import datetime as dt
import pathlib
import re

import pytest
from tests.system.cloud import Cloud, cloud, netloom, settings

from netloom.base.errors import Conflict
from netloom.client import calls
from netloom.contract.hosts import HostSpec
from netloom.contract.kinds import HOST
from netloom.lab import Host, wait
from netloom.lab.names import CONTROL_ADDRESS
from netloom.lab.netloomd import Section
from netloom.switches.ca import Authority

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

DIAL_IN: Section = {
    "allow_tcp": True,
    "listen_ovsdb": f"tcp:{CONTROL_ADDRESS}:6640",
    "listen_openflow": f"tcp:{CONTROL_ADDRESS}:6653",
}
DIAL_IN_TLS: Section = {
    "allow_tcp": False,
    "listen_ovsdb": f"ssl:{CONTROL_ADDRESS}:6640",
    "listen_openflow": f"ssl:{CONTROL_ADDRESS}:6653",
}


def give_certificate(
    cloud: Cloud, name: str, *, pki: pathlib.Path | None = None, issued_as: str = "", days: int = 30
) -> None:
    """Issue a certificate and set it up on a host, by the line that is printed for its operator."""
    pki = pki or pki_of(cloud)
    told = netloom("ca", "issue", issued_as or name, "--days", str(days), "--pki", str(pki))
    key, certificate, trust = re.search(r"ovs-vsctl set-ssl (\S+) (\S+) (\S+)", told).groups()  # type: ignore[union-attr]
    folders = {pathlib.Path(key).name: pki / "hosts", pathlib.Path(trust).name: pki}
    folders[pathlib.Path(certificate).name] = pki / "hosts"
    cloud.host(name).set_ssl(*(folders[file] / file for file in map(file_name, (key, certificate, trust))))


def file_name(path: str) -> str:
    """The last part."""
    return pathlib.Path(path).name


def pki_of(cloud: Cloud) -> pathlib.Path:
    """Where the cloud's netloomd looks for its CA."""
    return cloud.netloomd.directory / "pki"


def add(cloud: Cloud, host: Host, ovsdb: str | None, openflow: str | None = None) -> None:
    """Declare a host."""
    spec = HostSpec(name=host.name, ovsdb=ovsdb, openflow=openflow, tunnel_ip=str(host.tunnel_ip))
    cloud.client.send(calls.create(HOST, spec, key=f"add-{host.name}"))


def link_error(cloud: Cloud, host: str, protocol: str = "ovsdb") -> tuple[str, str]:
    """Code and text of what keeps a connection from working."""
    link = next((link for link in cloud.report(host).links if link.protocol == protocol), None)
    if link is None:
        return "", ""  # its session is not made yet
    return (link.last_error.code, link.last_error.message) if link.last_error else ("", "")


def ours(host: Host) -> list[str]:
    """What netloom has on a host: flows and ports."""
    flows = [flow for flow in host.flows() if "cookie=0x6e6c" in flow]
    return flows + [port for port in host.vsctl("list-ports", "br-int").split() if port.startswith("nl-")]


def test_a_removed_host_is_swept_and_keeps_what_is_not_ours(two_hosts: Cloud) -> None:
    two_hosts.network("blue")
    left, _right = two_hosts.pair("blue")
    host = two_hosts.host("h2")
    host.add_flows("cookie=0x1234,table=200,priority=7,ip,actions=drop")
    host.vsctl("set", "Bridge", "br-int", "external_ids:somebody=else")
    host.vsctl("set", "Open_vSwitch", ".", "external_ids:neutron=here", "other_config:n-handler-threads=1")
    host.vsctl("add-port", "br-int", "foreign0", "--", "set", "Interface", "foreign0", "type=internal")
    two_hosts.in_sync()
    ports = set(host.vsctl("list-ports", "br-int").split())
    assert ours(host)
    two_hosts.client.send(calls.delete(HOST, "h2"))
    wait.until(lambda: not ours(host), "nothing of netloom's is left", seconds=15)
    assert any("cookie=0x1234" in flow for flow in host.flows())
    assert set(host.vsctl("list-ports", "br-int").split()) == {p for p in ports if not p.startswith("nl-")}
    assert "else" in host.vsctl("get", "Bridge", "br-int", "external_ids:somebody")
    assert "here" in host.vsctl("get", "Open_vSwitch", ".", "external_ids:neutron")
    left_behind = host.vsctl("--columns=external_ids", "list", "Bridge", "br-int")
    assert "netloom" not in left_behind
    # Whoever stays does not send there any more, and the host may come again.
    wait.until(lambda: not any("198.18.0.2" in flow for flow in two_hosts.host("h1").flows()), "h1 forgot h2")
    add(two_hosts, host, host.ovsdb)
    two_hosts.in_sync()
    two_hosts.reaches(left, two_hosts.lab.guest("blue-b"))


def test_a_draining_host_keeps_what_it_has_and_takes_no_more(two_hosts: Cloud) -> None:
    two_hosts.network("blue")
    left, right = two_hosts.pair("blue")
    two_hosts.nic("late", "blue")
    assert two_hosts.client.send(calls.drain("h2", on=True)).drain
    with pytest.raises(Conflict, match="h2") as refused:
        two_hosts.client.send(calls.attach("late", "h2", "tap0"))
    assert "drain" in refused.value.stable_code
    assert left.ping(right, count=3).all_answered
    assert not two_hosts.client.send(calls.drain("h2", on=False)).drain
    two_hosts.client.send(calls.attach("late", "h2", "tap0"))


def test_another_machine_behind_the_same_address_is_refused(two_hosts: Cloud) -> None:
    two_hosts.network("blue")
    left, right = two_hosts.pair("blue")
    two_hosts.in_sync()
    wait.until(lambda: two_hosts.client.send(calls.get(HOST, "h2")).system_id is not None, "h2 is pinned")
    host = two_hosts.host("h2")
    before = host.flows()
    two_hosts.netloomd.stop()
    host.vsctl("set", "Open_vSwitch", ".", "external_ids:system-id=impostor")
    two_hosts.netloomd.start()
    two_hosts.becomes("Error", "h2")
    status = two_hosts.client.send(calls.get(HOST, "h2")).status
    assert status.code == "host-identity-changed"
    assert "impostor" in status.reason
    assert host.system_id in status.reason
    assert host.flows() == before, "a stranger was written to"
    assert left.ping(right, count=3).all_answered
    host.vsctl("set", "Open_vSwitch", ".", f"external_ids:system-id={host.system_id}")
    two_hosts.becomes("Done", "h2")


@pytest.mark.parametrize("protected", [False, True], ids=["tcp", "ssl"])
def test_a_host_dials_in_waits_and_works_once_admitted(protected: bool) -> None:
    with cloud(
        2, settings(switches=DIAL_IN_TLS if protected else DIAL_IN), declare=False, tls=protected
    ) as made:
        if protected:
            give_certificate(made, "h2")
        host = made.host("h2")
        add(made, made.host("h1"), made.host("h1").ovsdb)
        kind = "ssl" if protected else "tcp"
        host.set_manager(f"{kind}:{CONTROL_ADDRESS}:6640")
        wait.until(lambda: bool(made.client.send(calls.pending_hosts()).items), "h2 waits", seconds=20)
        (waiting,) = made.client.send(calls.pending_hosts()).items
        assert waiting.system_id == host.system_id
        assert (waiting.fingerprint is not None) == protected
        assert not ours(host), "a host that was not admitted was written to"
        spec = HostSpec(name="h2", tunnel_ip=str(host.tunnel_ip))
        made.client.send(calls.admit(waiting.system_id, spec))
        made.in_sync()
        assert not made.client.send(calls.pending_hosts()).items
        made.network("blue")
        left, right = made.pair("blue")
        # It comes back by itself, also to a netloomd that was started anew.
        made.netloomd.kill()
        made.netloomd.start()
        made.in_sync()
        assert left.ping(right, count=3).all_answered


def test_a_host_that_dials_in_as_another_is_refused() -> None:
    """It has a good certificate, but its own: a name is not enough to be somebody."""
    with cloud(2, settings(switches=DIAL_IN_TLS), declare=False, tls=True) as made:
        host, impostor = made.host("h1"), made.host("h2")
        give_certificate(made, "h1")
        give_certificate(made, "h2")
        host.set_manager(f"ssl:{CONTROL_ADDRESS}:6640")
        wait.until(lambda: bool(made.client.send(calls.pending_hosts()).items), "h1 waits", seconds=20)
        made.client.send(calls.admit(host.system_id, HostSpec(name="h1", tunnel_ip=str(host.tunnel_ip))))
        made.becomes("Done", "h1")
        impostor.vsctl("set", "Open_vSwitch", ".", f"external_ids:system-id={host.system_id}")
        impostor.set_manager(f"ssl:{CONTROL_ADDRESS}:6640")
        wait.until(lambda: bool(made.client.send(calls.pending_hosts()).items), "it is told", seconds=20)
        (told,) = made.client.send(calls.pending_hosts()).items
        assert told.host == "h1"
        assert "certificate" in told.reason
        assert str(impostor.management_ip) in told.peer
        assert made.host_status("h1") == "Done", "the true one was thrown out"
        assert not ours(impostor)


def test_two_machines_that_say_they_are_one_are_told() -> None:
    """A copy of a machine has its system-id; without certificates each takes the other one's place, again and again."""
    with cloud(2, settings(switches=DIAL_IN), declare=False) as made:
        host, copy = made.host("h1"), made.host("h2")
        host.set_manager(f"tcp:{CONTROL_ADDRESS}:6640")
        wait.until(lambda: bool(made.client.send(calls.pending_hosts()).items), "h1 waits", seconds=20)
        made.client.send(calls.admit(host.system_id, HostSpec(name="h1", tunnel_ip=str(host.tunnel_ip))))
        made.becomes("Done", "h1")
        copy.vsctl("set", "Open_vSwitch", ".", f"external_ids:system-id={host.system_id}")
        copy.set_manager(f"tcp:{CONTROL_ADDRESS}:6640")
        found = made.awaits_finding(HOST, "h1", "host-dials-in-from-several-places", seconds=30)
        assert str(host.management_ip) in found.message
        assert str(copy.management_ip) in found.message
        assert "system-id" in found.hint
        copy.set_manager()
        made.becomes("Done", "h1")


def test_the_first_certificates_are_taken_without_a_restart() -> None:
    with cloud(1, settings(switches={"allow_tcp": False}), declare=False) as made:
        netloom("ca", "init", "--pki", str(pki_of(made)))
        give_certificate(made, "h1")
        add(made, made.host("h1"), *made.host("h1").listen(tls=True))
        made.becomes("Done", "h1")


@pytest.mark.alone
def test_tls_from_init_to_rotation() -> None:
    """netloom dials; the operator makes the CA, sets up the hosts by the lines that are printed, and rotates."""
    with cloud(2, settings(switches={"allow_tcp": False}), declare=False, tls=True) as made:
        pki = pki_of(made)
        for name in ("h1", "h2"):
            give_certificate(made, name)
            add(made, made.host(name), *made.host(name).listen(tls=True))
        made.in_sync()
        made.network("blue")
        left, right = made.pair("blue")
        assert made.client.send(calls.get(HOST, "h1")).fingerprint is not None
        exported = netloom("ca", "export", "--pki", str(pki))
        assert exported.count("BEGIN CERTIFICATE") == 1
        assert exported in (pki / "controller-trust.crt").read_text()
        with left.flood(right, interval=0.01) as flood:
            netloom("ca", "rotate", "--pki", str(pki))
            made.netloomd.stop()
            made.netloomd.start()
            made.in_sync()  # the hosts have the old files still
            give_certificate(made, "h2")
            made.netloomd.stop()
            made.netloomd.start()
            made.in_sync()  # one host has the new files, one the old ones
            result = flood.stop()
        assert result.lost == 0
        assert netloom("ca", "export", "--pki", str(pki)) != exported


def test_a_certificate_of_another_authority_is_refused(tmp_path: pathlib.Path) -> None:
    with cloud(2, settings(switches={"allow_tcp": False}), declare=False, tls=True) as made:
        netloom("ca", "init", "--pki", str(tmp_path / "strange"))
        give_certificate(made, "h1")
        give_certificate(made, "h2", pki=tmp_path / "strange")
        for name in ("h1", "h2"):
            add(made, made.host(name), *made.host(name).listen(tls=True))
        made.becomes("Done", "h1")
        made.becomes("Error", "h2")
        code, message = link_error(made, "h2")
        assert code
        assert "certificate" in message.lower()
        assert not ours(made.host("h2"))


def test_a_certificate_of_another_host_is_refused() -> None:
    """Signed by the right authority, but for somebody else: h1's files on h2."""
    with cloud(2, settings(switches={"allow_tcp": False}), declare=False, tls=True) as made:
        give_certificate(made, "h1")
        give_certificate(made, "h2")
        for name in ("h1", "h2"):
            add(made, made.host(name), *made.host(name).listen(tls=True))
        made.in_sync()
        wait.until(lambda: made.client.send(calls.get(HOST, "h2")).fingerprint is not None, "h2 is pinned")
        give_certificate(made, "h2", issued_as="h1")
        made.netloomd.kill()
        made.netloomd.start()
        made.becomes("Error", "h2")
        status = made.client.send(calls.get(HOST, "h2")).status
        assert status.code == "host-certificate-changed"
        assert "certificate" in status.reason


def test_an_expired_certificate_is_refused(tmp_path: pathlib.Path) -> None:
    with cloud(1, settings(switches={"allow_tcp": False}), declare=False, tls=True) as made:
        long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=40)
        issued = Authority(pki_of(made)).issue_host("h1", long_ago, days=30)
        made.host("h1").set_ssl(issued.key, issued.certificate, pki_of(made) / "controller-trust.crt")
        add(made, made.host("h1"), *made.host("h1").listen(tls=True))
        wait.until(lambda: "expired" in link_error(made, "h1")[1], "the reason is told", seconds=20)
        made.becomes("Error", "h1")
        give_certificate(made, "h1")
        made.becomes("Done", "h1")


def test_tcp_needs_a_switch_in_the_settings() -> None:
    with cloud(1, settings(switches={"allow_tcp": False}), declare=False) as made:
        host = made.host("h1")
        add(made, host, *host.listen())
        made.becomes("Error", "h1")
        status = made.client.send(calls.get(HOST, "h1")).status
        assert status.code == "tcp-not-permitted"
        assert not ours(host)
