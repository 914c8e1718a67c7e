"""Networks, NICs and questions to try providers with.

Rule 1: a question differs from another in what gurus may look at, and all such questions are there.
Rule 2: addresses are from the ranges for documentation (RFC 5737) or private: nothing real is touched.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from netloom.base.ids import NicId, Uuid
from netloom.model.cloud.offerings import GuestType, Traffic
from netloom.model.cloud.services import Service
from netloom.model.isolation import Isolation
from netloom.plan.elements import NetworkFacts, NicFacts
from netloom.plan.gurus import DesignQuestion, WireFacts


def sample_wires(isolations: tuple[Isolation, ...], providers: frozenset[str]) -> WireFacts:
    """A physical network."""
    return WireFacts(id=_uuid(1), name="sample-wires", isolations=isolations, providers=providers)


def every_question(providers: tuple[str, ...]) -> Iterator[DesignQuestion]:
    """Every combination of what gurus look at; `providers` may be named for Connectivity and are enabled or not."""
    wires = [tuple(chosen) for n in range(5) for chosen in itertools.combinations(Isolation, n)]
    for traffic, guest_type, basic, isolations, enabled, connectivity, vlan in itertools.product(
        Traffic,
        (None, *GuestType),
        (False, True),
        wires,
        (frozenset[str](), frozenset(providers)),
        (None, *providers),
        (None, "untagged", "77"),
    ):
        yield DesignQuestion(
            traffic=traffic,
            guest_type=guest_type,
            basic_zone=basic,
            wires=sample_wires(isolations, enabled),
            services={} if connectivity is None else {Service.CONNECTIVITY: (connectivity,)},
            specify_vlan=vlan is not None,
            vlan=vlan,
            cidr=None if guest_type is GuestType.L2 else "10.1.1.0/24",
            gateway=None if guest_type is GuestType.L2 else "10.1.1.1",
        )


def sample_network(
    services: Mapping[Service, tuple[str, ...]],
    *,
    isolation: Isolation = Isolation.GENEVE,
    index: int = 0,
    guest_type: GuestType = GuestType.ISOLATED,
) -> NetworkFacts:
    """A network of an offering with these services, all of whose providers are enabled."""
    enabled = frozenset(name for names in services.values() for name in names)
    return NetworkFacts(
        id=_uuid(100 + index),
        number=100 + index,
        name=f"sample-{index}",
        guru="SampleGuru",
        isolation=isolation,
        wires=sample_wires(tuple(Isolation), enabled),
        guest_type=guest_type,
        services=services,
        cidr=f"10.1.{index % 250}.0/24",
        gateway=f"10.1.{index % 250}.1",
    )


def sample_nic(network: NetworkFacts, index: int = 0) -> NicFacts:
    """A NIC of a sample network."""
    base = (network.cidr or "10.1.0.0/24").rsplit(".", 1)[0]
    return NicFacts(
        id=NicId(_uuid(10_000 + 1_000 * network.number + index)),
        mac=f"02:00:00:00:{network.number % 256:02x}:{index % 256:02x}",
        ipv4=f"{base}.{10 + index}",
        instance_id=_uuid(90_000 + index),
        hostname=f"guest-{index}",
        is_default=True,
    )


def _uuid(number: int) -> Uuid:
    return Uuid(f"00000000-0000-4000-8000-{number:012d}")
