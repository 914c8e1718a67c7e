"""The same transactions seen by our replica and by `ovs.db.idl`, the peer's own client: equal tables, at every step."""

from __future__ import annotations

import random
import uuid as uuids
import warnings

import pytest
from tests.sandbox.ovsdb import SCHEMA, BlockingClient, OvsdbServer, wait_until

from netloom.wire.ovsdb.replica import Method, Replica, Watch
from netloom.wire.ovsdb.transaction import Mutation, Mutator, Transaction
from netloom.wire.ovsdb.vswitch import (
    DATABASE,
    ROWS,
    Bridge,
    Interface,
    Mirror,
    OpenVSwitch,
    Port,
    QoS,
    Queue,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import ovs.db.idl as peer

pytestmark = pytest.mark.oracle

STEPS = 40


def peer_of(server: OvsdbServer) -> peer.Idl:
    helper = peer.SchemaHelper(str(SCHEMA))
    helper.register_all()
    return peer.Idl(f"unix:{server.socket_path}", helper)


def settle(idl: peer.Idl, next_cfg: int) -> None:
    """Until it has seen the transaction that set `next_cfg`."""

    def seen() -> bool:
        idl.run()
        return any(row.next_cfg == next_cfg for row in idl.tables["Open_vSwitch"].rows.values())

    wait_until(seen, f"the peer sees next_cfg {next_cfg}")


def peer_value(value: object) -> object:
    if isinstance(value, peer.Row):
        return str(value.uuid)
    if isinstance(value, uuids.UUID):
        return str(value)
    if isinstance(value, list):
        return frozenset(peer_value(element) for element in value)
    if isinstance(value, dict):
        return {key: peer_value(element) for key, element in value.items()}
    return value


def peer_table(idl: peer.Idl, name: str, columns: tuple[str, ...]) -> dict[str, dict[str, object]]:
    return {
        str(row.uuid): {column: peer_value(getattr(row, column)) for column in columns}
        for row in idl.tables[name].rows.values()
    }


def our_value(value: object) -> object:
    # The peer shows an optional as a list of none or one.
    if value is None:
        return frozenset()
    return value


def our_table(replica: Replica, row: type) -> dict[str, dict[str, object]]:
    result: dict[str, dict[str, object]] = {}
    for uuid, content in replica.table(row).items():
        result[uuid] = {}
        for name, column in row.TABLE.columns.items():
            value = our_value(getattr(content, name))
            if column.type.is_optional and not isinstance(value, frozenset):
                value = frozenset({value})
            result[uuid][name] = value
    return result


class Writer:
    """Random transactions on a database, by a seed."""

    def __init__(self, client: BlockingClient, seed: int) -> None:
        self.client = client
        self.random = random.Random(seed)
        self.step = 0
        transaction = Transaction(DATABASE)
        transaction.insert(OpenVSwitch, {})
        client.commit(transaction)
        self.replica = Replica(DATABASE, [Watch(row) for row in ROWS])
        client.follow(self.replica)

    def write(self) -> int:
        self.step += 1
        transaction = Transaction(DATABASE)
        transaction.update(OpenVSwitch, [], {"next_cfg": self.step})
        for _ in range(self.random.randint(1, 3)):
            self.random.choice([self.add, self.add, self.change, self.change, self.remove, self.queue])(
                transaction
            )
        self.client.commit(transaction)
        self.client.sync(self.replica)
        return self.step

    def words(self) -> dict[str, str]:
        return {
            self.random.choice('abc"{\\é'): self.random.choice('xyz}"\n🦀')
            for _ in range(self.random.randint(0, 4))
        }

    def pick(self, row: type) -> object | None:
        rows = sorted(self.replica.table(row).values(), key=lambda found: found.uuid)
        return self.random.choice(rows) if rows else None

    def add(self, transaction: Transaction) -> None:
        name = f"n{self.step}-{len(transaction)}"
        interface = transaction.insert(
            Interface,
            {"name": name, "type": "internal", "options": self.words(), "ofport": self.random.randint(1, 9)},
        )
        port = transaction.insert(
            Port, {"name": name, "interfaces": {interface}, "tag": self.random.choice([None, 7])}
        )
        bridge = self.pick(Bridge)
        if bridge is None or self.random.random() < 0.2:
            mirror = transaction.insert(Mirror, {"name": name, "select_dst_port": [port]})
            made = transaction.insert(Bridge, {"name": name, "ports": {port}, "mirrors": {mirror}})
            transaction.mutate(OpenVSwitch, [], [Mutation("bridges", Mutator.INSERT, {made})])
        else:
            transaction.mutate(Bridge, bridge.uuid, [Mutation("ports", Mutator.INSERT, {port})])

    def change(self, transaction: Transaction) -> None:
        interface, port, bridge = self.pick(Interface), self.pick(Port), self.pick(Bridge)
        if interface is None or port is None or bridge is None:
            return
        transaction.update(
            Interface,
            interface.uuid,
            {
                "external_ids": self.words(),
                "cfm_remote_mpids": {self.random.randint(0, 9) for _ in range(self.random.randint(0, 4))},
                "statistics": {"rx_bytes": self.random.randint(-(2**63), 2**63 - 1)},
                "link_state": self.random.choice([None, "up", "down"]),
                "cfm_fault": self.random.choice([None, True, False]),
            },
        )
        transaction.update(
            Port,
            port.uuid,
            {"trunks": [self.random.randint(0, 4095)], "protected": self.random.random() < 0.5},
        )
        transaction.mutate(Bridge, bridge.uuid, [Mutation("other_config", Mutator.INSERT, self.words())])

    def remove(self, transaction: Transaction) -> None:
        bridge = self.pick(Bridge)
        if bridge is not None and bridge.ports:
            transaction.mutate(
                Bridge,
                bridge.uuid,
                [Mutation("ports", Mutator.DELETE, {self.random.choice(sorted(bridge.ports))})],
            )

    def queue(self, transaction: Transaction) -> None:
        port = self.pick(Port)
        if port is not None:
            queue = transaction.insert(Queue, {"dscp": self.random.randint(0, 63)})
            qos = transaction.insert(QoS, {"type": "linux-htb", "queues": {self.random.randint(0, 5): queue}})
            transaction.update(Port, port.uuid, {"qos": qos})


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_equal_tables(server: OvsdbServer, seed: int) -> None:
    with server.connect() as writing, server.connect() as reading:
        writer = Writer(writing, seed)
        replica = Replica(DATABASE, [Watch(row) for row in ROWS])
        replica.method = Method(seed)
        reading.follow(replica)
        idl = peer_of(server)
        try:
            for _ in range(STEPS):
                written = writer.write()
                reading.sync(replica)
                settle(idl, written)
                for row in ROWS:
                    ours = our_table(replica, row)
                    assert ours == our_table(writer.replica, row)
                    assert ours == peer_table(idl, row.TABLE.name, tuple(row.TABLE.columns))
            assert len(replica.table(Interface)) > 5
        finally:
            idl.close()
