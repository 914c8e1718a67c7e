"""The lab's wires: switches for underlay, control and perhaps a LAN, and every host's cable to each, which can be pulled.

Rule 1: a fault is made at the switch's side of a cable; the host notices what a real one would (carrier lost, or nothing).
Rule 2: `restore` undoes any fault, and does no harm where there is none.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from netloom.lab import names, namespaces
from netloom.lab.errors import LabError
from netloom.lab.state import LabState

UNDERLAY = "underlay"
CONTROL = "ctl"
LAN = "lan"
"""A plain Ethernet that the operator has beside the underlay: VLANs live on it. Labs with `lan` have it."""
LAN_PORT = "eth1"
"""The host's interface towards the LAN; in no bridge until somebody puts it into one."""
UPLINK = "uplink"
"""The host's interface towards the underlay; a port of its bridge `UNDERLAY_BRIDGE`, whose LOCAL port has the address."""
UNDERLAY_BRIDGE = "br-underlay"
MANAGEMENT = "mgmt"
"""The host's interface towards the control network."""
SWITCH = "switch"
"""The Linux bridge in the underlay and in the control namespace."""


@dataclasses.dataclass(frozen=True)
class Cable:
    """One host's cable to a switch: the switch's namespace and the port there."""

    namespace: str
    port: str

    def unplug(self) -> None:
        """Pull it: both ends lose carrier."""
        namespaces.ip_batch([f"link set {self.port} down"], namespace=self.namespace)

    def blackhole(self) -> None:
        """Keep carrier, lose every packet: the peer is gone without a word, connections stay half-open."""
        namespaces.ip_batch([f"link set {self.port} nomaster"], namespace=self.namespace)

    def restore(self) -> None:
        """Make it whole again."""
        namespaces.ip_batch([f"link set {self.port} master {SWITCH} up"], namespace=self.namespace)

    def set_mtu(self, mtu: int) -> None:
        """Make the switch's side carry less (or more), as a mis-set switch port does."""
        if not 68 <= mtu <= 65535:  # RFC 791: every IPv4 module forwards 68 octets
            raise LabError(f"an MTU of {mtu}", hint="68 to 65535")
        namespaces.ip_batch([f"link set {self.port} mtu {mtu}"], namespace=self.namespace)


def cable(device: str, room: str, far_device: str, far_room: str, mtu: int = 1500) -> str:
    """The `ip` line that makes a veth pair with one end in each of two namespaces."""
    return f"link add {device} mtu {mtu} netns {room} type veth peer name {far_device} mtu {mtu} netns {far_room}"


def lay(state: LabState) -> None:
    """Make the two switches and the cables of all hosts. The namespaces must be there."""
    underlay = names.namespace(state.name, UNDERLAY)
    control = names.namespace(state.name, CONTROL)
    families = namespaces.PROMPT_IPV6 if state.ipv6 else namespaces.QUIET_IPV6
    namespaces.sysctl(underlay, namespaces.QUIET_IPV6)
    namespaces.sysctl(control, namespaces.QUIET_IPV6)
    for host in state.hosts.values():
        namespaces.sysctl(names.namespace(state.name, host.name), families)
    hosts = list(state.hosts.values())
    batch: list[str] = []
    for host in hosts:
        room = names.namespace(state.name, host.name)
        batch += [
            cable(UPLINK, room, host.name, underlay, state.mtu),
            cable(MANAGEMENT, room, host.name, control),
        ]
    namespaces.ip_batch(batch)
    ports = [host.name for host in hosts]
    namespaces.ip_batch([*_switch(ports), f"link set {SWITCH} mtu {state.mtu}"], namespace=underlay)
    namespaces.ip_batch(
        [*_switch(ports), f"addr add {names.CONTROL_ADDRESS}/{names.MANAGEMENT4.prefixlen} dev {SWITCH}"],
        namespace=control,
    )
    for namespace in (underlay, control):
        with namespaces.entered(namespace):
            for port in ports:
                namespaces.checksums_off(port)
    for host in hosts:
        namespace = names.namespace(state.name, host.name)
        namespaces.ip_batch(
            [
                "link set lo up",
                f"link set {UPLINK} up",
                f"addr add {names.management4(host.number)}/{names.MANAGEMENT4.prefixlen} dev {MANAGEMENT}",
                f"link set {MANAGEMENT} up",
            ],
            namespace=namespace,
        )
        with namespaces.entered(namespace):
            namespaces.checksums_off(UPLINK)
            namespaces.checksums_off(MANAGEMENT)


def lay_lan(state: LabState) -> None:
    """Make the LAN's switch and every host's cable to it. The switch looks at no tag: it is a piece of wire for many."""
    lan = names.namespace(state.name, LAN)
    namespaces.sysctl(lan, namespaces.QUIET_IPV6)
    rooms = {host.name: names.namespace(state.name, host.name) for host in state.hosts.values()}
    namespaces.ip_batch(cable(LAN_PORT, room, port, lan, state.mtu) for port, room in rooms.items())
    namespaces.ip_batch([*_switch(rooms), f"link set {SWITCH} mtu {state.mtu}"], namespace=lan)
    with namespaces.entered(lan):
        for port in rooms:
            namespaces.checksums_off(port)
    for room in rooms.values():
        namespaces.ip_batch([f"link set {LAN_PORT} up"], namespace=room)
        with namespaces.entered(room):
            namespaces.checksums_off(LAN_PORT)


def _switch(ports: Iterable[str]) -> list[str]:
    return [
        "link set lo up",
        # No snooping: a switch that keeps multicast for itself until it has learnt is no use for a test.
        f"link add {SWITCH} type bridge forward_delay 0 mcast_snooping 0",
        f"link set {SWITCH} up",
        *(f"link set {port} master {SWITCH} up" for port in ports),
    ]
