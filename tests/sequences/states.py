"""Named states of a small cloud: everything declared and observed at one moment."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable

from tests.providers.ovs.clouds import (
    CIDR4,
    FACTS,
    TUNNEL_PORTS,
    allow,
    group,
    host,
    host_id,
    network,
    nic,
    nic_id,
)

from netloom.model.isolation import Isolation
from netloom.plan.view import GroupView, HostView, NetworkView, NicView, PortSeen, SwitchFacts

Record = HostView | NetworkView | NicView | GroupView | PortSeen | SwitchFacts
Key = tuple[str, object]
State = dict[Key, Record]


def key_of(record: Record) -> Key:
    match record:
        case PortSeen():
            return ("port", (record.host_id, record.port_name))
        case SwitchFacts():
            return ("facts", record.host_id)
        case _:
            return (type(record).__name__, record.id)


def state(*records: Record) -> State:
    return {key_of(record): record for record in records}


def facts(on: int, *, capable: bool = True, tunnels: bool = True) -> SwitchFacts:
    return SwitchFacts(host_id(on), FACTS if capable else frozenset(), TUNNEL_PORTS if tunnels else {})


def port(number: int, on: int, ofport: int | None = None, name: str | None = None) -> PortSeen:
    return PortSeen(host_id(on), name or f"tap{number}", nic_id(number), ofport or number)


def hosts(*numbers: int) -> list[Record]:
    return [record for number in numbers for record in (host(number), facts(number))]


def two_tenants() -> list[Record]:
    return [
        network(1),
        network(2, Isolation.GENEVE, segment=5001),
        nic(1), nic(2), nic(3, mac=nic(1).mac, ipv4=CIDR4[1], of=2), nic(4, of=2),
    ]  # fmt: skip


def declared_only() -> State:
    return state(*hosts(1, 2), *two_tenants())


def observed_only() -> State:
    return state(facts(1), facts(2), port(1, 1), port(2, 2), port(3, 1), port(4, 2))


def running() -> State:
    return declared_only() | observed_only()


def without_tunnel_ports() -> State:
    return running() | state(facts(1, tunnels=False))


def without_nd() -> State:
    return running() | state(facts(1, capable=False))


def migrating() -> State:
    return running() | state(*hosts(3), port(1, 3, 7))


def migrated() -> State:
    return without(migrating(), port(1, 1))


def replugged() -> State:
    return running() | state(port(1, 1, 77))


def swapped_port_numbers() -> State:
    return running() | state(port(1, 1, 3), port(3, 1, 1))


def other_network() -> State:
    return running() | state(nic(2, of=2, mac=nic(9).mac))


def other_addresses() -> State:
    return running() | state(nic(2, ipv4=CIDR4[99], ipv6=None))


def other_isolation() -> State:
    return running() | state(network(1, Isolation.GRE, segment=9))


def same_segment_twice() -> State:
    return running() | state(network(2, segment=5001))


def same_identity_twice() -> State:
    return running() | state(nic(4, of=2, identity=nic_id(2)))


def same_mac_twice() -> State:
    return running() | state(nic(2, mac=nic(1).mac))


def two_ports_for_one_nic() -> State:
    return running() | state(port(1, 1, 50, name="again"))


def host_lost() -> State:
    return without(running(), host(2))


def host_moved() -> State:
    return running() | state(host(2, tunnel_ip=ipaddress.ip_address("192.0.2.222")))


def host_over_ipv6() -> State:
    return running() | state(host(2, tunnel_ip=ipaddress.ip_address("2001:db8::2")))


def host_without_endpoint() -> State:
    return running() | state(host(2, tunnel_ip=None))


def host_in_other_zone() -> State:
    return running() | state(host(2, zone="elsewhere"))


def network_lost() -> State:
    return without(running(), network(1))


def filtered() -> State:
    web, db = group(7, allow("0.0.0.0/0", "tcp", (80, 80))), group(8, allow(7), allow(8, out=True))
    return running() | state(web, db, nic(1, groups=(7,)), nic(2, groups=(7, 8)))


def filtered_by_other_rules() -> State:
    return filtered() | state(group(7, allow(8), allow("0.0.0.0/0", out=True)), group(8, allow(7)))


def filtered_by_other_groups() -> State:
    return filtered() | state(nic(1, groups=(8,)), nic(2, groups=()), nic(4, of=2, groups=(7,)))


def filtered_by_nobody_knows_what() -> State:
    return without(filtered(), group(7), group(8))


def nothing() -> State:
    return {}


def without(some: State, *records: Record) -> State:
    gone = {key_of(record) for record in records}
    return {key: record for key, record in some.items() if key not in gone}


ALL: dict[str, Callable[[], State]] = {
    make.__name__: make
    for make in (
        nothing, declared_only, observed_only, running, without_tunnel_ports, without_nd, migrating, migrated,
        replugged, swapped_port_numbers, other_network, other_addresses, other_isolation, same_segment_twice,
        same_identity_twice, same_mac_twice, two_ports_for_one_nic, host_lost, host_moved, host_over_ipv6,
        host_without_endpoint, host_in_other_zone, network_lost, filtered, filtered_by_other_rules,
        filtered_by_other_groups, filtered_by_nobody_knows_what,
    )
}  # fmt: skip

SEQUENCES: dict[str, Iterable[str]] = {
    "life of a cloud": ("nothing", "declared_only", "running", "declared_only", "nothing"),
    "observation first": ("observed_only", "running", "observed_only", "nothing"),
    "migration": ("running", "migrating", "migrated", "migrating", "running"),
    "upgrade of a switch": ("running", "without_nd", "without_tunnel_ports", "running"),
    "ports come and change": (
        "running",
        "replugged",
        "swapped_port_numbers",
        "two_ports_for_one_nic",
        "running",
    ),
    "a NIC is edited": (
        "running",
        "other_network",
        "other_addresses",
        "running",
        "same_mac_twice",
        "running",
    ),
    "a network is edited": ("running", "other_isolation", "same_segment_twice", "network_lost", "running"),
    "identities clash": ("running", "same_identity_twice", "migrating", "same_identity_twice", "running"),
    "hosts change": (
        "running",
        "host_moved",
        "host_over_ipv6",
        "host_without_endpoint",
        "host_in_other_zone",
    ),
    "a host goes": ("running", "host_lost", "migrating", "host_lost", "nothing", "running"),
    "security groups": (
        "running",
        "filtered",
        "filtered_by_other_rules",
        "filtered_by_other_groups",
        "filtered_by_nobody_knows_what",
        "migrating",
        "filtered",
    ),
    "everything in turn": tuple(ALL),
}
