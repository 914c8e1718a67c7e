"""How clients come back to their member, and when a member is fit: one policy of each sort a balancer.

Rule 1: a policy is held against the table of its methods and bounds, and against what the balancer's provider can do.
Rule 2: a second policy of a sort is refused, not exchanged: delete the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from netloom.app.cloud.networks_use import network_seen
from netloom.app.cloud.rules_life import added, apply, apply_if_new, line, revoke, unapply, withdraw
from netloom.app.cloud.rules_provider import offers
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.load_balancers import HealthCheck, LoadBalancer, Stickiness
from netloom.model.cloud.load_balancers_health import check_health_check
from netloom.model.cloud.load_balancers_stickiness import check_stickiness
from netloom.model.cloud.rules import RuleState
from netloom.model.cloud.services import Capability, ProviderFacts, Service
from netloom.store.cloud.records import columns
from netloom.store.cloud.schema import word_of

P = TypeVar("P", Stickiness, HealthCheck)


class CreateStickiness(msgspec.Struct, frozen=True, kw_only=True):
    """Stickiness for a balancer."""

    load_balancer_id: Uuid
    name: str
    method: str
    description: str | None = None
    parameters: Mapping[str, str] = msgspec.field(default_factory=dict)
    display: bool = True


class CreateHealthCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A health check for a balancer; None: the default."""

    load_balancer_id: Uuid
    ping_path: str | None = None
    description: str | None = None
    response_timeout: int | None = None
    interval: int | None = None
    healthy_threshold: int | None = None
    unhealthy_threshold: int | None = None
    display: bool = True


class UpdatePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What may change of a policy; None stays."""

    id: Uuid
    display: bool | None = None


class DeletePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy to end."""

    id: Uuid


def _balancer(work: Work, balancer_id: Uuid) -> tuple[LoadBalancer, ProviderFacts]:
    balancer = work.get(LoadBalancer, balancer_id, "lbruleid")
    if balancer.state is RuleState.REVOKE:
        raise Conflict(
            f"balancer {balancer.name} ({balancer.id}) is being deleted",
            code="being-deleted",
            subject="lbruleid",
        )
    return balancer, offers(work, network_seen(work, balancer.network_id), Service.LB)


def _check_first(work: Work, balancer: LoadBalancer, record_type: type[Stickiness | HealthCheck]) -> None:
    other = work.records.first(record_type, columns(record_type).load_balancer_id == balancer.id)
    if other is not None:
        raise Conflict(
            f"balancer {balancer.name} ({balancer.id}) has {word_of(record_type).replace('_', ' ')} {other.id} already",
            code="policy-taken",
            subject="lbruleid",
            hint="delete that one first",
        )


def _create_stickiness(work: Work, request: CreateStickiness) -> Stickiness:
    balancer, facts = _balancer(work, request.load_balancer_id)
    method, parameters = check_stickiness(request.method, request.parameters, balancer.protocol)
    able = facts.value(Service.LB, Capability.SUPPORTED_STICKINESS_METHODS)
    if able is not None and f'"{method}"' not in able:
        raise InvalidInput(f"{facts.name} has no stickiness method {method}", subject="methodname")
    if not request.name.strip() or len(request.name) > 255:
        raise InvalidInput(
            f"{request.name[:64]!r} does not do as a name", subject="name", hint="1 to 255 characters"
        )
    _check_first(work, balancer, Stickiness)
    policy = Stickiness(
        **work.owned(balancer),
        network_id=balancer.network_id,
        load_balancer_id=balancer.id,
        name=request.name.strip(),
        description=request.description,
        method=method,
        parameters=parameters,
        display=request.display,
    )
    return work.insert(added(policy))


def _create_health_check(work: Work, request: CreateHealthCheck) -> HealthCheck:
    balancer, facts = _balancer(work, request.load_balancer_id)
    values = check_health_check(
        request.ping_path,
        request.response_timeout,
        request.interval,
        request.healthy_threshold,
        request.unhealthy_threshold,
    )
    if (facts.value(Service.LB, Capability.HEALTH_CHECK_POLICY) or "false").lower() != "true":
        raise Conflict(
            f"{facts.name} checks no members of balancer {balancer.name} ({balancer.id})",
            code="health-check-unsupported",
            subject="lbruleid",
            hint="use an offering whose balancer has the capability HealthCheckPolicy",
        )
    _check_first(work, balancer, HealthCheck)
    policy = HealthCheck(
        **work.owned(balancer),
        network_id=balancer.network_id,
        load_balancer_id=balancer.id,
        description=request.description,
        ping_path=values.ping_path,
        response_timeout=values.response_timeout,
        interval=values.interval,
        healthy_threshold=values.healthy_threshold,
        unhealthy_threshold=values.unhealthy_threshold,
        display=request.display,
    )
    return work.insert(added(policy))


def _update(work: Work, record_type: type[P], request: UpdatePolicy) -> P:
    policy = work.get(record_type, request.id)
    if request.display is None:
        return policy
    return work.update(msgspec.structs.replace(policy, display=request.display))


def _update_stickiness(work: Work, request: UpdatePolicy) -> Stickiness:
    return _update(work, Stickiness, request)


def _update_health_check(work: Work, request: UpdatePolicy) -> HealthCheck:
    return _update(work, HealthCheck, request)


def _delete_stickiness(work: Work, request: DeletePolicy) -> Stickiness:
    return revoke(work, work.get(Stickiness, request.id))


def _delete_health_check(work: Work, request: DeletePolicy) -> HealthCheck:
    return revoke(work, work.get(HealthCheck, request.id))


CREATE_STICKINESS = UseCase(
    name="stickiness_policy.create",
    command="createLBStickinessPolicy",
    request=CreateStickiness,
    begin=_create_stickiness,
    event="LB.STICKINESSPOLICY.CREATE",
    apply=apply,
    undo=withdraw,
    queue=line,
)
UPDATE_STICKINESS = UseCase(
    name="stickiness_policy.update",
    command="updateLBStickinessPolicy",
    request=UpdatePolicy,
    begin=_update_stickiness,
    event="LB.STICKINESSPOLICY.UPDATE",
    apply=apply_if_new,
    queue=line,
)
DELETE_STICKINESS = UseCase(
    name="stickiness_policy.delete",
    command="deleteLBStickinessPolicy",
    request=DeletePolicy,
    begin=_delete_stickiness,
    event="LB.STICKINESSPOLICY.DELETE",
    apply=unapply,
    queue=line,
)
CREATE_HEALTH_CHECK = UseCase(
    name="health_check_policy.create",
    command="createLBHealthCheckPolicy",
    request=CreateHealthCheck,
    begin=_create_health_check,
    event="LB.HEALTHCHECKPOLICY.CREATE",
    apply=apply,
    undo=withdraw,
    queue=line,
)
UPDATE_HEALTH_CHECK = UseCase(
    name="health_check_policy.update",
    command="updateLBHealthCheckPolicy",
    request=UpdatePolicy,
    begin=_update_health_check,
    event="LB.HEALTHCHECKPOLICY.UPDATE",
    apply=apply_if_new,
    queue=line,
)
DELETE_HEALTH_CHECK = UseCase(
    name="health_check_policy.delete",
    command="deleteLBHealthCheckPolicy",
    request=DeletePolicy,
    begin=_delete_health_check,
    event="LB.HEALTHCHECKPOLICY.DELETE",
    apply=unapply,
    queue=line,
)

USE_CASES = (
    CREATE_STICKINESS,
    UPDATE_STICKINESS,
    DELETE_STICKINESS,
    CREATE_HEALTH_CHECK,
    UPDATE_HEALTH_CHECK,
    DELETE_HEALTH_CHECK,
)
