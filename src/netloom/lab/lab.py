"""A lab as a whole: brought up in parallel, used, taken down completely whatever happened in between.

Rule 1: the plan is on disk first; a failure or Ctrl-C on the way takes down what was made.
Rule 2: `down` needs nobody's memory: the state file, the namespaces' names and the processes' token are enough.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import os
import pathlib
import secrets
import signal
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Self, TypeVar

import msgspec

from netloom.lab import daemons, errors, links, names, namespaces, process
from netloom.lab.errors import LabError
from netloom.lab.frames import Filter, Sniffer
from netloom.lab.guest import Guest, device_lines, finish_cable, guests_of
from netloom.lab.host import Host
from netloom.lab.state import GuestState, HostState, LabState, StateFile, exclusive, labs

Item = TypeVar("Item")

PARALLEL = 6
"""Hosts that are brought up at the same time."""

DATAPATH_VARIABLE = "NETLOOM_LAB_DATAPATH"
"""With it the demos and the tests, which say nothing of datapaths, run on the kernel's."""


@dataclasses.dataclass(frozen=True)
class GuestPlan:
    """A guest to be made. Addresses are in interface form: `10.0.0.5/24`, `fd00::5/64`.

    `identity`: plug it with this iface-id; `plugged` without one: plug it unnamed; neither: leave its device beside br-int.
    """

    name: str
    host: str
    mac: str | None = None
    ipv4: str | None = None
    ipv6: str | None = None
    mtu: int = 1400
    identity: str | None = None
    plugged: bool = False


class Lab:
    """A running lab; a context manager that takes it down.

    Args:
        name: of a lab that is up. Use `Lab.up` to make one.
    """

    def __init__(self, name: str) -> None:
        self._file = StateFile(name)
        self.name = name
        self._file.load()

    @classmethod
    def up(
        cls,
        name: str | None = None,
        *,
        hosts: int = 3,
        ipv6: bool = False,
        mtu: int = 1500,
        lan: bool = False,
        keep: bool = False,
    ) -> Lab:
        """Bring up a lab, on the datapath that NETLOOM_LAB_DATAPATH names (`netdev`, `system`), or else on `netdev`.

        Args:
            name: None: a random one.
            hosts: how many, called h1, h2, …
            ipv6: give the underlay IPv6 addresses too.
            mtu: of the underlay.
            lan: give every host an interface to a second Ethernet (`Host.join_lan`), for VLANs.
            keep: it stays when the calling process ends; else the next `up` of anybody removes it then.

        Raises:
            LabError: not root, something is missing (also: of the kernel), the name is taken, or a daemon does not come up.
        """
        datapath = os.environ.get(DATAPATH_VARIABLE) or "netdev"
        errors.check_machine(datapath)
        if not 1 <= hosts <= names.MAX_HOSTS:
            raise LabError(f"a lab of {hosts} hosts", hint=f"1 to {names.MAX_HOSTS}")
        name = name or f"lab-{secrets.token_hex(4)}"
        plan = LabState(
            name=name,
            token=secrets.token_hex(16),
            hosts={names.host_name(n): HostState(n, names.host_name(n)) for n in range(1, hosts + 1)},
            ipv6=ipv6,
            mtu=mtu,
            lan=lan,
            datapath=datapath,
            owner=None if keep else process.this_process(),
            namespaces=tuple(
                names.namespace(name, role)
                for role in (
                    links.UNDERLAY,
                    links.CONTROL,
                    *([links.LAN] if lan else []),
                    *(names.host_name(n) for n in range(1, hosts + 1)),
                )
            ),
        )
        file = StateFile(name)
        with exclusive():  # or a sweep could take a name's new lab for its old one
            _sweep()
            file.create(plan)
        try:
            namespaces.ip_batch(f"netns add {namespace}" for namespace in plan.namespaces)
            links.lay(plan)
            if lan:
                links.lay_lan(plan)
            template = daemons.make_template(file.directory)
            lab = cls(name)
            each(lambda host: daemons.bring_up(file, host, plan, template), lab.hosts.values())
        except BaseException:
            down(name)
            raise
        return lab

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def down(self) -> None:
        """Take everything down."""
        down(self.name)

    def __repr__(self) -> str:
        return f"<Lab {self.name}>"

    @property
    def state(self) -> LabState:
        """What it consists of, as stored now."""
        return self._file.load()

    @property
    def directory(self) -> pathlib.Path:
        """Where its files are; it goes with the lab."""
        return self._file.directory

    @property
    def hosts(self) -> Mapping[str, Host]:
        """Its hosts by name."""
        return {name: Host(self._file, host) for name, host in self.state.hosts.items()}

    @property
    def guests(self) -> Mapping[str, Guest]:
        """Its guests by name."""
        return guests_of(self._file, self.state)

    def host(self, name: str) -> Host:
        """A host by name."""
        try:
            return Host(self._file, self.state.hosts[name])
        except KeyError as error:
            raise LabError(f"there is no host {name}", code="no-host", subject=self.name) from error

    def guest(self, name: str) -> Guest:
        """A guest by name."""
        if name not in self.state.guests:
            raise LabError(f"there is no guest {name}", code="no-guest", subject=self.name)
        return Guest(self._file, name)

    @property
    def control_namespace(self) -> str:
        """The namespace from which the hosts' management addresses are reached over TCP and TLS.

        A netloomd that shall dial hosts, or be dialled at `CONTROL_ADDRESS`, is started in it (`ip netns exec`), or its
        sockets are opened inside `namespaces.entered(lab.control_namespace)`.
        """
        return names.namespace(self.name, links.CONTROL)

    def add_guest(self, plan: GuestPlan) -> Guest:
        """Make a guest."""
        return self.add_guests([plan])[0]

    def add_guests(self, plans: Sequence[GuestPlan]) -> list[Guest]:
        """Make guests, all interfaces in one batch, all ports of a host in one transaction. `m+0` and `m+1` are interfaces
        of one machine `m`.

        Raises:
            LabError: a name is taken or not a name, or a host is not there.
        """
        before = self.state
        made = {plan.name: self._planned(plan) for plan in plans}
        if taken := sorted(made.keys() & before.guests.keys()):
            raise LabError(f"there is a guest {taken[0]} already", code="guest-exists", subject=self.name)
        rooms = {name: names.guest_namespace(self.name, name) for name in made}
        fresh = list(dict.fromkeys(room for room in rooms.values() if room not in before.namespaces))

        def claim(now: LabState) -> LabState:
            return msgspec.structs.replace(
                now, guests={**now.guests, **made}, namespaces=(*now.namespaces, *fresh)
            )

        self._file.update(claim)
        namespaces.ip_batch(f"netns add {room}" for room in fresh)
        for room in fresh:
            namespaces.sysctl(room, namespaces.QUIET_IPV6)
        namespaces.ip_batch(
            links.cable(g.device, rooms[g.name], g.port, names.namespace(self.name, g.host), g.mtu)
            for g in made.values()
        )
        for guest in made.values():
            room = rooms[guest.name]
            if guest.ipv6:
                namespaces.sysctl(room, namespaces.PROMPT_IPV6)
            finish_cable(guest.device, room, guest.port, names.namespace(self.name, guest.host))
            namespaces.ip_batch(["link set lo up", *device_lines(guest)], namespace=room)
        self._plug(plans, made)
        return [Guest(self._file, plan.name) for plan in plans]

    def remove_guest(self, name: str) -> None:
        """Unplug a guest and remove it; with the last interface of a machine everything that runs in it."""
        guest = self.guest(name)
        now = guest.state
        ports = [names.port_name(name, serial) for serial in range(now.serial + 1)]
        for host in self.hosts.values():
            if host.name == now.host or now.serial:
                with contextlib.suppress(
                    LabError
                ):  # its daemons may be dead; the device goes with the namespace
                    host.unplug(*ports)
        shared = any(
            names.machine_of(each) == names.machine_of(name) for each in self.state.guests if each != name
        )
        if not shared:
            process.stop(process.inside([guest.namespace], None))
        # A namespace's devices go some time after its name: a guest of this name that comes back would find its port.
        namespaces.ip_batch([f"link del {now.device}"], namespace=guest.namespace, force=True)
        if not shared:
            namespaces.ip_batch([f"netns del {guest.namespace}"], force=True)

        def forget(old: LabState) -> LabState:
            return msgspec.structs.replace(
                old,
                guests={key: value for key, value in old.guests.items() if key != name},
                namespaces=tuple(entry for entry in old.namespaces if shared or entry != guest.namespace),
            )

        self._file.update(forget)

    def sniff_underlay(self, host: str | None = None, what: Filter | None = None) -> Sniffer:
        """Watch the underlay at its switch: one host's cable, or what the switch itself sees of everything (the bridge
        device sees only what is flooded, so the first host's cable is watched when none is named).
        """
        port = host or next(iter(self.state.hosts))
        return Sniffer(names.namespace(self.name, links.UNDERLAY), port, what)

    def sniff_lan(self, host: str, what: Filter | None = None) -> Sniffer:
        """Watch a host's cable to the LAN at the switch; frames with a tag have their `vlan`."""
        return Sniffer(names.namespace(self.name, links.LAN), host, what)

    def _planned(self, plan: GuestPlan) -> GuestState:
        if plan.host not in self.state.hosts:
            raise LabError(f"there is no host {plan.host}", code="no-host", subject=f"guest/{plan.name}")
        return GuestState(
            name=names.check_guest(plan.name),
            host=plan.host,
            device=names.device_name(plan.name),
            port=names.port_name(plan.name),
            mac=plan.mac or _default_mac(self.name, plan.name),
            ipv4=plan.ipv4,
            ipv6=plan.ipv6,
            mtu=plan.mtu,
            identity=plan.identity,
        )

    def _plug(self, plans: Sequence[GuestPlan], made: Mapping[str, GuestState]) -> None:
        ports: dict[str, dict[str, tuple[str | None, str | None]]] = {}
        for plan in plans:
            if plan.plugged or plan.identity is not None:
                guest = made[plan.name]
                ports.setdefault(plan.host, {})[guest.port] = (plan.identity, guest.mac)
        each(lambda entry: self.host(entry[0]).plug_many(entry[1]), ports.items())


def down(name: str) -> None:
    """Take a lab down: its processes, its namespaces with all devices in them, its directory. Safe to repeat, and after
    a crash at any moment; signals to the caller wait until it is done.
    """
    file = StateFile(name)
    with _undisturbed():
        try:
            known = file.load()
        except LabError:
            known = None  # killed before the first write, or taken down already: names alone must do
        rooms = namespaces.existing(names.namespace_prefix(name))
        strangers = {known.owner} if known and known.owner else set()
        found = set(process.inside(rooms, known.token if known else None)) - strangers
        recorded = {p for p in known.processes.values() if process.alive(p)} if known else set()
        process.stop(found | recorded)
        namespaces.ip_batch((f"netns del {room}" for room in rooms), force=True)
        file.remove()


def sweep() -> list[str]:
    """Take down the labs whose owners died without doing so; their names."""
    with exclusive():
        return _sweep()


def _sweep() -> list[str]:
    removed = []
    for name in labs():
        try:
            owner = StateFile(name).load().owner
        except LabError:
            continue  # not ours to judge; `netloom lab down --name` removes it
        if owner is not None and not process.alive(owner):
            down(name)
            removed.append(name)
    return removed


def each(action: Callable[[Item], object], items: Iterable[Item]) -> None:
    """Do something for every item, a few at a time; the first error is raised when all ended."""
    with concurrent.futures.ThreadPoolExecutor(PARALLEL, thread_name_prefix="lab") as pool:
        jobs = [pool.submit(action, item) for item in items]
        try:
            concurrent.futures.wait(jobs, return_when=concurrent.futures.FIRST_EXCEPTION)
        finally:
            for job in jobs:
                job.cancel()
    for job in jobs:
        if not job.cancelled():
            job.result()


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold back Ctrl-C and SIGTERM: half a clean-up is none."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _default_mac(lab: str, guest: str) -> str:
    digits = f"{zlib.crc32(f'{lab}/{guest}'.encode()):08x}"
    return "02:99:" + ":".join(digits[i : i + 2] for i in range(0, 8, 2))
