"""Tunnel ports, the ports of attached NICs and of uplinks, and the bridge's settings: what of OVSDB is ours.

Rule 1: one port for each encapsulation in use, whatever the number of peers: the far end and the key are the flow's.
Rule 2: each port carries the owner mark; a port without it is never ours, whatever its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from netloom.base.net import format_mac
from netloom.model.isolation import TUNNELS, Isolation
from netloom.plan.switch import BridgeSpec, PortSpec
from netloom.plan.view import HostView, NetworkView, SwitchFacts, View

OWNER_KEY: Final = "netloom"
"""The key in external_ids that marks what is ours; its value says what it is for."""

TUNNEL_MARK: Final = "tunnel"
NIC_MARK: Final = "nic"
UPLINK_MARK: Final = "uplink"
BRIDGE_MARK: Final = "bridge"
PORT_NAMES: Final = {isolation: f"nl-{isolation.value}0" for isolation in TUNNELS}
STAND_INS: Final = {isolation: 0xFE00 + index for index, isolation in enumerate(TUNNELS)}
"""Stand for the numbers of tunnel ports that are not there yet; Open vSwitch gives the highest ordinary numbers last."""
STAND_IN_NAMES: Final = {STAND_INS[isolation]: name for isolation, name in PORT_NAMES.items()}
PROTOCOLS: Final = frozenset({"OpenFlow13", "OpenFlow14", "OpenFlow15"})


def networks_here(view: View, host: HostView) -> list[NetworkView]:
    """The networks that a host carries, in the order of their numbers."""
    found = [
        network
        for network_id in view.networks_on.get(host.id, ())
        if (network := view.networks.get(network_id)) is not None and network.zone == host.zone
    ]
    found.sort(key=lambda network: network.number)
    return found


def compile_ports(view: View, host: HostView) -> Mapping[str, PortSpec]:
    """The ports of a host that are ours, by name; a device that has a tunnel port's name is not plugged."""
    return {**_uplink_ports(host), **_nic_ports(view, host), **_tunnel_ports(view, host)}


def _uplink_ports(host: HostView) -> dict[str, PortSpec]:
    """The ways to the wires, for as long as the operator declares them: a port, or both ends of a patch to a bridge."""
    found: dict[str, PortSpec] = {}
    for uplink in host.uplinks.values():
        near = PortSpec(
            uplink.port_on(host.bridge),
            "",
            external_ids={OWNER_KEY: UPLINK_MARK},
            any_owner=True,
            why=(host.ref,),
        )
        if uplink.bridge:
            far = f"{uplink.bridge}-to-{host.bridge}"
            near = msgspec.structs.replace(
                near, interface_type="patch", options={"peer": far}, any_owner=False
            )
            found[far] = msgspec.structs.replace(
                near, name=far, options={"peer": near.name}, bridge=uplink.bridge
            )
        found[near.name] = near
    return found


def _nic_ports(view: View, host: HostView) -> dict[str, PortSpec]:
    """Devices that the operator attached to NICs, plugged as a hypervisor does (vswitchd.conf.db(5), Interface, VM keys)."""
    found: dict[str, PortSpec] = {}
    for nic_id in view.attached.get(host.id, ()):
        nic = view.nics[nic_id]
        device = nic.attachment.device if nic.attachment is not None else None
        if device:
            found[device] = PortSpec(
                name=device,
                interface_type="",
                external_ids={
                    OWNER_KEY: NIC_MARK,
                    "iface-id": nic.iface_id,
                    "attached-mac": format_mac(nic.mac),
                    "iface-status": "active",
                },
                why=(nic.ref,),
            )
    return found


def _tunnel_ports(view: View, host: HostView) -> dict[str, PortSpec]:
    if host.tunnel_ip is None:
        return {}
    used = {network.isolation for network in networks_here(view, host) if network.segment is not None}
    options = {"key": "flow", "remote_ip": "flow", "local_ip": str(host.tunnel_ip)}
    return {
        PORT_NAMES[isolation]: PortSpec(
            name=PORT_NAMES[isolation],
            interface_type=isolation.value,
            options=options,
            external_ids={OWNER_KEY: TUNNEL_MARK},
            why=(host.ref,),
        )
        for isolation in TUNNELS
        if isolation in used
    }


def foreseen_facts(facts: SwitchFacts | None, ports: Mapping[str, PortSpec]) -> SwitchFacts | None:
    """What a switch will show once these are its ports of ours; nothing is foreseen of one that was never seen."""
    if facts is None:
        return None
    tunnels = {
        isolation: facts.tunnel_ports.get(isolation, STAND_INS[isolation])
        for isolation, name in PORT_NAMES.items()
        if name in ports
    }
    return msgspec.structs.replace(facts, tunnel_ports=tunnels)


def isolation_of_port(name: str) -> Isolation | None:
    """The encapsulation whose tunnel port has this name."""
    return next((isolation for isolation, known in PORT_NAMES.items() if known == name), None)


def compile_bridge(host: HostView) -> BridgeSpec:
    """The integration bridge: it keeps its flows without a controller, and sends no traffic of its own."""
    return BridgeSpec(
        name=host.bridge,
        protocols=PROTOCOLS,
        other_config={"disable-in-band": "true"},
        external_ids={OWNER_KEY: BRIDGE_MARK},
    )
