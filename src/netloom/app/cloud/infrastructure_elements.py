"""Elements as CloudStack's operators know them: what a provider consists of, to be switched on before the provider.

netloom's elements are plug-ins: one that is installed is on. There is nothing to switch; whoever asks is told so in
CloudStack's words, so that what sets up a CloudStack zone sets up one here.

Rule 1: an element has no record: its id follows from its provider's.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final

import msgspec

from netloom.app.cloud.doing import Doing
from netloom.app.cloud.infrastructure import physical_networks, provider_by_id, providers_on
from netloom.app.cloud.infrastructure_providers import written
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, InvalidInput, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.infrastructure import NetworkServiceProvider, derived_id
from netloom.model.cloud.record import Record
from netloom.model.cloud.services_known import INTERNAL_LB, OVS, VIRTUAL_ROUTER, VPC_VIRTUAL_ROUTER

ROUTERS: Final = frozenset({VIRTUAL_ROUTER, VPC_VIRTUAL_ROUTER})
SWITCHES: Final = frozenset({OVS})
BALANCERS: Final = frozenset({INTERNAL_LB})


class ConfigureElement(msgspec.Struct, frozen=True, kw_only=True):
    """Switch an element on (which it is) or off (which it cannot be)."""

    id: Uuid
    enabled: bool


class AddElement(msgspec.Struct, frozen=True, kw_only=True):
    """Have a provider consist of something: it does as soon as it is installed."""

    provider_id: Uuid


def element_id(provider: Record) -> Uuid:
    """The id of a provider's element."""
    return derived_id(provider.id, "element")


def is_installed(view: View, provider: NetworkServiceProvider) -> bool:
    """Whether its element is there, and so is on."""
    return provider.name in view.backends.providers.elements


def elements(view: View, names: frozenset[str]) -> list[NetworkServiceProvider]:
    """The providers of these names on all physical networks; each has one element."""
    return [
        provider
        for wires in physical_networks(view)
        for provider in providers_on(view, wires.id)
        if provider.name in names
    ]


def _configure(names: frozenset[str], work: Work, request: ConfigureElement) -> NetworkServiceProvider:
    found = next((each for each in elements(work, names) if element_id(each) == request.id), None)
    if found is None:
        raise NotFound(f"there is no element {request.id!r}", code="element-not-found", subject="id")
    if not request.enabled:
        raise InvalidInput(
            f"the element of {found.name} is on as long as it is installed",
            subject="enabled",
            hint="disable the provider (updateNetworkServiceProvider)",
        )
    _check_installed(work, found, "id")
    return written(work, found)


def _add(names: frozenset[str], work: Work, request: AddElement) -> NetworkServiceProvider:
    found = provider_by_id(work, request.provider_id)
    if found is None or found.name not in names:
        raise NotFound(
            f"there is no provider {request.provider_id!r} with such an element",
            code="network-service-provider-not-found",
            subject="nspid",
            hint=", ".join(sorted(names)),
        )
    _check_installed(work, found, "nspid")
    return written(work, found)


def _check_installed(view: View, provider: NetworkServiceProvider, subject: str) -> None:
    if not is_installed(view, provider):
        raise Conflict(
            f"the provider {provider.name} is not installed", code="provider-not-ready", subject=subject
        )


async def _on_already(_doing: Doing, _provider: NetworkServiceProvider) -> Ending | None:
    """There is nothing to do."""


def _use_case(
    name: str, command: str, names: frozenset[str]
) -> UseCase[ConfigureElement, NetworkServiceProvider]:
    begin: Callable[[Work, ConfigureElement], NetworkServiceProvider] = functools.partial(_configure, names)
    return UseCase(
        name=name,
        command=command,
        request=ConfigureElement,
        begin=begin,
        apply=_on_already,
        event="NETWORK.ELEMENT.CONFIGURE",
    )


ADD_ROUTER: UseCase[AddElement, NetworkServiceProvider] = UseCase(
    name="router_element.create",
    command="createVirtualRouterElement",
    request=AddElement,
    begin=functools.partial(_add, ROUTERS),
    apply=_on_already,
    event="NETWORK.ELEMENT.CONFIGURE",
)
CONFIGURE_ROUTER = _use_case("router_element.configure", "configureVirtualRouterElement", ROUTERS)
CONFIGURE_SWITCH = _use_case("ovs_element.configure", "configureOvsElement", SWITCHES)
CONFIGURE_BALANCER = _use_case(
    "balancer_element.configure", "configureInternalLoadBalancerElement", BALANCERS
)
USE_CASES = (ADD_ROUTER, CONFIGURE_ROUTER, CONFIGURE_SWITCH, CONFIGURE_BALANCER)
