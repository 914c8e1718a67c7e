"""Balancers: a port whose connections are spread over members; with stickiness and health checks beside.

Rule 1: a balancer listens to one port of one address for everybody: a public one, whose source list only turns others away,
or one of the network's own (internal), which it has as long as a balancer is on it.
Rule 2: a member is a guest's address, and is so once; members and policies live as rules do.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

from netloom.base.errors import InvalidInput
from netloom.base.ids import NetworkId, NicId, Uuid
from netloom.model.cloud.record import Owned
from netloom.model.cloud.rules import Rule
from netloom.model.cloud.rules_traffic import PortRange, Protocol, Traffic
from netloom.model.cloud.words import parse_word

DNS_PORT = 53


class Scheme(enum.Enum):
    """Where a balancer's address is: before the router, or inside the network."""

    PUBLIC = "Public"
    INTERNAL = "Internal"


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


class Balancer(Rule, frozen=True, kw_only=True):
    """What balancers of both schemes have: what people call them."""

    name: str
    description: str | None = None


class LoadBalancer(Balancer, frozen=True, kw_only=True):
    """A public port and how its connections are spread.

    Attributes:
        protocol: None is tcp, as an answer does not name what nobody asked for.
        sources: who may use it; empty for everybody.
        certificate_id: what it shows to clients when it speaks ssl.
    """

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


class InternalLbAddress(Owned, frozen=True, kw_only=True):
    """An address of a network that its internal balancers listen to, canonical text; no instance gets it meanwhile."""

    network_id: NetworkId
    address: str


class InternalLoadBalancer(Balancer, frozen=True, kw_only=True):
    """A tcp port of an address inside the network, and how its connections are spread."""

    address_id: Uuid
    source_port: int
    instance_port: int
    algorithm: Algorithm

    @property
    def traffic(self) -> Traffic:
        """The packets it listens for."""
        return Traffic(Protocol.TCP, PortRange(self.source_port, self.source_port))


class Member(Rule, frozen=True, kw_only=True):
    """A guest that takes connections of a balancer of either scheme."""

    load_balancer_id: Uuid
    instance_id: Uuid
    nic_id: NicId
    guest_address: str


class LbMember(Member, frozen=True, kw_only=True):
    """A guest that takes connections of a balancer."""


class InternalLbMember(Member, frozen=True, kw_only=True):
    """A guest that takes connections of an internal balancer."""


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


def parse_scheme(text: str) -> Scheme:
    """A scheme by name, in any case.

    Raises:
        InvalidInput: it is neither.
    """
    return parse_word(Scheme, text, "scheme")


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
