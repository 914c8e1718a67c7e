from __future__ import annotations

import pytest

from netloom.base.errors import InvalidInput
from netloom.model.isolation import Isolation
from netloom.model.mtu import Family, guest_mtu, overhead


@pytest.mark.parametrize(
    ("isolation", "family", "octets"),
    [
        (Isolation.GRE, 4, 20 + 4 + 4 + 14),
        (Isolation.GRE, 6, 40 + 4 + 4 + 14),
        (Isolation.VXLAN, 4, 20 + 8 + 8 + 14),
        (Isolation.VXLAN, 6, 40 + 8 + 8 + 14),
        (Isolation.GENEVE, 4, 20 + 8 + 8 + 14),
        (Isolation.GENEVE, 6, 40 + 8 + 8 + 14),
        (Isolation.VLAN, 4, 0),
        (Isolation.VLAN, 6, 0),
    ],
)
def test_overheads_count_each_header(isolation: Isolation, family: Family, octets: int) -> None:
    assert overhead(isolation, family) == octets
    assert guest_mtu(1500, isolation, family) == 1500 - octets


def test_geneve_options_count_for_geneve_alone() -> None:
    assert overhead(Isolation.GENEVE, 4, geneve_options=8) == 58
    assert overhead(Isolation.VXLAN, 4, geneve_options=8) == 50


@pytest.mark.parametrize("octets", [-4, 3, 256])
def test_geneve_options_come_in_words(octets: int) -> None:
    with pytest.raises(InvalidInput):
        overhead(Isolation.GENEVE, 4, geneve_options=octets)
