"""Who takes a balancer's connections.

Rule 1: a member is an address of an instance in the balancer's network; without an address named, the NIC's own.
Rule 2: an address is a member once: that it is one already comes out in the job, where the members are written.
Rule 3: balancers of both schemes have members in the same way; a `Side` says whose, and what their provider is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

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
from netloom.model.cloud.load_balancers import (
    Balancer,
    InternalLbMember,
    InternalLoadBalancer,
    LbMember,
    LoadBalancer,
    Member,
)
from netloom.model.cloud.rules import RuleEvent, RuleState, next_rule_state
from netloom.plan.elements import RuleStage
from netloom.store.cloud.records import Where, columns

MAX_AT_ONCE = 500
B = TypeVar("B", bound=Balancer)


class MemberAddress(msgspec.Struct, frozen=True):
    """An instance, at one of its addresses."""

    instance_id: Uuid
    guest_address: str | None = None


class ChangeMembers(msgspec.Struct, frozen=True, kw_only=True):
    """Members to add to, or take from, a balancer."""

    id: Uuid
    members: tuple[MemberAddress, ...]


@dataclass(frozen=True)
class Side(Generic[B]):
    """The balancers of one scheme and their members.

    Attributes:
        noun: of the use cases.
        balancer, member: the types of their records.
        stage: what their provider is told of both.
    """

    noun: str
    balancer: type[B]
    member: type[Member]
    stage: RuleStage

    def assigning(self) -> UseCase[ChangeMembers, B]:
        """Adding members."""
        return UseCase(
            name=f"{self.noun}.assign",
            command="assignToLoadBalancerRule",
            request=ChangeMembers,
            begin=self._assign,
            event="LB.ASSIGN.TO.RULE",
            apply=self._apply,
            undo=self._undo_assign,
            queue=line,
            keep_request=True,
        )

    def removing(self) -> UseCase[ChangeMembers, B]:
        """Taking members out."""
        return UseCase(
            name=f"{self.noun}.remove",
            command="removeFromLoadBalancerRule",
            request=ChangeMembers,
            begin=self._remove,
            event="LB.REMOVE.FROM.RULE",
            apply=self._unapply,
            queue=line,
        )

    def _assign(self, work: Work, request: ChangeMembers) -> B:
        balancer = self._found(work, request)
        _targets(work, balancer, request)
        return balancer

    def _found(self, work: Work, request: ChangeMembers) -> B:
        balancer = work.get(self.balancer, request.id)
        if balancer.state is RuleState.REVOKE:
            raise Conflict(
                f"balancer {balancer.name} ({balancer.id}) is being deleted",
                code="being-deleted",
                subject="id",
            )
        if not 0 < len(request.members) <= MAX_AT_ONCE:
            raise InvalidInput(
                f"{len(request.members)} members",
                subject="virtualmachineids",
                hint=f"1 to {MAX_AT_ONCE} instances (virtualmachineids or vmidipmap)",
            )
        return balancer

    async def _apply(self, doing: Doing, balancer: B) -> Ending:
        request = doing.request(ChangeMembers)
        await doing.write(lambda work: self._insert(work, balancer, _targets(work, balancer, request)))
        await bring(doing, balancer.network_id, [self.stage])

        def ending(work: Work) -> None:
            for member in self._in_state(work, balancer, RuleState.ADD):
                state = next_rule_state(member.state, RuleEvent.APPLY)
                work.update(msgspec.structs.replace(member, state=state))

        return ending

    def _insert(self, work: Work, balancer: B, targets: list[Target]) -> None:
        """Write the members that are not there yet; those in Add are this job's own, from before a restart."""
        there = {member.guest_address: member for member in self._members(work, balancer)}
        for each in targets:
            member = there.get(each.guest_address)
            if member is None:
                work.insert(
                    added(
                        self.member(
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

    def _undo_assign(self, work: Work, balancer: B, error: NetloomError) -> None:
        """Take out the members that were written; a job that was cancelled before it began has written none."""
        if error.stable_code != "cancelled":
            work.delete_all(self._in_state(work, balancer, RuleState.ADD))

    def _remove(self, work: Work, request: ChangeMembers) -> B:
        balancer = self._found(work, request)
        c = columns(self.member)
        for wanted in request.members:
            instance = work.get(Instance, wanted.instance_id, "virtualmachineids")
            where: list[Where] = [c.instance_id == instance.id]
            if wanted.guest_address is not None:
                where.append(c.guest_address == wanted.guest_address)
            members = self._members(work, balancer, *where)
            if not members:
                at = f" at {wanted.guest_address}" if wanted.guest_address else ""
                raise InvalidInput(
                    f"instance {instance.name} ({instance.id}){at} is no member of balancer"
                    f" {balancer.name} ({balancer.id})",
                    code="not-a-member",
                    subject="virtualmachineids",
                )
            for member in members:
                revoke(work, member)
        return balancer

    async def _unapply(self, doing: Doing, balancer: B) -> Ending:
        await bring(doing, balancer.network_id, [self.stage])
        return lambda work: work.delete_all(self._in_state(work, balancer, RuleState.REVOKE))

    def _members(self, view: View, balancer: B, *where: Where) -> list[Member]:
        of_it = columns(self.member).load_balancer_id == balancer.id
        return view.records.select(self.member, of_it, *where)

    def _in_state(self, view: View, balancer: B, state: RuleState) -> list[Member]:
        return self._members(view, balancer, columns(self.member).state == state.value)


def _targets(work: Work, balancer: Balancer, request: ChangeMembers) -> list[Target]:
    network = network_seen(work, balancer.network_id)
    found = [
        target(work, network, balancer, member.instance_id, member.guest_address, "virtualmachineids")
        for member in request.members
    ]
    return list({each.guest_address: each for each in found}.values())


PUBLIC: Final = Side("load_balancer", LoadBalancer, LbMember, RuleStage.PUBLIC_LB)
INTERNAL: Final = Side(
    "internal_load_balancer", InternalLoadBalancer, InternalLbMember, RuleStage.INTERNAL_LB
)
ASSIGN_MEMBERS, REMOVE_MEMBERS = PUBLIC.assigning(), PUBLIC.removing()
ASSIGN_INTERNAL, REMOVE_INTERNAL = INTERNAL.assigning(), INTERNAL.removing()
USE_CASES = (ASSIGN_MEMBERS, REMOVE_MEMBERS, ASSIGN_INTERNAL, REMOVE_INTERNAL)
