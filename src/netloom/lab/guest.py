"""A lab guest: a network namespace with an interface whose other end lies on a host, on br-int once it is plugged.

Rule 1: a guest is a machine that knows nothing: it has a MAC, addresses and an MTU as its owner (DHCP, cloud-init) would
have set them, and whatever it may reach it reaches through the switch.
Rule 2: plugging is the hypervisor's act (`Host.plug`); a guest that is not plugged is what `netloom nic attach` is for.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from netloom.base.net import IPAddress
from netloom.lab import commands, frames, links, names, namespaces, ping, process
from netloom.lab.errors import LabError
from netloom.lab.host import Host
from netloom.lab.ping import Flood, PingResult
from netloom.lab.state import GuestState, LabState, StateFile


class Guest:
    """One guest of a lab."""

    def __init__(self, file: StateFile, name: str) -> None:
        self._file = file
        self.name = name
        self.namespace = names.guest_namespace(file.name, name)

    def __repr__(self) -> str:
        return f"<Guest {self.name} of lab {self._file.name}>"

    @property
    def state(self) -> GuestState:
        """Where it is and what it is called there, as stored now."""
        try:
            return self._file.load().guests[self.name]
        except KeyError as error:
            raise LabError(f"there is no guest {self.name}", code="no-guest") from error

    @property
    def host(self) -> Host:
        """The host it runs on."""
        state = self._file.load()
        return Host(self._file, state.hosts[state.guests[self.name].host])

    @property
    def port(self) -> str:
        """Its interface on the host: the device that `netloom nic attach` is told."""
        return self.state.port

    @property
    def device(self) -> str:
        """Its own interface."""
        return self.state.device

    @property
    def mac(self) -> str:
        """Its MAC address."""
        return self.state.mac

    @property
    def ipv4(self) -> IPAddress | None:
        """Its IPv4 address."""
        text = self.state.ipv4
        return ipaddress.IPv4Interface(text).ip if text else None

    @property
    def ipv6(self) -> IPAddress | None:
        """Its IPv6 address."""
        text = self.state.ipv6
        return ipaddress.IPv6Interface(text).ip if text else None

    # What its owner sets

    def configure(
        self,
        *,
        mac: str | None = None,
        ipv4: str | None = None,
        ipv6: str | None = None,
        mtu: int | None = None,
    ) -> None:
        """Set MAC, addresses (`10.0.0.5/24`) and MTU as its NIC has them; what is not said stays."""
        old = self.state
        new = msgspec.structs.replace(
            old,
            mac=mac or old.mac,
            ipv4=ipv4 if ipv4 is not None else old.ipv4,
            ipv6=ipv6 if ipv6 is not None else old.ipv6,
            mtu=mtu or old.mtu,
        )
        self._store(new)
        if new.ipv6:
            namespaces.sysctl(self.namespace, namespaces.PROMPT_IPV6)
        namespaces.ip_batch([f"addr flush dev {new.device}"], namespace=self.namespace, force=True)
        namespaces.ip_batch(device_lines(new), namespace=self.namespace)

    # What its hypervisor does

    def plug(self, identity: str | None = None) -> int:
        """Plug it into br-int of its host with an `iface-id`; its OpenFlow port."""
        state = self.state
        self._store(msgspec.structs.replace(state, identity=identity))
        return self.host.plug(state.port, identity, mac=state.mac)

    def plug_beside(self, bridge: str, *, tag: int | None = None) -> None:
        """Plug it into a bridge of the operator's, perhaps as an access port of a VLAN: a machine that netloom knows
        nothing of.
        """
        self.host.plug_beside(self.port, bridge=bridge, tag=tag)

    def unplug(self) -> None:
        """Take it off br-int; the interface stays."""
        self.host.unplug(self.port)

    def prepare_migration(self, target: Host) -> Host:
        """Make its second interface, plugged at the target with the same identity, as a hypervisor does before the last
        round of copying memory. The guest still runs, and is reached, at the first host.

        Returns:
            The host it is on now, for `finish_migration`.
        """
        state = self.state
        source = self.host
        if target.name == source.name:
            raise LabError(f"{self.name} is on {target.name} already", subject=f"guest/{self.name}")
        serial = state.serial + 1
        device, port = names.device_name(self.name, serial), names.port_name(self.name, serial)
        self._store(msgspec.structs.replace(state, serial=serial))
        namespaces.ip_batch([links.cable(device, self.namespace, port, target.namespace, state.mtu)])
        finish_cable(device, self.namespace, port, target.namespace)
        namespaces.ip_batch([f"link set {device} address {state.mac}"], namespace=self.namespace)
        target.plug(port, state.identity, mac=state.mac)
        return source

    def is_prepared(self, target: Host) -> bool:
        """Whether `prepare_migration` to this host is done, and `switch_over` is not."""
        state = self.state
        port = names.port_name(self.name, state.serial)
        plugged = target.vsctl("--if-exists", "get", "Interface", port, "name").strip()
        return port != state.port and bool(plugged) and _has(target.namespace, port)

    def switch_over(self, target: Host) -> None:
        """Move the running guest to the interface that `prepare_migration` made: same MAC, addresses, neighbours; nothing
        is announced.
        """
        old = self.state
        new = msgspec.structs.replace(
            old,
            host=target.name,
            device=names.device_name(self.name, old.serial),
            port=names.port_name(self.name, old.serial),
        )
        known = commands.run(["ip", "neigh", "show", "dev", old.device], namespace=self.namespace).stdout
        neighbours = (line.split() for line in known.splitlines())
        namespaces.ip_batch(
            [
                f"link set {old.device} down",
                f"addr flush dev {old.device}",
                *device_lines(new),
                *(
                    f"neigh replace {words[0]} lladdr {words[words.index('lladdr') + 1]} dev {new.device} nud reachable"
                    for words in neighbours
                    if "lladdr" in words and not words[0].startswith("fe80")
                ),
            ],
            namespace=self.namespace,
        )
        self._store(new)

    def finish_migration(self, source: Host) -> None:
        """Remove what is left of it on the host it came from."""
        self.leave(source)

    def leave(self, host: Host) -> None:
        """Remove its interfaces on a host but the one that it uses: where it came from, or did not go after all."""
        state = self.state
        ports = {names.port_name(self.name, serial) for serial in range(state.serial + 1)} - {state.port}
        present = {port for port in ports if _has(host.namespace, port)}
        host.unplug(*present)
        namespaces.ip_batch([f"link del {port}" for port in present], namespace=host.namespace)

    def migrate(self, target: Host) -> None:
        """Live migration, all three steps."""
        source = self.prepare_migration(target)
        self.switch_over(target)
        self.finish_migration(source)

    # What it does

    def exec(
        self, command: Sequence[str], *, check: bool = True, timeout: float = 30.0
    ) -> commands.Completed:
        """Run a program in it."""
        return commands.run(command, namespace=self.namespace, check=check, timeout=timeout)

    def popen(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start a program in it, with pipes for its standard input and output; it ends with the lab at the latest."""
        with namespaces.entered(self.namespace):
            return subprocess.Popen(list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ping(
        self,
        dst: Guest | IPAddress | str,
        *,
        count: int = 3,
        interval: float = 0.05,
        size: int = 56,
        patience: float = 1.0,
    ) -> PingResult:
        """Ping an address (of either family), or another guest's IPv4 address.

        Args:
            dst: whom.
            count: requests.
            interval: seconds between two.
            size: octets of payload.
            patience: seconds to wait for the last answers.
        """
        words = ping.command(address_of(dst), count=count, interval=interval, size=size, deadline=patience)
        done = self.exec(words, check=False, timeout=count * interval + patience + 20)
        return ping.parse(done.stdout + done.stderr)

    def ping6(
        self, dst: Guest | IPAddress | str, *, count: int = 3, interval: float = 0.05, patience: float = 1.0
    ) -> PingResult:
        """Ping another guest's IPv6 address."""
        return self.ping(address_of(dst, family=6), count=count, interval=interval, patience=patience)

    def flood(self, dst: Guest | IPAddress | str, *, interval: float = 0.01) -> Flood:
        """Ping in the background until `stop()`, which tells what was lost."""
        words = ping.command(address_of(dst), count=None, interval=interval)
        return Flood(self.namespace, words, {**os.environ, process.TOKEN: self._file.load().token})

    def arping(self, dst: Guest | IPAddress | str, *, count: int = 3, patience: float = 0.5) -> list[str]:
        """Ask for an address by ARP, `count` times; the MACs that answered, in order of arrival.

        Requests are sent one by one: the next when an answer came or `patience` seconds passed.
        """
        address = ipaddress.IPv4Address(address_of(dst))
        if self.ipv4 is None:
            raise LabError("it has no IPv4 address to ask with", subject=f"guest/{self.name}")
        frame = frames.arp_request(self.mac, str(self.ipv4), str(address))
        answers: list[str] = []
        with self.sniff(frames.Filter(arp_operation=2, sender_ip=str(address))) as sniffer:
            for _ in range(count):
                seen = len(sniffer.frames)
                self.send(frame)
                with contextlib.suppress(LabError):
                    sniffer.wait(seen + 1, seconds=patience)
            answers += [frame.source for frame in sniffer.frames]
        return answers

    def send(self, *raw: bytes) -> None:
        """Put whole Ethernet frames on its wire, whatever they claim: how spoofing is tried."""
        frames.send(self.namespace, self.device, raw)

    def sniff(self, what: frames.Filter | None = None) -> frames.Sniffer:
        """Watch its interface (a context manager)."""
        return frames.Sniffer(self.namespace, self.device, what)

    def _store(self, guest: GuestState) -> None:
        def change(state: LabState) -> LabState:
            return msgspec.structs.replace(state, guests={**state.guests, guest.name: guest})

        self._file.update(change)


def address_of(dst: Guest | IPAddress | str, *, family: int = 4) -> str:
    """The address meant by a guest or an address."""
    if not isinstance(dst, Guest):
        return str(dst)
    address = dst.ipv6 if family == 6 else dst.ipv4 or dst.ipv6
    if address is None:
        raise LabError(f"{dst.name} has no IPv{family} address", subject=f"guest/{dst.name}")
    return str(address)


def finish_cable(device: str, guest_namespace: str, port: str, host_namespace: str) -> None:
    """Make both ends of a new cable fit for the userspace datapath, and the host's end ready."""
    with namespaces.entered(guest_namespace):
        namespaces.checksums_off(device)
    with namespaces.entered(host_namespace):
        namespaces.checksums_off(port)
        namespaces.ip_batch([f"link set {port} up"])


def device_lines(guest: GuestState) -> Iterable[str]:
    """The `ip` lines that set up a guest's interface."""
    yield f"link set {guest.device} address {guest.mac} mtu {guest.mtu} up"
    if guest.ipv4:
        yield f"addr add {guest.ipv4} dev {guest.device}"
    if guest.ipv6:
        yield f"addr add {guest.ipv6} dev {guest.device} nodad"


def _has(namespace: str, interface: str) -> bool:
    with namespaces.entered(namespace):
        return os.path.exists(f"/proc/sys/net/ipv4/conf/{interface}")


def guests_of(file: StateFile, state: LabState) -> Mapping[str, Guest]:
    """The guests of a lab by name."""
    return {name: Guest(file, name) for name in state.guests}
