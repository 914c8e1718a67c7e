"""Ranges of addresses, VLANs, and the life of a provider on a physical network."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest
from tests.testing.births import THEN

from netloom.base.errors import Conflict, InvalidInput, NetloomError
from netloom.base.ids import NetworkId, Number, PhysicalNetworkId, Uuid, ZoneId
from netloom.model.cloud.infrastructure import (
    PROVIDER_TABLE,
    ProviderEvent,
    ProviderState,
    derived_id,
    next_provider_state,
)
from netloom.model.cloud.infrastructure_ranges import (
    PublicRange,
    check_apart,
    checked_v4,
    checked_v6,
    checked_vlan,
)
from netloom.model.cloud.record import Birth

ZONE, WIRES, OTHER, NETWORK = (Uuid(f"00000000-0000-4000-8000-00000000000{n}") for n in range(1, 5))


def a_range(
    start: str, end: str, vlan: str = "50", prefix: str = "255.255.255.0", **fields: Any
) -> PublicRange:
    gateway = start.rpartition(".")[0] + ".1"
    made = PublicRange(
        **Birth(id=ZONE, number=Number(1), created_at=THEN, updated_at=THEN),
        zone_id=ZoneId(ZONE),
        physical_network_id=PhysicalNetworkId(WIRES),
        vlan=checked_vlan(vlan),
        v4=checked_v4(gateway, prefix, start, end),
    )
    return msgspec.structs.replace(made, **fields)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "vlan://untagged"),
        ("", "vlan://untagged"),
        ("Untagged", "vlan://untagged"),
        ("vlan://UNTAGGED", "vlan://untagged"),
        ("050", "vlan://50"),
        ("vlan://4094", "vlan://4094"),
    ],
)
def test_vlans_have_one_form(text: str | None, expected: str) -> None:
    assert checked_vlan(text) == expected


@pytest.mark.parametrize("text", ["0", "4095", "-1", "vlan://", "50-60", "vxlan://50", "5 0"])
def test_what_is_no_vlan_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="is no VLAN"):
        checked_vlan(text)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((None, "255.255.255.0", "192.0.2.2", None), "needs gateway, netmask and start"),
        (("192.0.2.1", "255.255.0.255", "192.0.2.2", None), "is no netmask"),
        (("192.0.2.1", "24", "192.0.2.2", None), "a netmask of 24"),
        (("192.0.2.1", "255.255.255.254", "192.0.2.2", None), "a netmask of"),
        (("192.0.2.1", "255.255.255.0", "192.0.2.9", "192.0.2.2"), "runs backwards"),
        (("192.0.2.1", "255.255.255.0", "192.0.2.2", "192.0.2.255"), "not within the addresses for hosts"),
        (("192.0.2.1", "255.255.255.0", "198.51.100.2", None), "not within the addresses for hosts"),
        (("192.0.2.5", "255.255.255.0", "192.0.2.2", "192.0.2.9"), "is in the range"),
        (("192.0.2.1", "255.255.255.0", "192.0.2.x", None), "is no IPv4 address"),
    ],
)
def test_an_interval_that_cannot_be_is_refused(given: tuple[str | None, ...], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        checked_v4(*given)


def test_an_interval_counts_from_the_first_address_of_its_subnet() -> None:
    interval = checked_v4("192.0.2.1", "255.255.255.0", "192.0.2.10", "192.0.2.19")
    assert (interval.cidr, len(interval), interval.positions) == ("192.0.2.0/24", 10, (10, 19))
    assert interval.address(19) == "192.0.2.19"


def test_ipv6_without_a_start_leaves_out_the_first_sixteen() -> None:
    interval = checked_v6("2001:db8::1", "2001:db8::/64", None, None)
    assert (interval.start, len(interval)) == ("2001:db8::10", 2**32 - 16)
    with pytest.raises(InvalidInput, match="is not in"):
        checked_v6("2001:db9::1", "2001:db8::/64", None, None)
    with pytest.raises(InvalidInput, match="prefix of 96"):
        checked_v6("2001:db8::1", "2001:db8::/96", None, None)


CLASHES: list[tuple[str, dict[str, Any], str | None]] = [
    ("the same addresses", {"start": "192.0.2.10", "end": "192.0.2.20"}, "range-overlaps"),
    ("one address in common", {"start": "192.0.2.29", "end": "192.0.2.40"}, "range-overlaps"),
    ("beside it on the same VLAN", {"start": "192.0.2.31", "end": "192.0.2.40"}, None),
    ("beside it on another VLAN", {"start": "192.0.2.31", "end": "192.0.2.40", "vlan": "51"}, "range-vlan"),
    ("another subnet on another VLAN", {"start": "198.51.100.2", "end": "198.51.100.9", "vlan": "51"}, None),
    (
        "another netmask on the same VLAN",
        {"start": "192.0.2.31", "end": "192.0.2.40", "prefix": "255.255.255.128"},
        "range-overlaps",
    ),
    (
        "a shared network's own meaning on other wires",
        {
            "start": "192.0.2.10",
            "end": "192.0.2.20",
            "vlan": "60",
            "network_id": NetworkId(NETWORK),
            "physical_network_id": PhysicalNetworkId(OTHER),
        },
        None,
    ),
    (
        "a shared network on the same VLAN",
        {"start": "192.0.2.10", "end": "192.0.2.20", "network_id": NetworkId(NETWORK)},
        "range-overlaps",
    ),
]


@pytest.mark.parametrize(("fields", "code"), [row[1:] for row in CLASHES], ids=[row[0] for row in CLASHES])
def test_ranges_keep_apart(fields: dict[str, Any], code: str | None) -> None:
    there = a_range("192.0.2.10", "192.0.2.30")
    if code is None:
        check_apart(a_range(**fields), [there])
        return
    with pytest.raises(Conflict) as refused:
        check_apart(a_range(**fields), [there])
    assert refused.value.stable_code == code


def test_a_provider_takes_the_steps_of_its_table_and_no_others() -> None:
    for state, event in itertools.product(ProviderState, ProviderEvent):
        if (state, event) in PROVIDER_TABLE:
            assert next_provider_state(state, event) is PROVIDER_TABLE[state, event]
        else:
            with pytest.raises(NetloomError) as refused:
                next_provider_state(state, event)
            assert refused.value.stable_code == "bad-transition"


def test_an_id_that_follows_from_another_is_always_the_same() -> None:
    assert derived_id(WIRES, "provider/Ovs") == derived_id(WIRES, "provider/Ovs")
    assert len({derived_id(each, word) for each in (WIRES, OTHER) for word in ("a", "b")}) == 4
