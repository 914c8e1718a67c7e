"""Transactions: the JSON of every operation, and every way in which a reply can be right or wrong."""

from __future__ import annotations

import json

import msgspec
import pytest

from netloom.wire.ovsdb.conditions import Condition, Function
from netloom.wire.ovsdb.errors import (
    Aborted,
    Canceled,
    ConstraintViolation,
    GuardFailed,
    InvalidValue,
    LocalProtocolError,
    NotAllowed,
    OperationError,
    OvsdbError,
    ReferentialIntegrityViolation,
    RemoteProtocolError,
    reply_error,
)
from netloom.wire.ovsdb.events import Reply
from netloom.wire.ovsdb.transaction import Mutation, Mutator, Transaction
from netloom.wire.ovsdb.values import NamedUuid
from netloom.wire.ovsdb.vswitch import Bridge, Interface, Manager, OpenVSwitch, Port

U = "3f2b8c1e-5d0a-4c7e-9b1f-0123456789ab"


def operations(transaction: Transaction) -> list[object]:
    call = transaction.call()
    assert (call.method, call.params[0]) == ("transact", "Open_vSwitch")
    return list(json.loads(msgspec.json.encode(call.params[1:])))


def test_every_operation() -> None:
    transaction = Transaction("Open_vSwitch")
    port = transaction.insert(Port, {"name": "p", "tag": 5})
    transaction.update(Bridge, U, {"fail_mode": "secure", "ports": {port}})
    transaction.mutate(Bridge, port, [Mutation("ports", Mutator.DELETE, U)])
    transaction.delete(Manager, [Condition("target", Function.EQ, "ptcp:")])
    transaction.select(Interface, [Condition("options", Function.INCLUDES, {"key": "flow"})], ["name"])
    transaction.select(Interface, [])
    transaction.wait(Bridge, U, [{"name": "b"}], columns=["name"], until_equal=False, timeout_ms=5)
    transaction.exists(Bridge, U)
    transaction.absent(Bridge, [Condition("name", Function.EQ, "b")])
    transaction.comment("netloom: why")
    transaction.assert_lock("l")
    transaction.commit_durably()
    transaction.abort()
    assert len(transaction) == 13
    assert operations(transaction) == [
        {"op": "insert", "table": "Port", "row": {"name": "p", "tag": 5}, "uuid-name": "row0"},
        {
            "op": "update",
            "table": "Bridge",
            "where": [["_uuid", "==", ["uuid", U]]],
            "row": {"fail_mode": "secure", "ports": ["set", [["named-uuid", "row0"]]]},
        },
        {
            "op": "mutate",
            "table": "Bridge",
            "where": [["_uuid", "==", ["named-uuid", "row0"]]],
            "mutations": [["ports", "delete", ["set", [["uuid", U]]]]],
        },
        {"op": "delete", "table": "Manager", "where": [["target", "==", "ptcp:"]]},
        {
            "op": "select",
            "table": "Interface",
            "where": [["options", "includes", ["map", [["key", "flow"]]]]],
            "columns": ["_uuid", "name"],
        },
        {"op": "select", "table": "Interface", "where": []},
        {
            "op": "wait",
            "timeout": 5,
            "table": "Bridge",
            "where": [["_uuid", "==", ["uuid", U]]],
            "columns": ["name"],
            "until": "!=",
            "rows": [{"name": "b"}],
        },
        {
            "op": "wait",
            "timeout": 0,
            "table": "Bridge",
            "where": [["_uuid", "==", ["uuid", U]]],
            "columns": ["_uuid"],
            "until": "==",
            "rows": [{"_uuid": ["uuid", U]}],
        },
        {
            "op": "wait",
            "timeout": 0,
            "table": "Bridge",
            "where": [["name", "==", "b"]],
            "columns": ["_uuid"],
            "until": "==",
            "rows": [],
        },
        {"op": "comment", "comment": "netloom: why"},
        {"op": "assert", "lock": "l"},
        {"op": "commit", "durable": True},
        {"op": "abort"},
    ]


@pytest.mark.parametrize(
    ("mutation", "wire"),
    [
        (
            Mutation("external_ids", Mutator.INSERT, {"k": "v"}),
            ["external_ids", "insert", ["map", [["k", "v"]]]],
        ),
        (
            Mutation("external_ids", Mutator.DELETE, {"k": "v"}),
            ["external_ids", "delete", ["map", [["k", "v"]]]],
        ),
        (Mutation("external_ids", Mutator.DELETE, ["k"]), ["external_ids", "delete", ["set", ["k"]]]),
        (Mutation("external_ids", Mutator.DELETE, "k"), ["external_ids", "delete", ["set", ["k"]]]),
        (Mutation("bridges", Mutator.INSERT, {U}), ["bridges", "insert", ["set", [["uuid", U]]]]),
        (Mutation("next_cfg", Mutator.ADD, 1), ["next_cfg", "+=", 1]),
    ],
)
def test_mutations(mutation: Mutation, wire: object) -> None:
    transaction = Transaction("Open_vSwitch")
    transaction.mutate(OpenVSwitch, [], [mutation])
    assert operations(transaction)[0]["mutations"] == [wire]


def test_verify_guards_what_was_read() -> None:
    bridge = Bridge(uuid=U, name="b", ports=frozenset({U}))
    transaction = Transaction("Open_vSwitch")
    transaction.verify(bridge, "ports")
    transaction.verify(bridge)
    first, second = operations(transaction)
    assert (first["columns"], first["rows"]) == (["ports"], [{"ports": ["set", [["uuid", U]]]}])
    assert second["columns"] == ["_uuid"]


@pytest.mark.parametrize(
    ("doing", "subject"),
    [
        (lambda t: t.insert(Bridge, {"nmae": "b"}), "Bridge"),
        (lambda t: t.insert(Bridge, {"_uuid": U}), "Bridge._uuid"),
        (lambda t: t.insert(Bridge, {"fail_mode": "insecure"}), "Bridge.fail_mode"),
        (lambda t: t.insert(Port, {"tag": 4096}), "Port.tag"),
        (lambda t: t.insert(Port, {"interfaces": []}), "Port.interfaces"),
        (lambda t: t.insert(Port, {"interfaces": ["p0"]}), "Port.interfaces"),
        (lambda t: t.update(Bridge, "br0", {}), "Bridge._uuid"),
        (lambda t: t.select(Bridge, [], ["nmae"]), "Bridge"),
        (lambda t: t.wait(Bridge, U, [], columns=["nmae"]), "Bridge"),
        (
            lambda t: t.mutate(OpenVSwitch, [], [Mutation("external_ids", Mutator.ADD, 1)]),
            "Open_vSwitch.external_ids",
        ),
        (
            lambda t: t.mutate(OpenVSwitch, [], [Mutation("next_cfg", Mutator.INSERT, 1)]),
            "Open_vSwitch.next_cfg",
        ),
    ],
)
def test_mistakes_name_their_column(doing: object, subject: str) -> None:
    transaction = Transaction("Open_vSwitch")
    with pytest.raises(InvalidValue) as caught:
        doing(transaction)
    assert caught.value.subject == subject


def reply(*answers: object) -> Reply:
    return Reply(0, "transact", msgspec.Raw(json.dumps(answers).encode()))


def test_outcome() -> None:
    transaction = Transaction("Open_vSwitch")
    name = transaction.insert(Port, {"name": "p"})
    transaction.update(Port, name, {})
    selection = transaction.select(Port, [])
    transaction.comment("x")
    outcome = transaction.outcome(
        reply(
            {"uuid": ["uuid", U]},
            {"count": 3},
            {
                "rows": [
                    {"_uuid": ["uuid", U], "_version": ["uuid", U], "name": "p", "tag": ["set", []], "new": 1}
                ]
            },
            {},
        )
    )
    assert outcome.uuid(name) == U
    assert outcome.counts == (None, 3, None, None)
    assert outcome.rows(selection, Port) == (Port(uuid=U, name="p"),)
    with pytest.raises(LocalProtocolError):
        outcome.rows(selection, Bridge)
    with pytest.raises(LocalProtocolError):
        outcome.uuid(NamedUuid("other"))


ERRORS = [
    ({"error": "constraint violation", "details": "d"}, ConstraintViolation),
    ({"error": "referential integrity violation"}, ReferentialIntegrityViolation),
    ({"error": "timed out"}, GuardFailed),
    ({"error": "aborted"}, Aborted),
    ({"error": "permission error"}, NotAllowed),
    ({"error": "something new"}, OperationError),
    ({"error": None}, OperationError),
    ({"error": 5, "details": []}, OperationError),
]


@pytest.mark.parametrize(("error", "kind"), ERRORS)
def test_errors_of_operations(error: object, kind: type[OperationError]) -> None:
    transaction = Transaction("Open_vSwitch")
    transaction.comment("x")
    transaction.comment("y")
    with pytest.raises(kind) as caught:
        transaction.outcome(reply({}, error))
    assert type(caught.value) is kind
    assert caught.value.operation == 1
    # The second operation was never tried: null, and no more answers.
    with pytest.raises(kind) as caught:
        transaction.outcome(reply(error, None))
    assert caught.value.operation == 0
    # Everything went well but the commit.
    with pytest.raises(kind) as caught:
        transaction.outcome(reply({}, {}, error))
    assert caught.value.operation is None


def test_errors_of_the_whole_request() -> None:
    transaction = Transaction("Open_vSwitch")
    with pytest.raises(Canceled):
        transaction.outcome(Reply(0, "transact", msgspec.Raw(b"null"), reply_error("canceled")))
    with pytest.raises(OvsdbError, match="unknown database"):
        transaction.outcome(
            Reply(0, "transact", msgspec.Raw(b"null"), reply_error({"error": "unknown database"}))
        )


@pytest.mark.parametrize(
    "answers",
    [
        [],
        [{}, {}, {}, {}],
        [{}, {"count": 1}, {"rows": []}],
        [{"uuid": "x"}, {"count": 1}, {"rows": []}],
        [{"uuid": ["uuid", U]}, {"count": True}, {"rows": []}],
        [{"uuid": ["uuid", U]}, {"count": -1}, {"rows": []}],
        [{"uuid": ["uuid", U]}, {"count": 1}, {"rows": 5}],
        [{"uuid": ["uuid", U]}, {"count": 1}, {"rows": [5]}],
        [{"uuid": ["uuid", U]}, {"count": 1}, {"rows": [{"name": "no uuid"}]}],
        [{"uuid": ["uuid", U]}, {"count": 1}, {"rows": [{"_uuid": ["uuid", U], "name": 5}]}],
        [{"uuid": ["uuid", U]}, {"count": 1}, {"rows": [{"_uuid": ["uuid", U], "trunks": ["set", [[]]]}]}],
        [5, {"count": 1}, {"rows": []}],
    ],
)
def test_replies_that_do_not_fit(answers: list[object]) -> None:
    transaction = Transaction("Open_vSwitch")
    name = transaction.insert(Port, {"name": "p"})
    transaction.delete(Port, name)
    transaction.select(Port, [])
    with pytest.raises(RemoteProtocolError):
        transaction.outcome(reply(*answers))
