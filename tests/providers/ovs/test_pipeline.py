"""The declarations hold together: numbers unique, flows go forward, cookies lead back, nothing is dropped unexplained."""

from __future__ import annotations

import pytest
from tests.providers.ovs.clouds import UPLINK, Cloud, host_id, network, nic, vlan

from netloom.model.kinds import Kind
from netloom.providers.ovs.explain import explain
from netloom.providers.ovs.pipeline import registers, tables
from netloom.providers.ovs.pipeline.cookies import OWNER, VERSION, cookie_of, owns, parts_of
from netloom.providers.ovs.pipeline.roles import ROLES, Role
from netloom.wire.openflow.actions import GotoTable, Resubmit
from netloom.wire.openflow.flow import Flow


@pytest.fixture(scope="module")
def flows() -> list[Flow]:
    cloud = Cloud()
    cloud.add_host(1, **UPLINK)
    cloud.add_host(2, **UPLINK)
    cloud.put(network(1), vlan(2), vlan(3, segment=0), vlan(4, wires="nowhere"))
    for number in (1, 2, 3):
        cloud.put(nic(number))
        cloud.plug(number, on=1 + number % 2)
    for number in (4, 5, 6):
        cloud.put(nic(number, number - 2))
        cloud.plug(number, on=1)
    cloud.plug(1, on=1, ofport=77)
    cloud.plug(4, on=2, ofport=78)
    return cloud.flows(1)


def test_numbers_are_given_once() -> None:
    numbers = [table.number for table in tables.ALL]
    assert numbers == sorted(set(numbers))
    assert max(numbers) < 253
    assert [register.number for register in registers.ALL] == list(range(len(registers.ALL)))
    assert len(ROLES) == len(Role)
    assert all(role.value.drops == (role.number >= 0x80) for role in Role)


def test_packets_only_go_forward(flows: list[Flow]) -> None:
    for flow in flows:
        for action in flow.actions:
            if isinstance(action, GotoTable | Resubmit):
                assert action.table is not None
                assert action.table > flow.table


def test_every_table_ends_in_a_flow_of_ours(flows: list[Flow]) -> None:
    for table in tables.ALL:
        last = min((flow for flow in flows if flow.table == table.number), key=lambda flow: flow.priority)
        assert last.priority == 0 or table is tables.DELIVER
        assert last.match.fields == ()


def test_roles_that_drop_are_those_whose_flows_do_nothing(flows: list[Flow]) -> None:
    silent = {Role.PIPELINE, Role.SELF, Role.SPLIT_HORIZON}  # not for a person to wonder about
    for flow in flows:
        parts = parts_of(flow.cookie)
        assert parts is not None
        assert parts.role is not None
        assert (flow.actions == ()) == parts.role.value.drops or parts.role in silent


@pytest.mark.parametrize("role", Role)
def test_a_cookie_leads_back(role: Role) -> None:
    cookie = cookie_of(role, 0xFFFFFFFF)
    assert cookie < 1 << 64
    assert owns(cookie)
    told = explain(cookie)
    assert told is not None
    assert (told.role, told.number, told.kind, told.version) == (
        role.reason,
        0xFFFFFFFF,
        role.value.subject,
        VERSION,
    )
    assert "{name}" not in told.told("blue")
    assert ("blue" in told.told("blue")) == (told.kind is not None)


def test_cookies_of_others_and_of_other_versions_are_not_guessed_at() -> None:
    assert explain(0) is None
    assert explain(0x1234 << 48) is None
    stale = explain(OWNER | (VERSION + 1) << 40 | Role.FLOOD.number << 32 | 7)
    assert stale is not None
    assert (stale.role, stale.kind, stale.number) == ("stale", None, 7)
    unknown = explain(OWNER | VERSION << 40 | 0x7F << 32)
    assert unknown is not None
    assert unknown.role == "stale"


def test_a_cookies_number_is_its_objects(flows: list[Flow]) -> None:
    cloud = Cloud()
    cloud.add_host(7)
    cloud.put(network(5), nic(3, 5))
    cloud.plug(3, on=7)
    expected = {Kind.HOST: 7, Kind.NETWORK: 5, Kind.NIC: 3}
    for fragment in cloud.desired(7).fragments.each():
        for flow in fragment.flows:
            told = explain(flow.cookie)
            assert told is not None
            assert told.number == (0 if told.kind is None else expected[told.kind])
            assert told.kind is None or told.number in {ref.number for ref in fragment.why}
    assert cloud.view.hosts[host_id(7)].number == 7
