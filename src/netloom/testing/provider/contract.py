"""What a provider must keep, tried one thing after the other.

Rule 1: all violations are told, not only the first; each names the call and what was wrong with its answer.
Rule 2: a call that does not end in time is a violation, and so is one that raises: errors are `Outcome`s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from typing import Final, TypeVar

from netloom.app.cloud.providers import Providers, built_in
from netloom.base.errors import Conflict, InvalidInput
from netloom.model.cloud.services import Service
from netloom.model.isolation import Isolation
from netloom.model.states import NetworkState
from netloom.plan.elements import NetworkElement, NetworkFacts, Outcome, Provider, RuleStage
from netloom.plan.gurus import Design, DesignQuestion, NetworkGuru, Verdict
from netloom.testing.provider.samples import every_question, sample_network, sample_nic

PATIENCE: Final = 30.0
"""Seconds that a step may take."""

T = TypeVar("T")


async def violations(provider: Provider, *, patience: float = PATIENCE) -> tuple[str, ...]:
    """Everything that a provider does against the contract; nothing for one that keeps it.

    The element's steps are called for real, with sample networks: give it a backend that may be filled and emptied.
    """
    found = list(_of_the_whole(provider))
    for guru in provider.gurus:
        found += _of_guru(guru, provider)
    if provider.element is not None:
        found += _of_facts(provider.element)
        found += await _of_life(provider.element, patience)
    return tuple(found)


def _of_the_whole(provider: Provider) -> Iterator[str]:
    if not provider.name.strip():
        yield "the provider has no name"
    if provider.element is None and not provider.gurus:
        yield f"{provider.name} brings neither an element nor a guru"
    others = [other for other in built_in() if not _same(other, provider)]
    try:
        Providers([*others, provider])
    except Conflict as error:
        yield f"{provider.name} does not fit beside what is built in: {error.message}"


def _same(one: Provider, other: Provider) -> bool:
    """A built-in provider is held against the others, not against itself."""
    return {type(guru) for guru in one.gurus} == {type(guru) for guru in other.gurus} and type(
        one.element
    ) is type(other.element)


def _of_guru(guru: NetworkGuru, provider: Provider) -> Iterator[str]:
    others = [g for p in built_in() for g in p.gurus if type(g) is not type(guru)]
    others += [g for g in provider.gurus if g is not guru]
    names = {"Ovs"} | ({provider.element.facts.name} if provider.element is not None else {provider.name})
    told: set[str] = set()
    for question in every_question(tuple(sorted(names))):
        for problem in _of_answer(guru, question, others):
            if problem not in told:
                told.add(problem)
                yield f"guru {guru.name}: {problem}"


def _of_answer(guru: NetworkGuru, question: DesignQuestion, others: list[NetworkGuru]) -> Iterator[str]:
    answer = guru.can_handle(question)
    yield from _of_verdict("can_handle", answer)
    if guru.can_handle(question) != answer:
        yield "can_handle answers the same question differently"
    if not answer.yes:
        return
    for other in others:
        if other.can_handle(question).yes:
            yield f"{other.name} claims the same network ({_shortly(question)}): one network, one guru"
    try:
        design = guru.design(question)
    except InvalidInput as error:
        if not error.hint:
            yield f"design refuses without a hint: {error.message}"
        return
    if guru.design(question) != design:
        yield "design proposes different networks for one question"
    yield from _of_design(design, question)


def _of_design(design: Design, question: DesignQuestion) -> Iterator[str]:
    if design.state not in (NetworkState.ALLOCATED, NetworkState.SETUP):
        yield f"design begins in state {design.state.value}, not in Allocated or Setup"
    if question.wires.isolations and design.isolation not in question.wires.isolations:
        yield f"design uses {design.isolation.value}, which the wires do not carry ({_shortly(question)})"
    segment = design.segment
    if segment is not None and not design.isolation.min_segment <= segment <= design.isolation.max_segment:
        yield f"design asks for segment {segment}, which {design.isolation.value} does not have"
    if not design.domain_type:
        yield "design names no type of broadcast domain"


def _of_facts(element: NetworkElement) -> Iterator[str]:
    facts = element.facts
    if not facts.name.strip():
        yield "the element's facts have no name"
    if not facts.services:
        yield f"element {facts.name} gives no service"
    offered = dict.fromkeys(facts.services, (facts.name,))
    network = sample_network(offered)
    for service in Service:
        verdict = element.can_handle(network, service)
        yield from (
            f"element {facts.name}: {p}" for p in _of_verdict(f"can_handle({service.value})", verdict)
        )
        if verdict.yes and not facts.offers(service):
            yield f"element {facts.name} takes {service.value}, which its facts do not name"
        if element.can_handle(network, service) != verdict:
            yield f"element {facts.name} answers can_handle({service.value}) differently the second time"
    for service in facts.services:
        handled = [
            i for i in Isolation if element.can_handle(sample_network(offered, isolation=i), service).yes
        ]
        if not handled:
            yield f"element {facts.name} names {service.value} in its facts and takes it on no isolation"
    asked = frozenset(facts.services)
    if not element.verify_services(asked).yes:
        yield f"element {facts.name} refuses all of its services together: {element.verify_services(asked).reason}"
    foreign = frozenset(Service) - asked
    if foreign and element.verify_services(foreign).yes:
        yield f"element {facts.name} accepts services that it does not give"


async def _of_life(element: NetworkElement, patience: float) -> list[str]:
    """Each step twice, out of order where that may happen, for two networks at a time."""
    found: list[str] = []
    offered = dict.fromkeys(element.facts.services, (element.facts.name,))
    isolation = next(
        (
            i
            for i in Isolation
            if all(element.can_handle(sample_network(offered, isolation=i), s).yes for s in offered)
        ),
        Isolation.GENEVE,
    )
    ready = await _within(element.is_ready(sample_network(offered).wires), "is_ready", patience, found)
    if ready is not None:
        found += _of_verdict("is_ready", ready)
        if not ready.yes:
            found.append(f"is_ready says no, so nothing more was tried: {ready.reason}")
            return [f"element {element.facts.name}: {problem}" for problem in found]
    for index in range(2):
        await _one_life(element, sample_network(offered, isolation=isolation, index=index), patience, found)
    return [f"element {element.facts.name}: {problem}" for problem in dict.fromkeys(found)]


async def _one_life(
    element: NetworkElement, network: NetworkFacts, patience: float, found: list[str]
) -> None:
    nics = [sample_nic(network, index) for index in range(3)]
    never = sample_nic(network, 99)

    async def step(name: str, *calls: Awaitable[Outcome]) -> None:
        for at, call in enumerate(calls):
            outcome = await _within(call, name, patience, found)
            if outcome is not None and not outcome.done:
                found.append(
                    f"{name} failed{' when repeated' if at else ''}: {outcome.reason or 'no reason given'}"
                )

    await step("release of a NIC that never was", element.release(network, never))
    await step("shutdown of a network that never was", element.shutdown(network))
    for _ in range(2):  # empty networks are shut down, and implemented again with their next NIC
        await step("implement", element.implement(network), element.implement(network))
        for stage in RuleStage:
            await step(f"apply_rules({stage.value}) without rules", element.apply_rules(network, stage, ()))
        for nic in nics:
            await step("prepare", element.prepare(network, nic), element.prepare(network, nic))
        for nic in reversed(nics):
            await step("release", element.release(network, nic), element.release(network, nic))
        await step("shutdown", element.shutdown(network), element.shutdown(network))
    await step("destroy", element.destroy(network), element.destroy(network))


async def _within(call: Awaitable[T], name: str, patience: float, found: list[str]) -> T | None:
    try:
        async with asyncio.timeout(patience):
            return await call
    except TimeoutError:
        found.append(f"{name} did not end within {patience:g} s")
    except Exception as error:  # noqa: BLE001 - the test kit door: what it raises is the finding
        found.append(f"{name} raised {error!r}; failures are told by an Outcome")
    return None


def _of_verdict(name: str, verdict: Verdict) -> Iterator[str]:
    if not verdict.reason.strip():
        yield f"{name} gives no reason"
    elif "\n" in verdict.reason or verdict.reason.endswith("."):
        yield f"{name} gives a reason that is not one sentence without its full stop: {verdict.reason!r}"


def _shortly(question: DesignQuestion) -> str:
    kind = question.guest_type.value if question.guest_type is not None else question.traffic.value
    carried = ", ".join(i.value for i in question.wires.isolations) or "nothing"
    return f"{kind}, Connectivity by {question.connectivity or 'nobody'}, VLAN {question.vlan}, wires with {carried}"
