"""Enabling and disabling providers on physical networks.

Rule 1: a provider is enabled when its element is installed and says that it is ready there; a refusal says what is missing.
Rule 2: a disabled provider takes nothing new; what it serves it goes on serving.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.doing import Doing
from netloom.app.cloud.infrastructure import (
    physical_network,
    provider_by_id,
    provider_on,
    services_of,
    wire_facts,
)
from netloom.app.cloud.infrastructure_zones import OneOf
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.work import Work, missing
from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import PhysicalNetworkId, Uuid
from netloom.model.cloud.infrastructure import (
    NetworkServiceProvider,
    ProviderEvent,
    ProviderState,
    next_provider_state,
)
from netloom.model.cloud.services import Service, parse_service


class AddProvider(msgspec.Struct, frozen=True, kw_only=True):
    """Put a provider into a physical network's list, disabled."""

    physical_network_id: Uuid
    name: str
    services: tuple[str, ...] = ()


class UpdateProvider(msgspec.Struct, frozen=True, kw_only=True):
    """Enable or disable a provider, or some of its services."""

    id: Uuid
    state: str | None = None
    services: tuple[str, ...] | None = None


def _add(work: Work, request: AddProvider) -> NetworkServiceProvider:
    wires = physical_network(work, request.physical_network_id)
    known = work.backends.providers.facts
    name = next((each for each in known if each.lower() == request.name.lower()), None)
    if name is None:
        raise InvalidInput(
            f"there is no provider {request.name!r}", subject="name", hint=", ".join(sorted(known))
        )
    found = provider_on(work, wires.id, name)
    if found is not None and not found.removed:
        raise Conflict(
            f"the physical network {wires.name!r} ({wires.id}) has the provider {name} already",
            code="network-service-provider-taken",
            subject="name",
            hint="enable it (updateNetworkServiceProvider)",
        )
    services = _services(work, name, request.services)
    if found is not None:
        return work.update(
            msgspec.structs.replace(found, removed=False, state=ProviderState.DISABLED, services=services)
        )
    from_known = NetworkServiceProvider(
        **work.birth(),
        physical_network_id=PhysicalNetworkId(wires.id),
        name=name,
        state=ProviderState.DISABLED,
        services=services,
    )
    return work.insert(from_known)


async def _written(_doing: Doing, _record: NetworkServiceProvider) -> None:
    """It is all there when it is written."""


def _begin_update(work: Work, request: UpdateProvider) -> NetworkServiceProvider:
    found = _written_one(work, request.id)
    if request.services is not None:
        found = work.update(
            msgspec.structs.replace(found, services=_services(work, found.name, request.services))
        )
    event = _event(request.state)
    if event is ProviderEvent.SHUTDOWN:
        raise InvalidInput(
            "a provider is shut down by removing it", subject="state", hint="Enabled or Disabled"
        )
    if event is not None:
        next_provider_state(found.state, event)
    return found


async def _apply_update(doing: Doing, found: NetworkServiceProvider) -> Ending | None:
    event = _event(doing.request(UpdateProvider).state)
    if event is None:
        return None
    if event is ProviderEvent.ENABLE:
        element = doing.backends.providers.elements.get(found.name)
        facts = await doing.read(
            lambda view: wire_facts(view, physical_network(view, found.physical_network_id))
        )
        if element is None:
            raise Conflict(
                f"the provider {found.name} is not installed", code="provider-not-ready", subject="state"
            )
        ready = await doing.provider(
            found.name, element.is_ready(facts), f"say whether it is ready on {facts.name}"
        )
        if not ready.yes:
            raise Conflict(
                f"the provider {found.name} is not ready on {facts.name!r}: {ready.reason}",
                code="provider-not-ready",
                subject="state",
            )

    def ending(work: Work) -> None:
        now = work.get(NetworkServiceProvider, found.id)
        work.update(msgspec.structs.replace(now, state=next_provider_state(now.state, event)))

    return ending


def _begin_delete(work: Work, request: OneOf) -> NetworkServiceProvider:
    return _written_one(work, request.id)


async def _apply_delete(_doing: Doing, found: NetworkServiceProvider) -> Ending:
    def ending(work: Work) -> None:
        now = work.get(NetworkServiceProvider, found.id)
        work.update(msgspec.structs.replace(now, state=ProviderState.DISABLED, removed=True))

    return ending


def _written_one(work: Work, provider_id: Uuid) -> NetworkServiceProvider:
    found = provider_by_id(work, provider_id)
    if found is None:
        raise missing(NetworkServiceProvider, provider_id, "id")
    return written(work, found)


def written(work: Work, provider: NetworkServiceProvider) -> NetworkServiceProvider:
    """A provider, written if it was only a default."""
    if provider.number:
        return provider
    return work.insert(msgspec.structs.replace(provider, number=work.tx.new_number()))


def _event(state: str | None) -> ProviderEvent | None:
    if state is None:
        return None
    for known, event in (
        (ProviderState.ENABLED, ProviderEvent.ENABLE),
        (ProviderState.DISABLED, ProviderEvent.DISABLE),
        (ProviderState.SHUTDOWN, ProviderEvent.SHUTDOWN),
    ):
        if known.value.lower() == state.lower():
            return event
    raise InvalidInput(f"{state!r} is no state of a provider", subject="state", hint="Enabled or Disabled")


def _services(work: Work, name: str, asked: tuple[str, ...]) -> tuple[Service, ...]:
    wanted = tuple(parse_service(text, "servicelist") for text in asked)
    able = services_of(work, name)
    for service in wanted:
        if service not in able:
            raise InvalidInput(
                f"the provider {name} does not give {service.value}",
                subject="servicelist",
                hint=", ".join(each.value for each in able),
            )
    facts = work.backends.providers.facts[name]
    if wanted and set(wanted) != set(able) and not facts.single_services:
        raise InvalidInput(
            f"the services of {name} are enabled together or not at all", subject="servicelist"
        )
    return wanted


ADD = UseCase(
    name="network_service_provider.add",
    command="addNetworkServiceProvider",
    request=AddProvider,
    begin=_add,
    apply=_written,
    event="SERVICE.PROVIDER.CREATE",
)
UPDATE = UseCase(
    name="network_service_provider.update",
    command="updateNetworkServiceProvider",
    request=UpdateProvider,
    begin=_begin_update,
    apply=_apply_update,
    event="SERVICE.PROVIDER.UPDATE",
    keep_request=True,
)
DELETE = UseCase(
    name="network_service_provider.delete",
    command="deleteNetworkServiceProvider",
    request=OneOf,
    begin=_begin_delete,
    apply=_apply_delete,
    event="SERVICE.PROVIDER.DELETE",
)
USE_CASES = (ADD, UPDATE, DELETE)
