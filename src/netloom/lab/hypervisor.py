"""The lab as a hypervisor: netloomd makes, runs, moves and removes guests of a lab as it would machines of KVM or Xen.

Rule 1: a machine is its interfaces, guests called `NAME+0`, `NAME+1`, ... in one namespace; each is known by its `iface-id`.
Rule 2: what there is, is read from the lab each time: a netloomd that was restarted in between goes on from there.
"""

from __future__ import annotations

import asyncio
import ipaddress
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from netloom.app.cloud.hypervisors import (
    GuestPlan,
    GuestSeen,
    HostFacts,
    Image,
    NicPlan,
    NicSeen,
    Setting,
)
from netloom.base.errors import InvalidInput, PeerError
from netloom.lab import lab as labs
from netloom.lab import names, namespaces
from netloom.lab.errors import LabError
from netloom.lab.guest import Guest
from netloom.lab.lab import Lab
from netloom.lab.state import GuestState, LabState

_THREADS: Final = 16
P = ParamSpec("P")
T = TypeVar("T")

NAME: Final = "Simulator"
"""CloudStack's word for a hypervisor whose machines are none: clients know it."""
IMAGES: Final = (
    Image(
        image="namespace",
        name="Lab guest",
        display_text="A network namespace with the addresses of its interfaces",
        os_type="Other Linux (64-bit)",
        format="DIR",
    ),
)


def hypervisor(settings: Mapping[str, Setting]) -> LabHypervisor:
    """The adapter of a running lab; settings: `lab`, its name.

    Raises:
        InvalidInput: no lab is named, another setting is there, or there is no such lab.
    """
    unknown = sorted(settings.keys() - {"lab"})
    name = settings.get("lab")
    if unknown or not isinstance(name, str):
        raise InvalidInput(
            f"settings {', '.join(unknown) or 'without a lab'}",
            subject="hypervisors.lab",
            code="settings-invalid",
            hint='lab = "NAME", and nothing else',
        )
    try:
        return LabHypervisor(Lab(name))
    except LabError as error:
        raise InvalidInput(str(error), subject="hypervisors.lab.lab", code="settings-invalid") from error


class LabHypervisor:
    """Runs guests in a lab. The lab's own functions wait for programs, so they run in threads."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._hosts = frozenset(lab.state.hosts)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="lab")
        self._turns: dict[str, threading.Lock] = {}

    @property
    def name(self) -> str:
        """As CloudStack calls hypervisors of test machines."""
        return NAME

    @property
    def images(self) -> tuple[Image, ...]:
        """One: a namespace."""
        return IMAGES

    @property
    def can_create(self) -> bool:
        """Yes."""
        return True

    def runs_on(self, host: HostFacts) -> bool:
        """On hosts that are called as the lab's are."""
        return host.name in self._hosts

    async def start(self, guest: GuestPlan, host: HostFacts) -> None:
        """Have a machine with exactly these interfaces on a host."""
        await self._in_thread(guest.name, self._start, guest, host.name)

    async def stop(self, guest: GuestPlan, host: HostFacts, *, forced: bool) -> None:
        """Have no such machine on a host."""
        await self._in_thread(guest.name, self._stop, guest.name, host.name)

    async def prepare(self, guest: GuestPlan, source: HostFacts, target: HostFacts) -> None:
        """Plug all interfaces of a machine at the target too."""
        await self._in_thread(guest.name, self._prepare, guest.name, target.name)

    async def abandon(self, guest: GuestPlan, target: HostFacts) -> None:
        """Unplug at the target whatever the machine does not use."""
        await self._in_thread(guest.name, self._abandon, guest.name, target.name)

    async def migrate(self, guest: GuestPlan, source: HostFacts, target: HostFacts) -> None:
        """Move a machine with all its interfaces."""
        await self._in_thread(guest.name, self._migrate, guest.name, target.name)

    async def remove(self, guest: GuestPlan) -> None:
        """Nothing is kept of a machine that does not run; one that does is removed."""
        await self._in_thread(guest.name, self._stop, guest.name, None)

    async def report(self, hosts: Iterable[HostFacts]) -> tuple[GuestSeen, ...]:
        """All machines on these hosts."""
        names_of_hosts = {host.name for host in hosts}
        state = await self._in_thread("", lambda: self._lab.state)
        return tuple(seen for seen in seen_in(state) if seen.host in names_of_hosts)

    async def _in_thread(self, guest: str, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Do something with a guest when what was begun with it before is over, though nobody waits for that any more."""
        turn = self._turns.setdefault(guest, threading.Lock())

        def in_turn() -> T:
            with turn:
                return work(*arguments, **named)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, in_turn)
        except LabError as error:
            raise PeerError(str(error), code="lab-refused", subject=error.subject) from error

    # -- in a thread -------------------------------------------------------------------------------------------------

    def _start(self, plan: GuestPlan, host: str) -> None:
        self._lab.host(host)
        wanted = {nic.identity: nic for nic in plan.nics}
        there = {_named(each, plan): each for each in self._interfaces(plan.name)}
        for identity, interface in list(there.items()):
            if identity not in wanted or interface.state.host != host or not _whole(interface):
                self._lab.remove_guest(interface.name)
                del there[identity]
        taken = {interface.name for interface in there.values()}
        free = (name for n in range(100) if (name := f"{plan.name}+{n}") not in taken)
        fresh = [
            _guest_plan(next(free), host, nic) for identity, nic in wanted.items() if identity not in there
        ]
        for identity, interface in there.items():
            _configure(interface, wanted[identity or ""])
        if fresh:
            self._lab.add_guests(fresh)
        _set_up(self._lab, plan, {each.state.identity: each for each in self._interfaces(plan.name)})

    def _stop(self, name: str, host: str | None) -> None:
        for interface in self._interfaces(name):
            if host is None or interface.state.host == host:
                self._lab.remove_guest(interface.name)

    def _prepare(self, name: str, host: str) -> None:
        target = self._lab.host(host)
        for interface in self._interfaces(name):
            if interface.state.host != host and not interface.is_prepared(target):
                interface.prepare_migration(target)

    def _abandon(self, name: str, host: str) -> None:
        target = self._lab.host(host)
        for interface in self._interfaces(name):
            interface.leave(target)

    def _migrate(self, name: str, host: str) -> None:
        self._prepare(name, host)
        target = self._lab.host(host)
        moving = [each for each in self._interfaces(name) if each.state.host != host]
        sources = [each.host for each in moving]
        for interface in moving:
            interface.switch_over(target)
        for interface, source in zip(moving, sources, strict=True):
            interface.finish_migration(source)

    def _interfaces(self, name: str) -> list[Guest]:
        return [guest for key, guest in self._lab.guests.items() if names.machine_of(key) == name]


def seen_in(state: LabState) -> Iterator[GuestSeen]:
    """The machines of a lab; those that netloom did not make are seen too."""
    machines: dict[str, list[GuestState]] = {}
    for guest in state.guests.values():
        machines.setdefault(names.machine_of(guest.name), []).append(guest)
    for name, guests in machines.items():
        yield GuestSeen(
            name=name,
            host=guests[0].host,
            running=True,
            nics=tuple(
                NicSeen(
                    mac=guest.mac,
                    identity=guest.identity,
                    addresses=tuple(
                        str(ipaddress.ip_interface(text).ip) for text in (guest.ipv4, guest.ipv6) if text
                    ),
                )
                for guest in guests
            ),
        )


def _whole(interface: Guest) -> bool:
    """Whether an interface is all there: who made it may have been killed on the way."""
    state = interface.state
    try:
        link = interface.exec(["ip", "link", "show", "dev", interface.device], check=False)
        port = interface.host.vsctl("--if-exists", "get", "Interface", state.port, "name")
    except LabError:
        return False
    return link.returncode == 0 and (state.identity is None or bool(port.strip()))


def _named(interface: Guest, plan: GuestPlan) -> str | None:
    """The identity of an interface; one known by its MAC only (of a machine that was there before) is plugged with it."""
    state = interface.state
    nic = next((nic for nic in plan.nics if nic.mac == state.mac), None)
    if state.identity is None and nic is not None:
        interface.unplug()
        interface.plug(nic.identity)
        return nic.identity
    return state.identity


def _guest_plan(name: str, host: str, nic: NicPlan) -> labs.GuestPlan:
    return labs.GuestPlan(
        name=name, host=host, mac=nic.mac, ipv4=nic.ipv4, ipv6=nic.ipv6, mtu=nic.mtu, identity=nic.identity
    )


def _configure(interface: Guest, nic: NicPlan) -> None:
    now = interface.state
    if (now.mac, now.ipv4, now.ipv6, now.mtu) != (nic.mac, nic.ipv4, nic.ipv6, nic.mtu):
        interface.configure(mac=nic.mac, ipv4=nic.ipv4, ipv6=nic.ipv6, mtu=nic.mtu)


def _set_up(lab: Lab, plan: GuestPlan, interfaces: Mapping[str | None, Guest]) -> None:
    """What DHCP would have told the guest besides its addresses: secondary ones and the default route."""
    lines: list[str] = []
    room = names.guest_namespace(lab.name, plan.name)
    for nic in plan.nics:
        interface = interfaces.get(nic.identity)
        if interface is None:
            continue
        present = _addresses(interface)
        keep = {nic.ipv4, nic.ipv6, *nic.secondary}
        lines += [f"addr del {each} dev {interface.device}" for each in present if each not in keep]
        lines += [f"addr add {each} dev {interface.device}" for each in nic.secondary if each not in present]
        if nic.is_default and nic.gateway is not None and nic.ipv4 is not None:
            lines.append(f"route replace default via {nic.gateway} dev {interface.device}")
    namespaces.ip_batch(lines, namespace=room)


def _addresses(interface: Guest) -> list[str]:
    """The addresses that a guest has on an interface, with their prefixes, but those of the link itself."""
    shown = interface.exec(["ip", "-o", "addr", "show", "dev", interface.device, "scope", "global"]).stdout
    return [words[3] for line in shown.splitlines() if len(words := line.split()) > 3]
