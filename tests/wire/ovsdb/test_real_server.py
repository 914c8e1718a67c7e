"""Against a real ovsdb-server: transactions, guards, locks, TLS, resuming after a restart, older schemas, dialling in."""

from __future__ import annotations

import datetime
import ipaddress
import json
import pathlib
import re
import socket
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.sandbox.ovsdb import SCHEMA, BlockingClient, OvsdbServer, wait_until

from netloom.wire.ovsdb import requests
from netloom.wire.ovsdb.conditions import NEVER, Condition, Function
from netloom.wire.ovsdb.errors import (
    Aborted,
    ConstraintViolation,
    GuardFailed,
    NotOwner,
    OvsdbError,
    ReferentialIntegrityViolation,
    UnknownDatabase,
    UnknownMethod,
)
from netloom.wire.ovsdb.events import Locked, MonitorCanceled, PeerClosed, Reply, Stolen
from netloom.wire.ovsdb.replica import Method, Replica, Watch
from netloom.wire.ovsdb.requests import ZERO_TXN, Call
from netloom.wire.ovsdb.state import Lock, Monitor
from netloom.wire.ovsdb.transaction import Mutation, Mutator, Transaction
from netloom.wire.ovsdb.vswitch import DATABASE, ROWS, Bridge, Interface, OpenVSwitch, Port

pytestmark = pytest.mark.lab


def everything() -> Replica:
    return Replica(DATABASE, [Watch(row) for row in ROWS])


def add_bridge(client: BlockingClient, name: str, ports: int = 0) -> str:
    transaction = Transaction(DATABASE)
    if client.commit(count := _select_root()).rows(count.selection, OpenVSwitch) == ():
        transaction.insert(OpenVSwitch, {"external_ids": {"system-id": "test"}})
    references = []
    for number in range(ports):
        interface = transaction.insert(
            Interface,
            {"name": f"{name}-p{number}", "type": "geneve", "options": {"remote_ip": "flow", "key": "flow"}},
        )
        references.append(transaction.insert(Port, {"name": f"{name}-p{number}", "interfaces": {interface}}))
    bridge = transaction.insert(Bridge, {"name": name, "ports": references, "fail_mode": "secure"})
    transaction.mutate(OpenVSwitch, [], [Mutation("bridges", Mutator.INSERT, {bridge})])
    return client.commit(transaction).uuid(bridge)


class _select_root(Transaction):
    def __init__(self) -> None:
        super().__init__(DATABASE)
        self.selection = self.select(OpenVSwitch, [], ["next_cfg"])


def test_what_a_server_tells_of_itself(client: BlockingClient) -> None:
    assert set(client.call(requests.list_dbs()).value(list[str])) == {DATABASE, "_Server"}
    assert client.schema().tables["Bridge"].indexes == (("name",),)
    assert len(client.call(requests.get_server_id()).value(str)) == 36
    assert client.call(requests.echo()).value(list[object]) == []
    with pytest.raises(UnknownDatabase):
        client.call(requests.get_schema("none")).value(object)
    with pytest.raises(UnknownMethod):
        client.call(Call("make_coffee", [])).value(object)


def test_transactions_reach_every_replica(server: OvsdbServer, client: BlockingClient) -> None:
    replica = everything()
    assert client.follow(replica) == []
    with server.connect() as other:
        uuid = add_bridge(other, "br0", ports=2)
        client.sync(replica)
        bridge = replica.table(Bridge)[uuid]
        assert (bridge.name, bridge.fail_mode, len(bridge.ports)) == ("br0", "secure", 2)
        assert {row.options["key"] for row in replica.table(Interface).values()} == {"flow"}
        (root,) = replica.table(OpenVSwitch).values()
        transaction = Transaction(DATABASE)
        transaction.mutate(OpenVSwitch, root.uuid, [Mutation("external_ids", Mutator.DELETE, ["system-id"])])
        transaction.mutate(OpenVSwitch, root.uuid, [Mutation("next_cfg", Mutator.ADD, 5)])
        transaction.mutate(Bridge, uuid, [Mutation("external_ids", Mutator.INSERT, {"a": "1", "b": "2"})])
        transaction.update(
            Bridge, uuid, {"ports": [], "protocols": ["OpenFlow13", "OpenFlow15"], "datapath_type": "netdev"}
        )
        assert other.commit(transaction).counts == (1, 1, 1, 1)
    changes = client.sync(replica)
    assert {change.table for change in changes} == {"Bridge", "Port", "Interface", "Open_vSwitch"}
    bridge = replica.table(Bridge)[uuid]
    assert bridge.external_ids == {"a": "1", "b": "2"}
    assert bridge.protocols == frozenset({"OpenFlow13", "OpenFlow15"})
    assert replica.table(OpenVSwitch)[root.uuid].next_cfg == 5
    assert replica.table(OpenVSwitch)[root.uuid].external_ids == {}
    assert replica.table(Port) == {}


def test_errors_have_types(client: BlockingClient) -> None:
    uuid = add_bridge(client, "br0")

    def commit(*steps: object) -> None:
        transaction = Transaction(DATABASE)
        for step in steps:
            step(transaction)
        client.commit(transaction)

    with pytest.raises(ConstraintViolation) as caught:
        commit(
            lambda t: t.mutate(
                OpenVSwitch, [], [Mutation("bridges", Mutator.INSERT, {t.insert(Bridge, {"name": "br0"})})]
            )
        )
    assert caught.value.operation is None
    with pytest.raises(ReferentialIntegrityViolation):
        commit(lambda t: t.update(Bridge, uuid, {"ports": {"00000000-0000-0000-0000-000000000009"}}))
    with pytest.raises(GuardFailed) as guard:
        commit(lambda t: t.comment("x"), lambda t: t.verify(Bridge(uuid=uuid, name="br1"), "name"))
    assert guard.value.operation == 1
    with pytest.raises(GuardFailed):
        commit(lambda t: t.absent(Bridge, [Condition("name", Function.EQ, "br0")]))
    with pytest.raises(Aborted):
        commit(lambda t: t.delete(Bridge, uuid), lambda t: t.abort())
    with pytest.raises(NotOwner):
        commit(lambda t: t.assert_lock("mine"))
    commit(lambda t: t.verify(Bridge(uuid=uuid, name="br0"), "name", "ports"), lambda t: t.commit_durably())
    commit(lambda t: t.exists(Bridge, uuid))


def test_a_guard_stops_who_comes_second(server: OvsdbServer, client: BlockingClient) -> None:
    uuid = add_bridge(client, "br0")
    replica = everything()
    client.follow(replica)
    read = replica.table(Bridge)[uuid]
    for expected in (None, GuardFailed):
        transaction = Transaction(DATABASE)
        transaction.verify(read, "external_ids")
        transaction.update(Bridge, uuid, {"external_ids": {"writer": "me"}})
        if expected is None:
            client.commit(transaction)
        else:
            with pytest.raises(expected):
                client.commit(transaction)


def test_a_transaction_that_waits_is_cancelled(client: BlockingClient) -> None:
    transaction = Transaction(DATABASE)
    transaction.wait(
        Bridge, [Condition("name", Function.EQ, "x")], [{"name": "x"}], columns=["name"], timeout_ms=1_000_000
    )
    number = client.connection.request(transaction.call())
    client.connection.cancel(number)
    # ovsdb-server 3.1 sends no reply to it, against RFC 7047 4.1.4; another server may.
    add_bridge(client, "x")
    client.call(requests.echo())
    for event in client.events:
        assert isinstance(event, Reply)
        with pytest.raises(OvsdbError, match="canceled"):
            transaction.outcome(event)


def test_locks(server: OvsdbServer, client: BlockingClient) -> None:
    with server.connect() as other:
        client.call(requests.lock("l"))
        other.call(requests.lock("l"))
        assert client.connection.lock_state("l") is Lock.HELD
        assert other.connection.lock_state("l") is Lock.WAITING
        client.call(requests.unlock("l"))
        other.wait_for(lambda: Locked("l") in other.events)
        client.call(requests.steal("l"))
        other.wait_for(lambda: Stolen("l") in other.events)
        assert other.connection.lock_state("l") is Lock.WAITING
        client.stream.close()
        other.events.clear()
        other.wait_for(lambda: Locked("l") in other.events)
        transaction = Transaction(DATABASE)
        transaction.assert_lock("l")
        other.commit(transaction)


@pytest.mark.parametrize("method", Method)
def test_every_kind_of_monitor(server: OvsdbServer, client: BlockingClient, method: Method) -> None:
    with server.connect() as writer:
        uuid = add_bridge(writer, "br0", ports=1)
        replica = everything()
        replica.method = method
        client.follow(replica)
        reference = everything()
        writer.follow(reference)
        transaction = Transaction(DATABASE)
        transaction.mutate(
            Bridge, uuid, [Mutation("other_config", Mutator.INSERT, {"hwaddr": "02:00:00:00:00:01"})]
        )
        transaction.update(
            Interface, [], {"ofport_request": 7, "external_ids": {"iface-id": 'quote " brace {'}}
        )
        writer.commit(transaction)
        writer.sync(reference)
        client.sync(replica)
    for row in ROWS:
        assert replica.table(row) == reference.table(row)
    assert [row.ofport_request for row in replica.table(Interface).values()] == [7]


def test_conditions(client: BlockingClient) -> None:
    add_bridge(client, "br0")
    add_bridge(client, "br1")
    replica = Replica(DATABASE, [Watch(Bridge, ("name",), (Condition("name", Function.EQ, "br1"),))])
    client.follow(replica)
    assert [row.name for row in replica.table(Bridge).values()] == ["br1"]
    for where, names in [
        ((), {"br0", "br1"}),
        ((NEVER,), set()),
        ((Condition("name", Function.NE, "br1"),), {"br0"}),
    ]:
        call = replica.watch(Bridge, where)
        assert call is not None
        reply = client.call(call)
        client.take_updates(replica)
        replica.conditions_changed(reply)
        assert {row.name for row in replica.table(Bridge).values()} == names


def test_two_monitors_and_cancelling_one(client: BlockingClient) -> None:
    first, second = (
        Replica(DATABASE, [Watch(Bridge)], monitor_id="1"),
        Replica(DATABASE, [Watch(Bridge)], monitor_id="2"),
    )
    client.follow(first)
    client.follow(second)
    client.call(requests.monitor_cancel("1"))
    assert client.connection.monitor_state("1") is Monitor.ABSENT
    add_bridge(client, "br0")
    client.sync(second)
    assert len(second.table(Bridge)) == 1


def test_resuming_after_the_server_restarts(directory: pathlib.Path) -> None:
    with OvsdbServer(directory, clustered=True) as server:
        replica = everything()
        with server.connect() as client:
            uuid = add_bridge(client, "br0", ports=3)
            client.follow(replica)
            add_bridge(client, "br1")
            client.sync(replica)
            # A member of a cluster remembers what it read from its log; one more so that there is something to find.
            known = replica.last_txn_id
            assert known != ZERO_TXN
        replica.lost()
        server.stop()
        server.start()
        with server.connect() as client:
            transaction = Transaction(DATABASE)
            transaction.update(Bridge, uuid, {"external_ids": {"while": "away"}})
            client.commit(transaction)
            replica.bind(client.schema())
            reply = client.call(replica.monitor())
            found, last, tables = reply.value(tuple[bool, str, dict[str, dict[str, object]]])
            assert (found, list(tables)) == (True, ["Bridge"])
            (change,) = replica.load(reply)
            assert change.new == replica.table(Bridge)[uuid]
            assert replica.table(Bridge)[uuid].external_ids == {"while": "away"}
            assert replica.last_txn_id == last != known
            fresh = everything()
            with server.connect() as other:
                other.follow(fresh)
    for row in ROWS:
        assert replica.table(row) == fresh.table(row)


def test_resuming_at_a_server_that_remembers_nothing(server: OvsdbServer) -> None:
    replica = everything()
    with server.connect() as client:
        uuid = add_bridge(client, "br0", ports=3)
        client.follow(replica)
    replica.lost()
    server.stop()
    server.start()
    with server.connect() as client:
        transaction = Transaction(DATABASE)
        transaction.update(Bridge, uuid, {"external_ids": {"while": "away"}})
        client.commit(transaction)
        changes = client.follow(replica)
    assert [(change.table, change.uuid) for change in changes] == [("Bridge", uuid)]


def test_a_database_that_goes_away(server: OvsdbServer) -> None:
    with server.connect() as aware, server.connect() as unaware:
        aware.call(requests.set_db_change_aware())
        replica = everything()
        aware.follow(replica)
        unaware.follow(everything())
        server.control("ovsdb-server/remove-db", DATABASE)
        aware.wait_for(lambda: MonitorCanceled("netloom") in aware.events)
        unaware.wait_for(lambda: PeerClosed(0) in unaware.events)


def test_a_switch_of_older_open_vswitch(directory: pathlib.Path) -> None:
    schema = json.loads(SCHEMA.read_text())
    del schema["tables"]["Interface"]["columns"]["ingress_policing_kpkts_rate"]
    del schema["tables"]["Datapath"], schema["tables"]["CT_Zone"], schema["tables"]["CT_Timeout_Policy"]
    del schema["tables"]["Open_vSwitch"]["columns"]["datapaths"]
    schema["version"] = "7.16.1"
    older = directory / "older.ovsschema"
    older.write_text(json.dumps(schema))
    with OvsdbServer(directory, schema=older) as server, server.connect() as client:
        add_bridge(client, "br0", ports=1)
        replica = everything()
        missing = replica.bind(client.schema())
        assert set(missing) == {"Interface", "Open_vSwitch", "Datapath", "CT_Zone", "CT_Timeout_Policy"}
        replica.load(client.call(replica.monitor()))
        (interface,) = replica.table(Interface).values()
        assert (interface.name, interface.ingress_policing_kpkts_rate) == ("br0-p0", 0)


def test_many_rows_in_one_reply(client: BlockingClient) -> None:
    add_bridge(client, "br0", ports=1500)
    replica = everything()
    client.follow(replica)
    assert len(replica.table(Port)) == len(replica.table(Interface)) == 1500


def test_a_server_that_dials_in(server: OvsdbServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        server.control("ovsdb-server/add-remote", f"tcp:127.0.0.1:{listener.getsockname()[1]}")
        stream, _ = listener.accept()
        with BlockingClient(stream) as client:
            stream.settimeout(20)
            replica = everything()
            client.follow(replica)
            add_bridge(client, "br0")
            client.sync(replica)
            assert [row.name for row in replica.table(Bridge).values()] == ["br0"]


def write_certificates(directory: pathlib.Path) -> None:
    """One self-signed certificate that serves as authority and for both sides."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    (directory / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    (directory / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def test_tls(directory: pathlib.Path) -> None:
    write_certificates(directory)
    options = (
        f"--private-key={directory}/key.pem",
        f"--certificate={directory}/cert.pem",
        f"--ca-cert={directory}/cert.pem",
    )
    with OvsdbServer(directory, remotes=("pssl:0:127.0.0.1",), options=options) as server:
        pattern = re.compile(r"listening on port (\d+)")
        wait_until(lambda: pattern.search(server.log_path.read_text()) is not None, "a port")
        found = pattern.search(server.log_path.read_text())
        assert found is not None
        context = ssl.create_default_context(cafile=str(directory / "cert.pem"))
        context.load_cert_chain(directory / "cert.pem", directory / "key.pem")
        plain = socket.create_connection(("127.0.0.1", int(found[1])), timeout=20)
        with BlockingClient(context.wrap_socket(plain, server_hostname="127.0.0.1")) as client:
            replica = everything()
            client.follow(replica)
            add_bridge(client, "br0", ports=50)
            client.sync(replica)
            assert len(replica.table(Port)) == 50
