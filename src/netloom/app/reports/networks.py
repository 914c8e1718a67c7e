"""A network: where it is and how it does."""

from __future__ import annotations

from dataclasses import dataclass

from netloom.app.reports.causes import ErrorReport, FindingReport
from netloom.base.ids import Uuid


@dataclass(frozen=True, slots=True)
class NetworkOnHost:
    """One network's share of one host.

    Attributes:
        nics: NICs of the network seen on the host.
        ports: their port names, sorted (bounded).
        flows: flows desired there because of the network and its NICs.
        in_sync: the host's worker is done with them.
        error: why not.
    """

    host_id: Uuid
    host: str
    nics: int
    flows: int
    in_sync: bool
    ports: tuple[str, ...] = ()
    error: ErrorReport | None = None


@dataclass(frozen=True, slots=True)
class NetworkReport:
    """Where a network is and how it does.

    Attributes:
        guest_mtu: what guests may use: the smallest underlay concerned minus the encapsulation.
        overhead: octets of the encapsulation on this underlay's address family.
        nics: NICs declared; `nics_placed`: of them, seen on a host.
        hosts: hosts that carry it now.
        unplaced: names of NICs attached to a host (by intent) where no port carries their identity (bounded).
    """

    network_id: Uuid
    name: str
    isolation: str
    segment: int | None
    guest_mtu: int | None
    overhead: int | None
    nics: int
    nics_placed: int
    hosts: tuple[NetworkOnHost, ...] = ()
    hosts_omitted: int = 0
    unplaced: tuple[str, ...] = ()
    findings: tuple[FindingReport, ...] = ()
