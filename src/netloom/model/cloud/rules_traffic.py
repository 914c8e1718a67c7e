"""Which packets a rule speaks of: protocol, ports or ICMP kind, sources, destinations; as values that can be compared.

Rule 1: parsed at the door into canonical form, so that equal text is equal meaning; `None` ports and no CIDRs mean "any".
Rule 2: two of them meet if and only if one packet exists that both speak of. Overlap is computed, never guessed from text.
"""

from __future__ import annotations

import enum
import functools
import ipaddress
from collections.abc import Sequence

import msgspec

from netloom.base.errors import InvalidInput, TooLarge
from netloom.base.net import parse_network

FIRST_PORT = 1
LAST_PORT = 65_535
ANY_ICMP = -1
MAX_CIDRS = 256
"""CIDRs in one list of one rule."""


class Protocol(enum.Enum):
    """What rules of an address or a network tell apart."""

    TCP = "tcp"
    UDP = "udp"
    ICMP = "icmp"
    ALL = "all"


class PortRange(msgspec.Struct, frozen=True, gc=False):
    """Ports from `first` to `last`, both included."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """How many ports."""
        return self.last - self.first + 1

    def meets(self, other: PortRange) -> bool:
        """Whether a port is in both."""
        return self.first <= other.last and other.first <= self.last

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


class IcmpKind(msgspec.Struct, frozen=True, gc=False):
    """An ICMP type and code (RFC 792); `ANY_ICMP` stands for every one."""

    type: int
    code: int

    def meets(self, other: IcmpKind) -> bool:
        """Whether a message is of both."""
        return _same_or_any(self.type, other.type) and _same_or_any(self.code, other.code)

    def __str__(self) -> str:
        if self.type == ANY_ICMP:
            return "any"
        return f"type {self.type}" + ("" if self.code == ANY_ICMP else f" code {self.code}")


class Traffic(msgspec.Struct, frozen=True):
    """Packets: all that fit each of the fields.

    Attributes:
        protocol: ALL fits every protocol.
        ports: destination ports of tcp and udp; None fits every one, and is what other protocols have.
        icmp: what icmp has; None with any other protocol.
        sources, destinations: canonical CIDRs of either family; none fits every address.
    """

    protocol: Protocol
    ports: PortRange | None = None
    icmp: IcmpKind | None = None
    sources: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()

    def meets(self, other: Traffic) -> bool:
        """Whether one packet exists that both speak of."""
        if not self._same_protocol(other):
            return False
        if self.ports is not None and other.ports is not None and not self.ports.meets(other.ports):
            return False
        if self.icmp is not None and other.icmp is not None and not self.icmp.meets(other.icmp):
            return False
        return cidrs_meet(self.sources, other.sources) and cidrs_meet(self.destinations, other.destinations)

    def _same_protocol(self, other: Traffic) -> bool:
        return (
            self.protocol is other.protocol or self.protocol is Protocol.ALL or other.protocol is Protocol.ALL
        )

    def __str__(self) -> str:
        words = [self.protocol.value if self.protocol is not Protocol.ALL else "all protocols"]
        if self.ports is not None:
            words.append(str(self.ports))
        if self.icmp is not None and self.icmp.type != ANY_ICMP:
            words.append(str(self.icmp))
        if self.sources:
            words.append("from " + ", ".join(self.sources))
        if self.destinations:
            words.append("to " + ", ".join(self.destinations))
        return " ".join(words)


def parse_protocol(text: str, accepted: Sequence[Protocol], subject: str = "protocol") -> Protocol:
    """A protocol by name, in any case.

    Raises:
        InvalidInput: none of the accepted ones.
    """
    try:
        protocol = Protocol(text.lower())
    except ValueError:
        protocol = None
    if protocol is None or protocol not in accepted:
        names = ", ".join(each.value for each in accepted)
        raise InvalidInput(
            f"protocol {text!r} is not supported here",
            code="protocol-unsupported",
            subject=subject,
            hint=f"one of {names}",
        )
    return protocol


def parse_ports(
    start: int | None, end: int | None, subjects: tuple[str, str] = ("startport", "endport")
) -> PortRange | None:
    """A range of ports; one port when only the start is given, None (every port) when neither is.

    Raises:
        InvalidInput: outside 1 to 65535, an end without a start, or an end before the start.
    """
    if start is None:
        if end is not None:
            raise InvalidInput(
                f"an end port ({end}) without a start port", subject=subjects[0], hint="give both or neither"
            )
        return None
    parse_port(start, subjects[0])
    if end is None:
        return PortRange(start, start)
    parse_port(end, subjects[1])
    if start > end:
        raise InvalidInput(
            f"the start port {start} is larger than the end port {end}",
            subject=subjects[0],
            hint=f"a start port of at most {end}",
        )
    return PortRange(start, end)


def parse_port(port: int, subject: str) -> int:
    """One port.

    Raises:
        InvalidInput: outside 1 to 65535.
    """
    if not FIRST_PORT <= port <= LAST_PORT:
        raise InvalidInput(f"{port} is not a port", subject=subject, hint=f"{FIRST_PORT} to {LAST_PORT}")
    return port


def parse_icmp(kind: int | None, code: int | None) -> IcmpKind:
    """An ICMP type and code; left out or -1 is every one.

    Raises:
        InvalidInput: outside -1 to 255, or a code for every type.
    """
    kind = ANY_ICMP if kind is None else kind
    code = ANY_ICMP if code is None else code
    for value, subject in ((kind, "icmptype"), (code, "icmpcode")):
        if not ANY_ICMP <= value <= 255:
            raise InvalidInput(
                f"{value} is no ICMP {subject.removeprefix('icmp')}",
                subject=subject,
                hint="0 to 255, or -1 for any",
            )
    if kind == ANY_ICMP and code != ANY_ICMP:
        raise InvalidInput(
            f"ICMP code {code} of no type means nothing",
            subject="icmpcode",
            hint="give a type, or -1 as the code",
        )
    return IcmpKind(kind, code)


def parse_cidrs(
    texts: Sequence[str], subject: str = "cidrlist", version: int | None = None
) -> tuple[str, ...]:
    """Canonical CIDRs in the order given, each once.

    Args:
        texts: CIDRs of either family, or of `version`'s only.
        subject: the parameter they came in.
        version: 4 or 6 when only one family makes sense.

    Raises:
        InvalidInput: not a CIDR, host bits set, or of the wrong family.
        TooLarge: more than `MAX_CIDRS`.
    """
    if len(texts) > MAX_CIDRS:
        raise TooLarge(f"{len(texts)} CIDRs", subject=subject, hint=f"at most {MAX_CIDRS} in one rule")
    found: dict[str, None] = {}
    for text in texts:
        if "/" not in text:
            raise InvalidInput(
                f"{text!r} has no prefix length",
                code="bad-cidr",
                subject=subject,
                hint=f"{text}/32 for one address",
            )
        try:
            network = parse_network(text.strip(), subject)
        except InvalidInput as error:
            raise InvalidInput(error.message, code="bad-cidr", subject=subject, hint=error.hint) from error
        if version is not None and network.version != version:
            raise InvalidInput(
                f"{network} is IPv{network.version}",
                code="bad-cidr",
                subject=subject,
                hint=f"an IPv{version} CIDR belongs here",
            )
        found[str(network)] = None
    return tuple(found)


def cidrs_within(cidrs: Sequence[str], outer: Sequence[str]) -> bool:
    """Whether every one of `cidrs` lies in one of `outer`."""
    return all(any(_contains(whole, cidr) for whole in outer) for cidr in cidrs)


def cidrs_meet(ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Whether an address is in both lists; an empty list has every address."""
    if not ours or not theirs or ours == theirs:
        return True
    mine, other = _spans(ours), _spans(theirs)
    i = j = 0
    while i < len(mine) and j < len(other):
        if mine[i][0] <= other[j][1] and other[j][0] <= mine[i][1]:
            return True
        if mine[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return False


@functools.lru_cache(maxsize=16_384)
def _spans(cidrs: tuple[str, ...]) -> tuple[tuple[tuple[int, int], tuple[int, int]], ...]:
    """First and last address of each, sorted and joined; the family comes first in the order and keeps families apart."""
    spans = sorted(
        ((n.version, int(n.network_address)), (n.version, int(n.broadcast_address)))
        for n in map(ipaddress.ip_network, cidrs)
    )
    joined: list[tuple[tuple[int, int], tuple[int, int]]] = []
    for first, last in spans:
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)


def _contains(whole: str, part: str) -> bool:
    [(first, last)], [(start, end)] = _spans((whole,)), _spans((part,))
    return first <= start and end <= last


def _same_or_any(ours: int, theirs: int) -> bool:
    return ours == theirs or ANY_ICMP in (ours, theirs)
