"""Who designs networks and who gives their services: what is built in, and what is installed beside.

Rule 1: this is the only place where a guru or an element is chosen: one answer, one line in the log, quoted by `explain`.
Rule 2: a plug-in that cannot be loaded is left out and told of; nothing else stops because of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points

import structlog

from netloom.base.errors import Conflict, InvalidInput
from netloom.model.cloud.services import ProviderFacts, Service, words
from netloom.model.cloud.services_known import KNOWN_PROVIDERS
from netloom.plan.elements import NetworkElement, NetworkFacts, Provider, Resolution, resolve
from netloom.plan.gurus import DesignQuestion, GuruAnswer, GuruChoice, NetworkGuru, ask_all, choose_guru
from netloom.providers.control.guru import ControlGuru
from netloom.providers.l2.guru import L2Guru
from netloom.providers.ovs.element import SECURITY_GROUPS, OvsElement
from netloom.providers.ovs.guru import OvsGuru
from netloom.providers.public.guru import PublicGuru
from netloom.providers.shared.guru import SharedGuru
from netloom.providers.storage.guru import StorageGuru
from netloom.providers.vlan.guru import VlanGuru

ENTRY_POINTS = "netloom.providers"

_log = structlog.get_logger("netloom.providers")


def built_in() -> tuple[Provider, ...]:
    """The providers that come with netloom."""
    return (
        Provider(name="Ovs", element=OvsElement(), gurus=(OvsGuru(),)),
        Provider(name="SecurityGroups", element=SECURITY_GROUPS),
        Provider(name="Vlan", gurus=(VlanGuru(),)),
        Provider(name="Shared", gurus=(SharedGuru(),)),
        Provider(name="L2", gurus=(L2Guru(),)),
        Provider(name="Public", gurus=(PublicGuru(),)),
        Provider(name="Control", gurus=(ControlGuru(),)),
        Provider(name="Storage", gurus=(StorageGuru(),)),
    )


def installed(points: Iterable[EntryPoint] | None = None) -> tuple[Provider, ...]:
    """The providers that other packages bring, by name; those that cannot be loaded are logged and left out."""
    found: dict[str, Provider] = {}
    for point in sorted(entry_points(group=ENTRY_POINTS) if points is None else points, key=lambda p: p.name):
        provider = _load(point)
        if provider is not None:
            found[provider.name] = provider
    return tuple(found.values())


def _load(point: EntryPoint) -> Provider | None:
    try:
        loaded: object = point.load()
        made: object = loaded() if callable(loaded) else loaded
    except Exception as error:  # noqa: BLE001 - the plug-in door: others' code must not stop ours
        _log.error("provider not loaded", provider=point.name, package=point.value, error=repr(error))
        return None
    if not isinstance(made, Provider):
        _log.error(
            "provider not loaded",
            provider=point.name,
            package=point.value,
            error=f"{type(made).__name__} is not a netloom.plan.elements.Provider",
        )
        return None
    return made


class Providers:
    """The gurus and elements of this process.

    Raises:
        Conflict: two bring an element of one provider, or a guru of one name (`provider-twice`).
    """

    def __init__(self, providers: Iterable[Provider] = ()) -> None:
        self.gurus: Mapping[str, NetworkGuru] = {}
        self.elements: Mapping[str, NetworkElement] = {}
        gurus: dict[str, NetworkGuru] = {}
        elements: dict[str, NetworkElement] = {}
        for provider in providers:
            for guru in provider.gurus:
                if guru.name in gurus:
                    raise _twice("guru", guru.name)
                gurus[guru.name] = guru
            if provider.element is not None:
                name = provider.element.facts.name
                if name in elements:
                    raise _twice("element of provider", name)
                elements[name] = provider.element
        self.gurus, self.elements = gurus, elements
        self.facts: Mapping[str, ProviderFacts] = {
            **KNOWN_PROVIDERS,
            **{name: element.facts for name, element in elements.items()},
        }
        """What every provider is able to do that can stand in an offering, installed or not."""

    def choose(self, question: DesignQuestion, name: str) -> GuruChoice:
        """The guru of a new network.

        Raises:
            Conflict: none answers for it, or several do; every answer is quoted.
        """
        choice = choose_guru(self.gurus, question)
        _log.info(
            "guru chosen",
            network=name,
            guru=choice.guru.name,
            why=next(a.verdict.reason for a in choice.answers if a.guru == choice.guru.name),
        )
        return choice

    def why(self, question: DesignQuestion) -> tuple[GuruAnswer, ...]:
        """What every guru says to a network, without choosing."""
        return ask_all(self.gurus.values(), question)

    def designed(self, question: DesignQuestion) -> bool:
        """Whether exactly one guru would design such a network, and so that its wires can carry it."""
        saying_yes = [answer.guru for answer in self.why(question) if answer.verdict.yes]
        if len(saying_yes) != 1:
            return False
        try:
            self.gurus[saying_yes[0]].design(question)
        except InvalidInput:  # a VLAN was named, say, and these wires carry none
            return False
        return True

    def resolve(self, network: NetworkFacts, service: Service) -> Resolution:
        """The element of a service of a network, or why there is none."""
        resolution = resolve(self.elements, network, service)
        _log.debug(
            "element resolved",
            network=network.name,
            service=service.value,
            element=resolution.provider,
            why=resolution.reason,
        )
        return resolution

    def element(self, network: NetworkFacts, service: Service) -> NetworkElement:
        """The element of a service of a network.

        Raises:
            Conflict: none gives it (`service-not-provided`).
        """
        resolution = self.resolve(network, service)
        if resolution.element is None:
            raise nobody_gives(network.name, (resolution,))
        return resolution.element

    def elements_of(self, network: NetworkFacts) -> tuple[NetworkElement, ...]:
        """All elements that give services of a network, each once, in the order of the services.

        Raises:
            Conflict: a service of the offering has none (`service-not-provided`).
        """
        resolutions = self._resolutions(network)
        missing = tuple(r for r in resolutions if r.element is None)
        if missing:
            raise nobody_gives(network.name, missing)
        return tuple({id(r.element): r.element for r in resolutions if r.element is not None}.values())

    def missing(self, network: NetworkFacts) -> tuple[Resolution, ...]:
        """The services of the offering that nobody gives to this network, and why."""
        return tuple(r for r in self._resolutions(network) if r.element is None)

    def _resolutions(self, network: NetworkFacts) -> list[Resolution]:
        """The gateway is whoever gives SourceNat: nobody has to give it besides."""
        return [
            self.resolve(network, service)
            for service in Service
            if service in network.services and service is not Service.GATEWAY
        ]


def nobody_gives(network: str, missing: Iterable[Resolution]) -> Conflict:
    """The error for services that no enabled provider offers."""
    named = tuple(missing)
    reasons = "; ".join(f"{r.service.value}: {r.reason}" for r in named)
    return Conflict(
        f"no enabled provider offers {words(r.service for r in named)} for network {network!r} ({reasons})",
        code="service-not-provided",
        subject="networkofferingid",
        hint="enable a provider that gives them on the physical network, or use an offering without them",
    )


def _twice(what: str, name: str) -> Conflict:
    return Conflict(
        f"there are two for the {what} {name!r}",
        code="provider-twice",
        subject=name,
        hint="uninstall one of the packages that bring it",
    )


def default_providers() -> Providers:
    """What is built in, and what is installed and fits beside it."""
    chosen = [*built_in()]
    for provider in installed():
        try:
            Providers([*chosen, provider])
        except Conflict as error:
            _log.error("provider not loaded", provider=provider.name, error=str(error))
        else:
            chosen.append(provider)
    return Providers(chosen)
