"""Balancers: a public port whose connections are spread over members; with stickiness and health checks beside.

Rule 1: a balancer listens to one port of one address for everybody; its source list only turns others away.
Rule 2: a member is a guest's address, and is so once; members and policies live as rules do.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

from netloom.base.errors import InvalidInput
from netloom.base.ids import NicId, Uuid
from netloom.model.cloud.record import Owned
from netloom.model.cloud.rules import Rule
from netloom.model.cloud.rules_traffic import PortRange, Protocol, Traffic

DNS_PORT = 53


class Algorithm(enum.Enum):
    """Who gets the next connection."""

    ROUND_ROBIN = "roundrobin"
    LEAST_CONNECTIONS = "leastconn"
    SOURCE = "source"


class LbProtocol(enum.Enum):
    """What the balancer speaks with clients."""

    TCP = "tcp"
    UDP = "udp"
    TCP_PROXY = "tcp-proxy"
    SSL = "ssl"

    @property
    def transport(self) -> Protocol:
        """What it is on the wire."""
        return Protocol.UDP if self is LbProtocol.UDP else Protocol.TCP


class LoadBalancer(Rule, frozen=True, kw_only=True):
    """A public port and how its connections are spread.

    Attributes:
        protocol: None is tcp, as an answer does not name what nobody asked for.
        sources: who may use it; empty for everybody.
        certificate_id: what it shows to clients when it speaks ssl.
    """

    name: str
    description: str | None = None
    public_ip_id: Uuid
    public_port: int
    private_port: int
    algorithm: Algorithm
    protocol: LbProtocol | None = None
    sources: tuple[str, ...] = ()
    certificate_id: Uuid | None = None

    @property
    def transport(self) -> Protocol:
        """What it is on the wire."""
        return Protocol.TCP if self.protocol is None else self.protocol.transport

    @property
    def traffic(self) -> Traffic:
        """The packets it listens for; whoever sends them."""
        return Traffic(self.transport, PortRange(self.public_port, self.public_port))


class LbMember(Rule, frozen=True, kw_only=True):
    """A guest that takes connections of a balancer."""

    load_balancer_id: Uuid
    instance_id: Uuid
    nic_id: NicId
    guest_address: str


class Stickiness(Rule, frozen=True, kw_only=True):
    """How a client comes back to the same member; one a balancer."""

    load_balancer_id: Uuid
    name: str
    description: str | None = None
    method: str
    parameters: Mapping[str, str]


class HealthCheck(Rule, frozen=True, kw_only=True):
    """When a member counts as fit; one a balancer. Times are seconds."""

    load_balancer_id: Uuid
    ping_path: str
    description: str | None = None
    response_timeout: int
    interval: int
    healthy_threshold: int
    unhealthy_threshold: int


class SslCertificate(Owned, frozen=True, kw_only=True):
    """What a balancer shows to clients.

    Attributes:
        certificate, chain: PEM.
        private_key: PEM, sealed; never in an answer.
    """

    name: str
    certificate: str
    chain: str | None = None
    private_key: str
    fingerprint: str


def parse_algorithm(text: str) -> Algorithm:
    """An algorithm by name, in any case.

    Raises:
        InvalidInput: there is no such algorithm (`algorithm-unsupported`).
    """
    try:
        return Algorithm(text.lower())
    except ValueError:
        names = ", ".join(each.value for each in Algorithm)
        raise InvalidInput(
            f"there is no algorithm {text!r}",
            code="algorithm-unsupported",
            subject="algorithm",
            hint=f"one of {names}",
        ) from None


def parse_lb_protocol(text: str) -> LbProtocol:
    """What a balancer speaks, by name, in any case.

    Raises:
        InvalidInput: it is none of them (`protocol-unsupported`).
    """
    try:
        return LbProtocol(text.lower())
    except ValueError:
        names = ", ".join(each.value for each in LbProtocol)
        raise InvalidInput(
            f"a balancer does not speak {text!r}",
            code="protocol-unsupported",
            subject="protocol",
            hint=f"one of {names}",
        ) from None
