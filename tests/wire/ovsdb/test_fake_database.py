"""The fake switches' database against our client, and against a real server: the same transactions, the same rows."""

from __future__ import annotations

import pytest
from tests.sandbox.fake_ovsdb import FakeDatabase
from tests.sandbox.ovsdb import OvsdbServer

from netloom.wire.ovsdb import requests
from netloom.wire.ovsdb.conditions import Condition, Function
from netloom.wire.ovsdb.connection import Connection
from netloom.wire.ovsdb.errors import Aborted, GuardFailed, UnknownMethod
from netloom.wire.ovsdb.events import Event, Reply, Update
from netloom.wire.ovsdb.replica import Replica, Watch
from netloom.wire.ovsdb.requests import Call
from netloom.wire.ovsdb.schema import parse_schema
from netloom.wire.ovsdb.transaction import Mutation, Mutator, Transaction
from netloom.wire.ovsdb.vswitch import DATABASE, ROWS, Bridge, Interface, OpenVSwitch, Port


class Direct:
    """Our client beside the fake, in one process."""

    def __init__(self, database: FakeDatabase) -> None:
        self.connection = Connection()
        self.peer = database.client()
        self.events: list[Event] = []
        self.replica = Replica(DATABASE, [Watch(row) for row in ROWS])

    def turn(self) -> None:
        if data := self.connection.data_to_send():
            self.peer.receive(data)
        if data := self.peer.data_to_send():
            self.events += self.connection.receive_data(data)

    def call(self, call: Call) -> Reply:
        number = self.connection.request(call)
        self.turn()
        (reply,) = [event for event in self.events if isinstance(event, Reply) and event.id == number]
        return reply

    def follow(self) -> None:
        self.replica.bind(parse_schema(self.call(requests.get_schema(DATABASE)).value(object)))
        self.replica.load(self.call(self.replica.monitor()))

    def sync(self) -> None:
        self.turn()
        for event in self.events:
            if isinstance(event, Update):
                self.replica.apply(event)
        self.events.clear()


def script() -> list[Transaction]:
    first = Transaction(DATABASE)
    first.insert(OpenVSwitch, {"external_ids": {"system-id": "x"}})
    second = Transaction(DATABASE)
    second.absent(Bridge, [Condition("name", Function.EQ, "br-int")])
    interface = second.insert(Interface, {"name": "gnv0", "type": "geneve", "options": {"key": "flow"}})
    port = second.insert(Port, {"name": "gnv0", "interfaces": {interface}})
    bridge = second.insert(Bridge, {"name": "br-int", "ports": {port}})
    second.mutate(
        OpenVSwitch, [], [Mutation("bridges", Mutator.INSERT, {bridge}), Mutation("next_cfg", Mutator.ADD, 2)]
    )
    by_name = [Condition("name", Function.EQ, "br-int")]
    third = Transaction(DATABASE)
    third.wait(
        Bridge, by_name, [{"external_ids": {}, "fail_mode": None}], columns=["external_ids", "fail_mode"]
    )
    third.mutate(Bridge, by_name, [Mutation("external_ids", Mutator.INSERT, {"a": "1", "b": "2"})])
    third.update(Bridge, by_name, {"fail_mode": "secure", "protocols": ["OpenFlow13", "OpenFlow15"]})
    third.update(Interface, [Condition("options", Function.INCLUDES, {"key": "flow"})], {"ofport_request": 9})
    third.comment("x")
    fourth = Transaction(DATABASE)
    fourth.mutate(Bridge, by_name, [Mutation("external_ids", Mutator.DELETE, ["a"])])
    fourth.mutate(Bridge, by_name, [Mutation("external_ids", Mutator.DELETE, {"b": "other"})])
    fourth.mutate(Bridge, by_name, [Mutation("protocols", Mutator.DELETE, ["OpenFlow13"])])
    fourth.update(OpenVSwitch, [], {"external_ids": {}})
    return [first, second, third, fourth]


def contents(replica: Replica) -> dict[str, list[dict[str, object]]]:
    """Rows by content; references by the name of the row that they name."""
    names = {uuid: getattr(row, "name", "") for table in ROWS for uuid, row in replica.table(table).items()}

    def plain(value: object) -> object:
        return (
            frozenset(names.get(element, element) for element in value)
            if isinstance(value, frozenset)
            else value
        )

    return {
        table.TABLE.name: [
            {column: plain(getattr(row, column)) for column in table.TABLE.columns}
            for row in replica.table(table).values()
        ]
        for table in ROWS
    }


@pytest.mark.lab
def test_the_fake_does_what_the_real_server_does(server: OvsdbServer) -> None:
    direct = Direct(FakeDatabase())
    direct.follow()
    real = Replica(DATABASE, [Watch(row) for row in ROWS])
    with server.connect() as client:
        client.follow(real)
        for fake_side, real_side in zip(script(), script(), strict=True):
            counts = fake_side.outcome(direct.call(fake_side.call())).counts
            assert counts == client.commit(real_side).counts
            direct.sync()
            client.sync(real)
            assert contents(direct.replica) == contents(real)
    late = Direct(direct.peer.database)
    late.follow()
    for row in ROWS:
        assert late.replica.table(row) == direct.replica.table(row)


def test_errors_and_changes_by_the_switch() -> None:
    database = FakeDatabase()
    direct = Direct(database)
    direct.follow()
    for transaction in script():
        transaction.outcome(direct.call(transaction.call()))
    direct.sync()
    (interface,) = direct.replica.table(Interface)
    database.change("Interface", interface, ofport=3)
    direct.sync()
    assert direct.replica.table(Interface)[interface].ofport == 3
    stale = Transaction(DATABASE)
    stale.verify(Interface(uuid=interface, ofport=4), "ofport")
    with pytest.raises(GuardFailed):
        stale.outcome(direct.call(stale.call()))
    dry = Transaction(DATABASE)
    dry.delete(Interface, interface)
    dry.abort()
    with pytest.raises(Aborted):
        dry.outcome(direct.call(dry.call()))
    assert database.rows["Interface"]
    with pytest.raises(UnknownMethod):
        direct.call(requests.get_server_id()).value(str)
