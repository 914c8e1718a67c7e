from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.testing.births import born

from netloom.base.errors import Conflict, InvalidInput
from netloom.model.cloud.vpn import (
    CONNECTION_TABLE,
    DEFAULT_CLIENTS,
    ConnectionEvent,
    ConnectionState,
    CustomerGateway,
    RemoteVpnEvent,
    RemoteVpnState,
    check_apart,
    check_clients,
    check_peer,
    check_remote_cidrs,
    check_user,
    next_connection_state,
    next_remote_state,
)


def far(name: str, *cidrs: str) -> CustomerGateway:
    return CustomerGateway(
        **born(name),
        name=name,
        gateway="198.51.100.7",
        cidrs=cidrs,
        key="sealed",
        ike_policy="aes128-sha1;modp1536",
        esp_policy="aes128-sha1",
        ike_lifetime=86400,
        esp_lifetime=3600,
    )


def test_every_connection_can_be_removed_and_a_removed_one_stays_so() -> None:
    for state in ConnectionState:
        assert next_connection_state(state, ConnectionEvent.REMOVE) is ConnectionState.REMOVED
    for event in set(ConnectionEvent) - {ConnectionEvent.REMOVE}:
        with pytest.raises(Conflict):
            next_connection_state(ConnectionState.REMOVED, event)


def test_every_state_of_a_connection_can_be_reached() -> None:
    assert {ConnectionState.PENDING, *CONNECTION_TABLE.values()} == set(ConnectionState)


def test_a_removed_vpn_does_not_run_again() -> None:
    assert next_remote_state(RemoteVpnState.ADDED, RemoteVpnEvent.APPLY) is RemoteVpnState.RUNNING
    with pytest.raises(Conflict):
        next_remote_state(RemoteVpnState.REMOVED, RemoteVpnEvent.APPLY)


@pytest.mark.parametrize(
    "text",
    ["", "198.51.100", "198.51.100.300", "0.0.0.0", "224.0.0.1", "127.0.0.1", "::1", "localhost", "a_b.org"],
)
def test_peers_that_cannot_be_called(text: str) -> None:
    with pytest.raises(InvalidInput):
        check_peer(text)


def test_peers_are_canonical() -> None:
    assert [check_peer(text) for text in (" 198.51.100.7", "2001:DB8::0001", "VPN.Example.org.")] == [
        "198.51.100.7",
        "2001:db8::1",
        "vpn.example.org",
    ]


@pytest.mark.parametrize(
    ("texts", "error"),
    [
        ([], InvalidInput),
        ([f"172.30.{i}.0/24" for i in range(11)], InvalidInput),
        (["172.30.0.1/16"], InvalidInput),
        (["fd00::/64"], InvalidInput),
        (["172.30.0.0/16", "172.30.4.0/24"], Conflict),
        (["172.30.4.0/24", "172.30.4.0/24"], Conflict),
    ],
)
def test_networks_that_no_customer_has(texts: list[str], error: type[Exception]) -> None:
    with pytest.raises(error):
        check_remote_cidrs(texts)


def test_ten_networks_are_enough_unless_the_operator_says_otherwise() -> None:
    texts = [f"172.30.{i}.0/24" for i in range(11)]
    assert check_remote_cidrs(texts[:10]) == tuple(texts[:10])
    assert len(check_remote_cidrs(texts, limit=11)) == 11


@pytest.mark.parametrize(
    ("cidr", "says"),
    [("10.50.4.0/24", "VPC v1"), ("10.0.0.0/8", "VPC v1"), ("172.31.5.0/24", "customer gateway other")],
)
def test_far_networks_that_are_reached_otherwise(cidr: str, says: str) -> None:
    with pytest.raises(Conflict, match=says) as caught:
        check_apart(far("cg", "172.30.0.0/16", cidr), "v1", "10.50.0.0/16", [far("other", "172.31.0.0/16")])
    assert caught.value.stable_code == "vpn-networks-overlap"


def test_far_networks_apart_from_all_others() -> None:
    check_apart(far("cg", "172.30.0.0/16"), "v1", "10.50.0.0/16", [far("other", "172.31.0.0/16")])


@settings(max_examples=100)
@given(st.integers(0, 255), st.integers(1, 254), st.integers(0, 255), st.integers(26, 30))
def test_dial_in_addresses_are_nobody_elses(first: int, size: int, base: int, prefix: int) -> None:
    low = int(ipaddress.ip_address("10.1.2.0")) + first
    text = f"{ipaddress.ip_address(low)}-{ipaddress.ip_address(low + size)}"
    network = ipaddress.ip_network((f"10.1.2.{base}", prefix), strict=False)
    clients = {ipaddress.ip_address(low + step) for step in range(size + 1)}
    if clients & set(network):
        with pytest.raises(Conflict, match="web"):
            check_clients(text, [("web", network)])
    else:
        assert check_clients(text, [("web", network)]) == text


@pytest.mark.parametrize(
    "text",
    ["10.1.2.1", "10.1.2.8-10.1.2.1", "10.1.2.1-10.1.2.1", "10.1.0.0-10.2.0.0", "fd00::1-fd00::9", "a-b"],
)
def test_ranges_for_clients_that_are_none(text: str) -> None:
    with pytest.raises(InvalidInput):
        check_clients(text, [])


def test_the_default_range_is_one() -> None:
    assert check_clients(DEFAULT_CLIENTS, []) == "10.1.2.1-10.1.2.8"


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("ab", "secret1"),
        ("-ab", "secret1"),
        ("a b c", "secret1"),
        ("alice", "ab"),
        ("alice", 'se"cret'),
        ("alice", "x" * 33),
    ],
)
def test_users_whom_a_key_file_cannot_hold(username: str, password: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_user(username, password)
    assert password not in str(caught.value) or username == password


def test_a_user_that_can_be_had() -> None:
    check_user("alice@acme.org", "S3cret=._-")
