"""From rows to observations: identities, numbers, our tunnel ports."""

from __future__ import annotations

from netloom.base.ids import HostId, Uuid
from netloom.model.isolation import Isolation
from netloom.plan.view import PortSeen
from netloom.switches.database import SwitchDatabase
from netloom.switches.observe import Observer
from netloom.switches.ownership import Ownership
from netloom.wire.ovsdb.replica import RowChange
from netloom.wire.ovsdb.rows import Row
from netloom.wire.ovsdb.vswitch import Bridge, Interface, Port

HOST = HostId(Uuid("00000000-0000-4000-8000-000000000001"))
MARK = Ownership(0, 0, "netloom")


class Rows:
    """A database that is written by hand."""

    def __init__(self) -> None:
        self.database = SwitchDatabase("br-int")
        self.tables: dict[str, dict[Uuid, Row]] = self.database.replica._rows
        self.observer = Observer(HOST, self.database, MARK)

    def commit(self, *rows: Row, gone: tuple[Row, ...] = ()) -> set[Uuid]:
        changes: list[RowChange[Row]] = []
        for row in rows:
            table = self.tables[row.TABLE.name]
            changes.append(RowChange(row.TABLE.name, row.uuid, table.get(row.uuid), row))
            table[row.uuid] = row
        for row in gone:
            changes.append(
                RowChange(row.TABLE.name, row.uuid, self.tables[row.TABLE.name].pop(row.uuid), None)
            )
        return self.database.note(changes)


def uid(number: int) -> Uuid:
    return Uuid(f"00000000-0000-4000-b000-{number:012x}")


def bridge(*ports: int) -> Bridge:
    return Bridge(uuid=uid(0), name="br-int", ports=frozenset(map(uid, ports)))


def port(number: int, interface: int) -> Port:
    return Port(uuid=uid(number), name=f"p{number}", interfaces=frozenset({uid(interface)}))


def interface(number: int, ofport: int | None, name: str = "vif", **external_ids: str) -> Interface:
    ids = {key.replace("_", "-"): value for key, value in external_ids.items()}
    return Interface(uuid=uid(number), name=name, ofport=ofport, external_ids=ids)


def test_a_port_is_seen_when_it_has_a_number_and_an_identity() -> None:
    rows = Rows()
    rows.commit(bridge())
    affected = rows.commit(bridge(1), port(1, 11), interface(11, None, iface_id="a"))
    assert not rows.observer.changed(affected).seen
    affected = rows.commit(interface(11, -1, iface_id="a"))
    assert not rows.observer.changed(affected).seen
    affected = rows.commit(interface(11, 5, iface_id="a"))
    assert rows.observer.changed(affected).seen == [PortSeen(HOST, "vif", "a", 5)]
    assert not rows.observer.changed(affected)
    affected = rows.commit(interface(11, 5, xs_vif_uuid="b"))
    assert rows.observer.changed(affected).seen == [PortSeen(HOST, "vif", "b", 5)]
    affected = rows.commit(interface(11, 5))
    assert rows.observer.changed(affected).gone == ["vif"]


def test_a_port_of_another_bridge_is_not_seen_until_it_moves_here() -> None:
    rows = Rows()
    other = Bridge(uuid=uid(9), name="br-ext", ports=frozenset({uid(1)}))
    affected = rows.commit(bridge(), other, port(1, 11), interface(11, 5, iface_id="a"))
    assert not rows.observer.changed(affected).seen
    affected = rows.commit(bridge(1), Bridge(uuid=uid(9), name="br-ext"))
    assert [seen.identity for seen in rows.observer.changed(affected).seen] == ["a"]
    affected = rows.commit(bridge())
    assert rows.observer.changed(affected).gone == ["vif"]


def test_a_port_that_is_removed_and_added_in_one_change_is_not_gone() -> None:
    rows = Rows()
    rows.observer.changed(rows.commit(bridge(1), port(1, 11), interface(11, 5, iface_id="a")))
    affected = rows.commit(
        bridge(2), port(2, 12), interface(12, 6, iface_id="a"), gone=(port(1, 11), interface(11, 5))
    )
    observation = rows.observer.changed(affected)
    assert observation.seen == [PortSeen(HOST, "vif", "a", 6)]
    assert observation.gone == []


def test_only_our_tunnel_ports_are_facts() -> None:
    rows = Rows()
    ours = Interface(uuid=uid(11), name="t", type="geneve", ofport=3, external_ids={"netloom": "tunnel"})
    foreign = Interface(uuid=uid(12), name="u", type="vxlan", ofport=4)
    rows.commit(bridge(1, 2), port(1, 11), port(2, 12), ours, foreign)
    rows.observer.set_capabilities(frozenset({"x"}))
    facts, ports = rows.observer.everything()
    assert facts.tunnel_ports == {Isolation.GENEVE: 3}
    assert facts.capabilities == {"x"}
    assert not ports
    gone = Interface(uuid=uid(11), name="t", type="geneve", ofport=-1, external_ids={"netloom": "tunnel"})
    observation = rows.observer.changed(rows.commit(gone))
    assert observation.facts is not None
    assert observation.facts.tunnel_ports == {}
