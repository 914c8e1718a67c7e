"""What runs instances on hosts: the port, and the adapters that are installed and configured.

Rule 1: an adapter is told what should be, never what changed: every call is idempotent, and a job cut off calls again.
Rule 2: an adapter comes by entry point (group `netloom.hypervisors`) and is made only when the settings name it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Final, Protocol, TypeVar, runtime_checkable

import msgspec
import structlog

from netloom.aio.limits import Allowance, OutOfTime, limited
from netloom.app.cloud.patience import HYPERVISOR_SLOW, PATIENCE
from netloom.base.errors import InvalidInput, Unavailable
from netloom.base.ids import HostId, NicId, Uuid

ENTRY_POINTS: Final = "netloom.hypervisors"

Setting = str | int | float | bool
T = TypeVar("T")

_log = structlog.get_logger("netloom.hypervisors")


class HostFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A host as adapters see it; `system_id`: what its Open vSwitch says it is."""

    id: HostId
    name: str
    system_id: str | None = None


class NicPlan(msgspec.Struct, frozen=True, kw_only=True):
    """An interface of a guest.

    Attributes:
        identity: what its port says in `external_ids:iface-id`.
        ipv4, ipv6: with the length of the network's prefix (`10.1.1.5/24`).
        gateway: where the default route leads, for the default interface of a network that has one.
        secondary: further addresses, with prefix.
        mtu: octets.
    """

    id: NicId
    identity: str
    device_number: int
    mac: str
    ipv4: str | None = None
    ipv6: str | None = None
    gateway: str | None = None
    secondary: tuple[str, ...] = ()
    mtu: int = 1400
    is_default: bool = False


class GuestPlan(msgspec.Struct, frozen=True, kw_only=True):
    """An instance as a hypervisor has to run it.

    Attributes:
        name: unique among all instances: what it is called there.
        hostname: what it calls itself.
        image: the template's, as the adapter knows it.
        memory, cpu_speed: MiB, MHz.
        user_data: base64.
        keys: public SSH keys.
        external_id: what the adapter called it before netloom knew it; None for netloom's own.
    """

    id: Uuid
    name: str
    hostname: str
    image: str
    cpu_number: int
    cpu_speed: int
    memory: int
    nics: tuple[NicPlan, ...]
    user_data: str | None = None
    keys: tuple[str, ...] = ()
    external_id: str | None = None


class NicSeen(msgspec.Struct, frozen=True, kw_only=True):
    """An interface that a hypervisor reports."""

    mac: str
    identity: str | None = None
    addresses: tuple[str, ...] = ()


class GuestSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A machine that a hypervisor reports.

    Attributes:
        name: what it is called there: an instance's `internal_name`, or its `external_id`.
        host: the host's name.
    """

    name: str
    host: str
    running: bool
    nics: tuple[NicSeen, ...] = ()
    cpu_number: int = 1
    memory: int = 512


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """Something that an adapter can make guests of: the start of a template."""

    image: str
    name: str
    display_text: str
    os_type: str = "Other Linux (64-bit)"
    format: str = "RAW"


class Hypervisor(Protocol):
    """Runs guests on the hosts of its kind."""

    @property
    def name(self) -> str:
        """CloudStack's word for its kind: `KVM`, `XenServer`, `Simulator`."""
        ...

    @property
    def images(self) -> tuple[Image, ...]:
        """What it can make guests of."""
        ...

    @property
    def can_create(self) -> bool:
        """Whether it makes guests, or only reports those that somebody else made."""
        ...

    def runs_on(self, host: HostFacts) -> bool:
        """Whether guests can run on a host; answers at once."""
        ...

    async def start(self, guest: GuestPlan, host: HostFacts) -> None:
        """Have a guest run on a host with exactly these interfaces; one that runs there is changed while it runs.

        Raises:
            NetloomError: it does not, and why.
        """
        ...

    async def stop(self, guest: GuestPlan, host: HostFacts, *, forced: bool) -> None:
        """Have a guest not run on a host; one that is not there is stopped.

        Raises:
            NetloomError: it still runs, and why.
        """
        ...

    async def migrate(self, guest: GuestPlan, source: HostFacts, target: HostFacts) -> None:
        """Have a running guest run on another host without stopping it; done already when it is there.

        Raises:
            NetloomError: it stayed where it was, and why.
        """
        ...

    async def remove(self, guest: GuestPlan) -> None:
        """Forget a guest that does not run, with all that it kept.

        Raises:
            NetloomError: something is left of it.
        """
        ...

    async def report(self, hosts: Iterable[HostFacts]) -> tuple[GuestSeen, ...]:
        """All guests on these hosts, also those that netloom did not make.

        Raises:
            NetloomError: they cannot be asked; nothing may be concluded then.
        """
        ...


@runtime_checkable
class Prepares(Protocol):
    """What an adapter may do besides: have the target's interfaces there, known by their identities, before a guest moves.

    Between this call and `migrate` netloom waits, for a bounded time, until the switches forward to the target too.
    """

    async def prepare(self, guest: GuestPlan, source: HostFacts, target: HostFacts) -> None:
        """Have a running guest's interfaces at the target as well; it runs on, and is reached, where it is.

        Raises:
            NetloomError: they are not there, and why.
        """
        ...

    async def abandon(self, guest: GuestPlan, target: HostFacts) -> None:
        """Have none of the interfaces there that `prepare` made: the guest did not move. One that runs there stays whole.

        Raises:
            NetloomError: something is left of them.
        """
        ...


class HypervisorFactory(Protocol):
    """What an entry point gives."""

    def __call__(self, settings: Mapping[str, Setting]) -> Hypervisor:
        """An adapter.

        Raises:
            InvalidInput: a setting is wrong.
        """
        ...


async def within(call: Coroutine[object, object, T], what: str, seconds: float = PATIENCE.hypervisor) -> T:
    """What an adapter's call gives, if it ends in time: one that never does must not keep an instance for ever.

    An adapter that works in threads has to see that a call which was given up, and goes on in its thread, is over before
    the next one for the same guest begins.

    Raises:
        Unavailable: it took too long (`hypervisor-slow`); the next try is told the same thing again.
    """
    try:
        return await limited(call, Allowance(seconds), what)
    except OutOfTime as error:
        raise Unavailable(
            f"the hypervisor did not {what} within {seconds:g} s", code=HYPERVISOR_SLOW, subject="hypervisor"
        ) from error


def _always(_host_id: HostId) -> bool:
    return True


InForce = Callable[[Collection[NicId], HostId], Awaitable[None]]
"""Returns when the switches forward to these NICs at this host; whoever asks bounds the wait."""


async def _nobody_knows(_nics: Collection[NicId], _host_id: HostId) -> None:
    """Where nobody watches switches there is nothing to wait for."""


Places = Mapping[NicId, Collection[HostId]]
"""NICs and the hosts whose switches show a port of theirs."""


def _nowhere() -> Places:
    """Where nobody watches switches nothing is seen twice."""
    return {}


class Hypervisors:
    """The adapters of this process, by their names.

    Args:
        adapters: one for each kind.
        reachable: whether a host's switch is connected now; answers at once.
        in_force: waits until the switches forward to NICs at a host.
        several: the NICs that more than one switch shows now, with their hosts; answers at once.
    """

    def __init__(
        self,
        adapters: Iterable[Hypervisor] = (),
        reachable: Callable[[HostId], bool] = _always,
        in_force: InForce = _nobody_knows,
        several: Callable[[], Places] = _nowhere,
    ) -> None:
        self.adapters: Mapping[str, Hypervisor] = {adapter.name: adapter for adapter in adapters}
        self.reachable = reachable
        self.in_force = in_force
        self.several = several

    def get(self, name: str) -> Hypervisor:
        """An adapter.

        Raises:
            Unavailable: none of this name is configured (`hypervisor-missing`).
        """
        found = self.adapters.get(name)
        if found is None:
            there = ", ".join(self.adapters) or "none"
            raise Unavailable(
                f"no hypervisor {name!r} is configured",
                code="hypervisor-missing",
                subject="hypervisor",
                hint=f"configured: {there}; a section [hypervisors.NAME] of the settings makes one",
            )
        return found


def configured(
    settings: Mapping[str, Mapping[str, Setting]],
    reachable: Callable[[HostId], bool] = _always,
    points: Iterable[EntryPoint] | None = None,
    in_force: InForce = _nobody_knows,
    several: Callable[[], Places] = _nowhere,
) -> Hypervisors:
    """The adapters that the settings name, made.

    Args:
        settings: a section for each, by the name of its entry point.
        reachable: whether a host's switch is connected now.
        points: where they are looked up; None: what is installed.
        in_force: waits until the switches forward to NICs at a host.
        several: the NICs that more than one switch shows now.

    Raises:
        InvalidInput: nothing installed has this name, or it refuses its settings.
    """
    known = {p.name: p for p in (entry_points(group=ENTRY_POINTS) if points is None else points)}
    made: list[Hypervisor] = []
    for name, section in settings.items():
        point = known.get(name)
        if point is None:
            raise InvalidInput(
                f"no package installed here brings a hypervisor {name!r}",
                subject=f"hypervisors.{name}",
                code="hypervisor-unknown",
                hint=f"installed: {', '.join(sorted(known)) or 'none'}",
            )
        factory: HypervisorFactory = point.load()
        made.append(factory(section))
        _log.info("hypervisor configured", name=name, kind=made[-1].name)
    return Hypervisors(made, reachable, in_force, several)
