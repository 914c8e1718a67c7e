"""Several simulated switches and the wires between them: what a guest sends, and which guests get it."""

from __future__ import annotations

import ipaddress

from tests.oracle.table_simulator import TAG, Journey, Packet, Sent, Tables, packet
from tests.providers.ovs.clouds import TUNNEL_PORTS, UPLINK_PORT, Cloud, host_id, nic_id

from netloom.base.ids import HostId
from netloom.model.isolation import Isolation
from netloom.wire.openflow.fields import FIELDS

_BY_PORT = {port: isolation for isolation, port in TUNNEL_PORTS.items()}
_TUNNEL = [FIELDS[name] for name in ("tun_id", "tun_src", "tun_dst", "tun_ipv6_src", "tun_ipv6_dst")]
_REGISTERS = [FIELDS[f"reg{number}"] for number in range(16)]


class Wires:
    """All hosts of a cloud, as of its last take."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._tables = {
            found.number: Tables(cloud.flows(found.number)) for found in cloud.view.hosts.values()
        }
        self.underlay: list[tuple[int, int, Isolation, int]] = []
        """Every encapsulated packet: from host, to host, encapsulation, key."""
        self.wires: list[tuple[int, int]] = []
        """Every frame on the wires behind the uplinks: from host (0: from outside), and its tag (`vlan_tci`)."""

    def journey(self, host: int, ofport: int, **fields: int) -> Journey:
        """One switch's part only."""
        return self._tables[host].send(packet(in_port=ofport, **fields))

    def send(self, nic: int, on: int | None = None, **fields: int) -> list[tuple[int, Sent]]:
        """What a NIC sends: which NICs get it (their numbers, with the packet), over whatever wires."""
        places = self._cloud.view.placements[nic_id(nic)]
        host = on or int(next(iter(places))[-12:])
        return self._from_port(host, places[host_id(host)].ofport, packet(**fields), hops=0)

    def receivers(self, nic: int, on: int | None = None, **fields: int) -> list[int]:
        """The numbers of the NICs that get it, in order, with repetitions."""
        return sorted(number for number, _ in self.send(nic, on, **fields))

    def from_outside(self, tag: int, **fields: int) -> list[tuple[int, Sent]]:
        """What a device on the wires sends: the NICs that get it. Their switch floods, as one that has learnt nothing."""
        return self._on_wires(0, packet(vlan_tci=tag, **fields), 0)

    def outside(self, nic: int, on: int | None = None, **fields: int) -> list[int]:
        """The tags with which the wires see what a NIC sends."""
        self.wires.clear()
        self.send(nic, on, **fields)
        return [tag for _, tag in self.wires]

    def _on_wires(self, host: int, frame: Packet, hops: int) -> list[tuple[int, Sent]]:
        self.wires.append((host, frame.get(TAG, 0)))
        plain = {f: v for f, v in frame.items() if f not in _REGISTERS and f not in _TUNNEL}
        return [
            copy
            for other, view in self._cloud.view.hosts.items()
            if view.number != host and UPLINK_PORT in self._ports_of(other)
            for copy in self._from_port(view.number, UPLINK_PORT, plain, hops + 1)
        ]

    def _ports_of(self, host: HostId) -> set[int]:
        return {port.ofport for port in self._cloud.view.facts[host].plain_ports.values()}

    def _from_port(self, host: int, ofport: int, sent: Packet, hops: int) -> list[tuple[int, Sent]]:
        assert hops < 3, "a packet goes round"
        got: list[tuple[int, Sent]] = []
        for copy in self._tables[host].send(sent | packet(in_port=ofport)).sent:
            isolation = _BY_PORT.get(copy.port)
            if copy.port == UPLINK_PORT:
                got += self._on_wires(host, dict(copy.packet), hops)
            elif isolation is None:
                got.append((self._nic_at(host, copy.port), copy))
            else:
                got += self._through(host, isolation, copy, hops)
        return got

    def _through(self, host: int, isolation: Isolation, copy: Sent, hops: int) -> list[tuple[int, Sent]]:
        far = copy.get("tun_dst") or copy.get("tun_ipv6_dst")
        family = ipaddress.IPv4Address if copy.get("tun_dst") else ipaddress.IPv6Address
        (peer,) = [h for h in self._cloud.view.hosts.values() if h.tunnel_ip == family(far)]
        key = copy.get("tun_id")
        self.underlay.append((host, peer.number, isolation, key))
        # On the wire go the frame, the key and the addresses; registers stay behind.
        inner = {f: v for f, v in copy.packet.items() if f not in _REGISTERS and f not in _TUNNEL}
        return self._from_port(peer.number, TUNNEL_PORTS[isolation], inner | packet(tun_id=key), hops + 1)

    def _nic_at(self, host: int, ofport: int) -> int:
        seen = self._cloud.view.by_ofport[host_id(host)][ofport]
        return self._cloud.view.by_identity[seen.identity][0].number
