"""VPNs: between a VPC and a customer's site (IPsec), and of people's machines into a network (L2TP over IPsec).

Rule 1: what one router would reach in two ways is refused: networks behind customers are apart from each other and the VPC.
Rule 2: shared keys and passwords are kept sealed; a record never has them in clear.

    Connection   Pending -begin-> Connecting -up-> Connected -down-> Disconnected -begin-> Connecting
                 Connecting, Disconnected -fail-> Error -begin-> Connecting; any -remove-> Removed
    Remote VPN   Added -apply-> Running -remove-> Removed
    User         Add -apply-> Active -revoke-> Revoke, and gone when the revocation is applied
"""

from __future__ import annotations

import enum
import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import NetworkId, Uuid
from netloom.base.net import IPNetwork, parse_ip, parse_network
from netloom.model.cloud.record import Owned
from netloom.model.cloud.rules import RuleState
from netloom.model.cloud.vpn_policies import IkeVersion
from netloom.model.transitions import step

MAX_SUBNETS: Final = 10
MAX_CONNECTIONS: Final = 4
DEFAULT_CLIENTS: Final = "10.1.2.1-10.1.2.8"
REMOTE_PORTS: Final = (500, 1701, 4500)
"""UDP ports of an address that a remote access VPN needs: IKE, L2TP, IPsec through NAT."""

_HOST = re.compile(r"^(?=.{1,253}\Z)(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+(?!-)[a-z0-9-]{2,63}(?<!-)\Z")
_USER = re.compile(r"^[a-zA-Z0-9][a-zA-Z0-9@._-]{2,63}\Z")
_PASSWORD = re.compile(r"^[a-zA-Z0-9][a-zA-Z0-9@+=._-]{2,31}\Z")


class ConnectionState(enum.Enum):
    """How far a connection is."""

    PENDING = "Pending"
    CONNECTING = "Connecting"
    CONNECTED = "Connected"
    DISCONNECTED = "Disconnected"
    ERROR = "Error"
    REMOVED = "Removed"


class ConnectionEvent(enum.Enum):
    """What moves a connection on."""

    BEGIN = "begin"
    UP = "up"
    DOWN = "down"
    FAIL = "fail"
    REMOVE = "remove"


CONNECTION_TABLE: Final[Mapping[tuple[ConnectionState, ConnectionEvent], ConnectionState]] = {
    (ConnectionState.PENDING, ConnectionEvent.BEGIN): ConnectionState.CONNECTING,
    (ConnectionState.PENDING, ConnectionEvent.FAIL): ConnectionState.ERROR,
    (ConnectionState.CONNECTING, ConnectionEvent.BEGIN): ConnectionState.CONNECTING,
    (ConnectionState.CONNECTING, ConnectionEvent.UP): ConnectionState.CONNECTED,
    (ConnectionState.CONNECTING, ConnectionEvent.DOWN): ConnectionState.DISCONNECTED,
    (ConnectionState.CONNECTING, ConnectionEvent.FAIL): ConnectionState.ERROR,
    (ConnectionState.CONNECTED, ConnectionEvent.BEGIN): ConnectionState.CONNECTING,
    (ConnectionState.CONNECTED, ConnectionEvent.DOWN): ConnectionState.DISCONNECTED,
    (ConnectionState.DISCONNECTED, ConnectionEvent.BEGIN): ConnectionState.CONNECTING,
    (ConnectionState.DISCONNECTED, ConnectionEvent.UP): ConnectionState.CONNECTED,
    (ConnectionState.DISCONNECTED, ConnectionEvent.FAIL): ConnectionState.ERROR,
    (ConnectionState.ERROR, ConnectionEvent.BEGIN): ConnectionState.CONNECTING,
    **{(state, ConnectionEvent.REMOVE): ConnectionState.REMOVED for state in ConnectionState},
}


class RemoteVpnState(enum.Enum):
    """How far a remote access VPN is."""

    ADDED = "Added"
    RUNNING = "Running"
    REMOVED = "Removed"


class RemoteVpnEvent(enum.Enum):
    """What moves a remote access VPN on."""

    APPLY = "apply"
    REMOVE = "remove"


REMOTE_VPN_TABLE: Final[Mapping[tuple[RemoteVpnState, RemoteVpnEvent], RemoteVpnState]] = {
    (RemoteVpnState.ADDED, RemoteVpnEvent.APPLY): RemoteVpnState.RUNNING,
    (RemoteVpnState.ADDED, RemoteVpnEvent.REMOVE): RemoteVpnState.REMOVED,
    (RemoteVpnState.RUNNING, RemoteVpnEvent.APPLY): RemoteVpnState.RUNNING,
    (RemoteVpnState.RUNNING, RemoteVpnEvent.REMOVE): RemoteVpnState.REMOVED,
    (RemoteVpnState.REMOVED, RemoteVpnEvent.REMOVE): RemoteVpnState.REMOVED,
}


class VpnGateway(Owned, frozen=True, kw_only=True):
    """The VPC's end of its connections: one a VPC, on one of its public addresses."""

    vpc_id: Uuid
    public_ip_id: Uuid
    for_display: bool = True


class CustomerGateway(Owned, frozen=True, kw_only=True):
    """The other end, as its owner describes it; `key` is sealed, `gateway` an address or a host name."""

    name: str
    gateway: str
    cidrs: tuple[str, ...]
    key: str
    ike_policy: str
    esp_policy: str
    ike_lifetime: int
    esp_lifetime: int
    ike_version: IkeVersion = IkeVersion.EITHER
    dead_peer_detection: bool = False
    force_encapsulation: bool = False
    split_connections: bool = False


class VpnConnection(Owned, frozen=True, kw_only=True):
    """A tunnel between a VPN gateway and a customer gateway; a passive one waits to be called."""

    vpc_id: Uuid
    gateway_id: Uuid
    customer_gateway_id: Uuid
    passive: bool = False
    state: ConnectionState = ConnectionState.PENDING
    for_display: bool = True


class RemoteAccessVpn(Owned, frozen=True, kw_only=True):
    """People's machines in a network: one an address and a network; `key` is sealed, `clients` the addresses they get."""

    public_ip_id: Uuid
    network_id: NetworkId | None
    vpc_id: Uuid | None
    clients: str
    key: str
    state: RemoteVpnState = RemoteVpnState.ADDED
    for_display: bool = True


class VpnUser(Owned, frozen=True, kw_only=True):
    """Somebody who may use the remote access VPNs of an account; `password` is sealed."""

    username: str
    password: str
    state: RuleState = RuleState.ADD


def next_connection_state(state: ConnectionState, event: ConnectionEvent) -> ConnectionState:
    """Where an event takes a connection.

    Raises:
        Conflict: the table has no such step (`bad-transition`).
    """
    return step(CONNECTION_TABLE, "a VPN connection", state, event)


def next_remote_state(state: RemoteVpnState, event: RemoteVpnEvent) -> RemoteVpnState:
    """Where an event takes a remote access VPN.

    Raises:
        Conflict: the table has no such step (`bad-transition`).
    """
    return step(REMOTE_VPN_TABLE, "a remote access VPN", state, event)


def check_peer(text: str) -> str:
    """The address or the host name of a customer's gateway, canonical.

    Raises:
        InvalidInput: it is neither, or an address that nobody can be reached at.
    """
    peer = text.strip().lower().rstrip(".")
    if peer and ((peer[0].isdigit() and peer.replace(".", "").isdigit()) or ":" in peer):
        address = parse_ip(peer, "gateway")
        if address.is_unspecified or address.is_multicast or address.is_loopback or address.is_link_local:
            raise InvalidInput(f"no gateway can be reached at {address}", subject="gateway")
        return str(address)
    if not _HOST.match(peer):
        raise InvalidInput(
            f"{text!r} is neither an address nor a full host name",
            subject="gateway",
            hint="for example 198.51.100.7 or vpn.example.org",
        )
    return peer


def check_remote_cidrs(texts: Sequence[str], limit: int = MAX_SUBNETS) -> tuple[str, ...]:
    """The networks behind a customer's gateway.

    Raises:
        InvalidInput: none, too many, or one is no IPv4 network.
        Conflict: two of them overlap (`vpn-networks-overlap`).
    """
    if not 1 <= len(texts) <= limit:
        raise InvalidInput(
            f"{len(texts)} networks behind one customer gateway", subject="cidrlist", hint=f"1 to {limit}"
        )
    found: list[ipaddress.IPv4Network] = []
    for text in texts:
        network = parse_network(text.strip(), "cidrlist")
        if not isinstance(network, ipaddress.IPv4Network):
            raise InvalidInput(f"{network} is not an IPv4 network", subject="cidrlist")
        for other in found:
            if network.overlaps(other):
                raise _overlap(f"{network} and {other}, networks behind one customer gateway, overlap")
        found.append(network)
    return tuple(str(network) for network in found)


def check_apart(
    gateway: CustomerGateway, vpc_name: str, vpc_cidr: str, others: Iterable[CustomerGateway]
) -> None:
    """Refuse a connection whose far networks are the VPC's own, or another connection's.

    Raises:
        Conflict: two overlap (`vpn-networks-overlap`).
    """
    mine = [(text, ipaddress.ip_network(text)) for text in gateway.cidrs]
    taken = [(vpc_cidr, f"the network of VPC {vpc_name}")]
    taken += [
        (cidr, f"a network behind customer gateway {other.name} ({other.id})")
        for other in others
        for cidr in other.cidrs
    ]
    for text, network in mine:
        for cidr, whose in taken:
            if network.overlaps(ipaddress.ip_network(cidr)):
                raise _overlap(
                    f"{text}, a network behind customer gateway {gateway.name}, overlaps {cidr}, {whose}"
                )


def parse_clients(text: str) -> tuple[ipaddress.IPv4Address, ipaddress.IPv4Address]:
    """First and last address of the machines that dial in; the first is the server's own.

    Raises:
        InvalidInput: it is not `first-last` with two IPv4 addresses in order, in one /24.
    """
    parts = [part.strip() for part in text.split("-")]
    if len(parts) != 2:
        raise InvalidInput(
            f"{text!r} is not a range", subject="iprange", hint=f"for example {DEFAULT_CLIENTS}"
        )
    first, last = (parse_ip(part, "iprange") for part in parts)
    if not isinstance(first, ipaddress.IPv4Address) or not isinstance(last, ipaddress.IPv4Address):
        raise InvalidInput(f"{text!r} is not a range of IPv4 addresses", subject="iprange")
    if not 1 <= int(last) - int(first) <= 254:
        raise InvalidInput(
            f"{text!r} has no room for a server and clients, or too much",
            subject="iprange",
            hint="2 to 255 addresses, the smaller first",
        )
    return first, last


def check_clients(text: str, inside: Iterable[tuple[str, IPNetwork]]) -> str:
    """A range for clients that no network behind the same router has.

    Args:
        text: `first-last`.
        inside: names and networks of what is behind the router.

    Raises:
        InvalidInput: it is no range.
        Conflict: it overlaps one of them (`vpn-networks-overlap`).
    """
    first, last = parse_clients(text)
    for name, network in inside:
        if (
            network.version == 4
            and int(first) <= int(network.broadcast_address)
            and int(network.network_address) <= int(last)
        ):
            raise _overlap(
                f"the clients' range {first}-{last} overlaps {network}, the network of {name}", "iprange"
            )
    return f"{first}-{last}"


def check_user(username: str, password: str) -> None:
    """Refuse names and passwords that clients of L2TP cannot send, or a key file cannot hold.

    Raises:
        InvalidInput: one of them is such.
    """
    if not _USER.match(username):
        raise InvalidInput(
            f"{username!r} is not a VPN user's name",
            subject="username",
            hint="3 to 64 letters, digits or @ . _ -, beginning with a letter or digit",
        )
    if not _PASSWORD.match(password):
        raise InvalidInput(
            f"a password of {len(password)} characters that is too short, too long or has others than allowed",
            subject="password",
            hint="3 to 32 letters, digits or @ + = . _ -, beginning with a letter or digit",
        )


def _overlap(message: str, subject: str = "cidrlist") -> Conflict:
    return Conflict(
        message,
        code="vpn-networks-overlap",
        subject=subject,
        hint="each network is reached in one way: take one of them away",
    )
