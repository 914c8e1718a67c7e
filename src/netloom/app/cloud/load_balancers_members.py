"""Who takes a balancer's connections.

Rule 1: a member is an address of an instance in the balancer's network; without an address named, the NIC's own.
Rule 2: an address is a member once: that it is one already comes out in the job, where the members are written.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.doing import Doing
from netloom.app.cloud.networks_use import network_seen
from netloom.app.cloud.rules_life import added, line, revoke
from netloom.app.cloud.rules_places import Target, target
from netloom.app.cloud.rules_provider import bring
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, InvalidInput, NetloomError
from netloom.base.ids import Uuid
from netloom.model.cloud.instances import Instance
from netloom.model.cloud.load_balancers import LbMember, LoadBalancer
from netloom.model.cloud.rules import RuleEvent, RuleState, next_rule_state
from netloom.plan.elements import RuleStage
from netloom.store.cloud.records import columns

MAX_AT_ONCE = 500


class MemberAddress(msgspec.Struct, frozen=True):
    """An instance, at one of its addresses."""

    instance_id: Uuid
    guest_address: str | None = None


class ChangeMembers(msgspec.Struct, frozen=True, kw_only=True):
    """Members to add to, or take from, a balancer."""

    id: Uuid
    members: tuple[MemberAddress, ...]


def _assign(work: Work, request: ChangeMembers) -> LoadBalancer:
    balancer = _balancer(work, request)
    _targets(work, balancer, request)
    return balancer


def _balancer(work: Work, request: ChangeMembers) -> LoadBalancer:
    balancer = work.get(LoadBalancer, request.id)
    if balancer.state is RuleState.REVOKE:
        raise Conflict(
            f"balancer {balancer.name} ({balancer.id}) is being deleted", code="being-deleted", subject="id"
        )
    if not 0 < len(request.members) <= MAX_AT_ONCE:
        raise InvalidInput(
            f"{len(request.members)} members",
            subject="virtualmachineids",
            hint=f"1 to {MAX_AT_ONCE} instances (virtualmachineids or vmidipmap)",
        )
    return balancer


def _targets(work: Work, balancer: LoadBalancer, request: ChangeMembers) -> list[Target]:
    network = network_seen(work, balancer.network_id)
    found = [
        target(work, network, balancer, member.instance_id, member.guest_address, "virtualmachineids")
        for member in request.members
    ]
    return list({each.guest_address: each for each in found}.values())


async def _apply(doing: Doing, balancer: LoadBalancer) -> Ending:
    request = doing.request(ChangeMembers)
    await doing.write(lambda work: _insert(work, balancer, _targets(work, balancer, request)))
    await bring(doing, balancer.network_id, [RuleStage.PUBLIC_LB])

    def ending(work: Work) -> None:
        for member in _members(work, balancer, RuleState.ADD):
            work.update(msgspec.structs.replace(member, state=next_rule_state(member.state, RuleEvent.APPLY)))

    return ending


def _insert(work: Work, balancer: LoadBalancer, targets: list[Target]) -> None:
    """Write the members that are not there yet; those in Add are this job's own, from before a restart."""
    c = columns(LbMember)
    there = {
        member.guest_address: member
        for member in work.records.select(LbMember, c.load_balancer_id == balancer.id)
    }
    for each in targets:
        member = there.get(each.guest_address)
        if member is None:
            work.insert(
                added(
                    LbMember(
                        **work.owned(balancer),
                        network_id=balancer.network_id,
                        load_balancer_id=balancer.id,
                        instance_id=each.instance_id,
                        nic_id=each.nic_id,
                        guest_address=each.guest_address,
                    )
                )
            )
        elif member.state is not RuleState.ADD:
            raise Conflict(
                f"{each.guest_address} of instance {each.instance_id} is a member of balancer"
                f" {balancer.name} ({balancer.id}) already",
                code="member-assigned",
                subject="virtualmachineids",
                hint="name instances that are no members",
            )


def _undo_assign(work: Work, balancer: LoadBalancer, error: NetloomError) -> None:
    """Take out the members that were written; a job that was cancelled before it began has written none."""
    if error.stable_code != "cancelled":
        work.delete_all(_members(work, balancer, RuleState.ADD))


def _remove(work: Work, request: ChangeMembers) -> LoadBalancer:
    balancer = _balancer(work, request)
    c = columns(LbMember)
    for wanted in request.members:
        instance = work.get(Instance, wanted.instance_id, "virtualmachineids")
        where = [c.load_balancer_id == balancer.id, c.instance_id == instance.id]
        if wanted.guest_address is not None:
            where.append(c.guest_address == wanted.guest_address)
        members = work.records.select(LbMember, *where)
        if not members:
            at = f" at {wanted.guest_address}" if wanted.guest_address else ""
            raise InvalidInput(
                f"instance {instance.name} ({instance.id}){at} is no member of balancer {balancer.name} ({balancer.id})",
                code="not-a-member",
                subject="virtualmachineids",
            )
        for member in members:
            revoke(work, member)
    return balancer


async def _unapply(doing: Doing, balancer: LoadBalancer) -> Ending:
    await bring(doing, balancer.network_id, [RuleStage.PUBLIC_LB])
    return lambda work: work.delete_all(_members(work, balancer, RuleState.REVOKE))


def _members(view: View, balancer: LoadBalancer, state: RuleState) -> list[LbMember]:
    c = columns(LbMember)
    return view.records.select(LbMember, c.load_balancer_id == balancer.id, c.state == state.value)


ASSIGN_MEMBERS = UseCase(
    name="load_balancer.assign",
    command="assignToLoadBalancerRule",
    request=ChangeMembers,
    begin=_assign,
    event="LB.ASSIGN.TO.RULE",
    apply=_apply,
    undo=_undo_assign,
    queue=line,
    keep_request=True,
)
REMOVE_MEMBERS = UseCase(
    name="load_balancer.remove",
    command="removeFromLoadBalancerRule",
    request=ChangeMembers,
    begin=_remove,
    event="LB.REMOVE.FROM.RULE",
    apply=_unapply,
    queue=line,
)

USE_CASES = (ASSIGN_MEMBERS, REMOVE_MEMBERS)
