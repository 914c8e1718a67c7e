"""Who designs a network: exactly one guru, chosen for reasons that every guru can tell.

Rule 1: gurus are asked all, in the order of their names; one yes is a choice, none or several are an error that quotes every
answer. There is no order of precedence to depend on.
Rule 2: a design is a proposal without side effects: segment and addresses are allocated by whoever keeps them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

import msgspec

from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.networks import UNTAGGED
from netloom.model.cloud.offerings import GuestType, Traffic
from netloom.model.cloud.services import Service
from netloom.model.isolation import MAX_VLAN, PREFERENCE, TUNNELS, Isolation
from netloom.model.states import NetworkState


class Verdict(msgspec.Struct, frozen=True):
    """An answer and its reason, as one sentence without a full stop at its end."""

    yes: bool
    reason: str


class WireFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A physical network as gurus see it.

    Attributes:
        providers: those that serve on it: enabled ones, and for a network that is there those that serve it already.
        withheld: services that an operator left out when a provider was enabled.
    """

    id: Uuid
    name: str
    isolations: tuple[Isolation, ...]
    providers: frozenset[str] = frozenset()
    withheld: Mapping[str, frozenset[Service]] = {}

    @property
    def tunnels(self) -> tuple[Isolation, ...]:
        """The encapsulations it carries, the preferred one first."""
        return tuple(i for i in PREFERENCE if i in self.isolations and i in TUNNELS)

    @property
    def carries_vlans(self) -> bool:
        """Whether networks can have a VLAN of it."""
        return Isolation.VLAN in self.isolations


class DesignQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A network that somebody wants, as far as gurus care.

    Attributes:
        basic_zone: the zone is flat: instances get their isolation from security groups only.
        guest_type: None for networks of the system (`traffic` is not Guest).
        services: who gives what, of the offering.
        specify_vlan: the offering lets the operator name the VLAN.
        vlan: the one named; `untagged` for none.
        cidr, gateway, cidr6, gateway6: as asked, canonical.
    """

    traffic: Traffic
    wires: WireFacts
    guest_type: GuestType | None = None
    basic_zone: bool = False
    services: Mapping[Service, tuple[str, ...]] = {}
    specify_vlan: bool = False
    vlan: str | None = None
    vpc_id: Uuid | None = None
    cidr: str | None = None
    gateway: str | None = None
    cidr6: str | None = None
    gateway6: str | None = None

    @property
    def connectivity(self) -> str | None:
        """The provider that the offering leaves the wires to; None: it does not say."""
        return next(iter(self.services.get(Service.CONNECTIVITY, ())), None)


class Design(msgspec.Struct, frozen=True, kw_only=True):
    """What a guru proposes.

    Attributes:
        state: Allocated (implemented with its first NIC) or Setup (there is nothing to implement).
        isolation: how it is kept apart.
        segment: the segment it must have; None: any free one. 0: untagged.
        domain_type: the word for its broadcast domain in answers (`Vlan`, `Vxlan`, `Vswitch`, …).
    """

    state: NetworkState
    isolation: Isolation
    segment: int | None
    domain_type: str
    cidr: str | None = None
    gateway: str | None = None
    cidr6: str | None = None
    gateway6: str | None = None


class NetworkGuru(Protocol):
    """Designs networks of one sort."""

    @property
    def name(self) -> str:
        """The word that is kept with each network of its design, for ever."""
        ...

    def can_handle(self, question: DesignQuestion) -> Verdict:
        """Whether this network is its own, and why (not). At most one guru says yes to a question."""
        ...

    def design(self, question: DesignQuestion) -> Design:
        """The network as it would be; only asked after a yes.

        Raises:
            InvalidInput: what was asked cannot be, in a way that another request could.
        """
        ...


class GuruAnswer(msgspec.Struct, frozen=True):
    """What a guru said."""

    guru: str
    verdict: Verdict


class GuruChoice(msgspec.Struct, frozen=True):
    """All answers, and the guru that they lead to."""

    guru: NetworkGuru
    answers: tuple[GuruAnswer, ...]


def ask_all(gurus: Iterable[NetworkGuru], question: DesignQuestion) -> tuple[GuruAnswer, ...]:
    """Every guru's answer, by name."""
    return tuple(
        GuruAnswer(guru.name, guru.can_handle(question)) for guru in sorted(gurus, key=lambda g: g.name)
    )


def choose_guru(gurus: Mapping[str, NetworkGuru], question: DesignQuestion) -> GuruChoice:
    """The guru of a network.

    Raises:
        Conflict: none says yes (`no-guru`), or several do (`several-gurus`).
    """
    answers = ask_all(gurus.values(), question)
    chosen = [answer for answer in answers if answer.verdict.yes]
    if len(chosen) == 1:
        return GuruChoice(gurus[chosen[0].guru], answers)
    if not chosen:
        raise Conflict(
            f"nobody designs this network on physical network {question.wires.name!r}: "
            + "; ".join(f"{a.guru}: {a.verdict.reason}" for a in answers),
            code="no-guru",
            subject="networkofferingid",
            hint="use an offering or a physical network that one of them accepts",
        )
    raise Conflict(
        f"{len(chosen)} claim this network on physical network {question.wires.name!r}: "
        + "; ".join(f"{a.guru}: {a.verdict.reason}" for a in chosen),
        code="several-gurus",
        subject="networkofferingid",
        hint="disable all but one of these providers on the physical network",
    )


DOMAIN_TYPES: Final[Mapping[Isolation, str]] = {
    Isolation.VLAN: "Vlan",
    Isolation.VXLAN: "Vxlan",
    Isolation.GRE: "Vswitch",
    Isolation.GENEVE: "Geneve",
}
"""The words of broadcast domains. (CloudStack has none for Geneve.)"""

URI_SCHEMES: Final[Mapping[Isolation, str]] = {
    Isolation.VLAN: "vlan",
    Isolation.VXLAN: "vxlan",
    Isolation.GRE: "vs",
    Isolation.GENEVE: "geneve",
}
"""The schemes of `broadcasturi`."""


def broadcast_uri(isolation: Isolation, segment: int) -> str:
    """How answers name a broadcast domain: `vlan://500`, `vlan://untagged`."""
    untagged = isolation is Isolation.VLAN and segment == 0
    return f"{URI_SCHEMES[isolation]}://{'untagged' if untagged else segment}"


def named_segment(question: DesignQuestion) -> int:
    """The VLAN that was named, as a segment; 0: untagged.

    Raises:
        InvalidInput: it is none, or the physical network carries no VLANs.
    """
    text = (question.vlan or UNTAGGED).strip().lower().removeprefix("vlan://")
    if not question.wires.carries_vlans:
        carried = ", ".join(i.value for i in question.wires.isolations)
        raise InvalidInput(
            f"physical network {question.wires.name!r} carries no VLANs",
            code="isolation-not-offered",
            subject="vlan",
            hint=f"it carries {carried}; give it the isolation vlan, and its hosts an uplink",
        )
    if text == UNTAGGED:
        return 0
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_VLAN:
        raise InvalidInput(
            f"{question.vlan!r} is not a VLAN", subject="vlan", hint=f"1 to {MAX_VLAN}, or {UNTAGGED}"
        )
    return int(text)


def proposal(
    question: DesignQuestion, isolation: Isolation, segment: int | None, *, state: NetworkState
) -> Design:
    """A design with the addresses that were asked for."""
    return Design(
        state=state,
        isolation=isolation,
        segment=segment,
        domain_type=DOMAIN_TYPES[isolation],
        cidr=question.cidr,
        gateway=question.gateway,
        cidr6=question.cidr6,
        gateway6=question.gateway6,
    )
