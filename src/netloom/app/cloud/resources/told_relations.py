"""Relations as documents: what is an action on another thing, and no record of its own.

Rule 1: a relation that nobody declared is found by what it does: applied where it is, it is there already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from netloom.app.cloud.resources.documents import Document
from netloom.app.cloud.resources.fields import Value
from netloom.app.cloud.resources.targets import Names, Target
from netloom.app.cloud.resources.telling import Said, Telling
from netloom.app.cloud.work import View
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.identity import Account
from netloom.model.cloud.instances import Instance
from netloom.model.cloud.load_balancers import InternalLbMember, InternalLoadBalancer, LbMember, LoadBalancer
from netloom.model.cloud.record import Record
from netloom.model.cloud.rules import TrafficDirection
from netloom.model.cloud.security_groups import SecurityGroup, SecurityGroupRule
from netloom.store.cloud.records import columns

_DIRECTIONS = {"IngressRule": TrafficDirection.INGRESS, "EgressGroupRule": TrafficDirection.EGRESS}
_MEMBERS: Mapping[
    str, tuple[type[LbMember | InternalLbMember], type[LoadBalancer | InternalLoadBalancer], str]
] = {
    "LbMember": (LbMember, LoadBalancer, "load_balancer"),
    "InternalLbMember": (InternalLbMember, InternalLoadBalancer, "internal_load_balancer"),
}
Declared = Mapping[tuple[str, str], Sequence[Said]]
_PORTS = ("protocol", "start_port", "end_port", "icmp_type", "icmp_code")


def relations(telling: Telling, declared: Declared) -> Iterable[Said]:
    """All of them but those that files declared (what these say, by kind and by the id of the thing)."""
    for ip in telling.all(PublicIp):
        if ip.static_nat and not declared.get(("StaticNat", ip.id)):
            telling.mine = ip.account_id
            yield _whole(telling, "StaticNat", f"static NAT of {ip.address}", ip, {
                "public_ip": telling.record_name("public_ip", ip.id),
                "instance": telling.record_name("instance", ip.instance_id),
                "guest_address": ip.guest_address,
            })  # fmt: skip
    for kind, (member_type, of_type, word) in _MEMBERS.items():
        for each in telling.all(member_type):
            for of in telling.by(of_type, "id").get(each.load_balancer_id, ()):
                telling.mine = of.account_id
                instance = telling.record_name("instance", each.instance_id)
                if _is_member(declared.get((kind, of.id), ()), {instance, each.instance_id}):
                    continue
                member: Said = {"instance": instance, "guest_address": each.guest_address}
                said: Said = {word: telling.record_name(word, of.id), "members": [member]}
                yield _whole(telling, kind, f"member {each.id}", of, said)
    for kind, direction in _DIRECTIONS.items():
        for rule in telling.all(SecurityGroupRule):
            for group in (
                telling.by(SecurityGroup, "id").get(rule.group_id, ()) if rule.direction is direction else ()
            ):
                telling.mine = group.account_id
                said = {name: getattr(rule.match, name) for name in _PORTS} | _other_side(telling, rule)
                if not any(_says_rule(spec, said) for spec in declared.get((kind, group.id), ())):
                    said["security_group"] = telling.record_name("security_group", group.id)
                    yield _whole(telling, kind, f"rule {rule.id}", group, said)


def _is_member(specs: Sequence[Said], names: set[str | None]) -> bool:
    for spec in specs:
        members = spec.get("members")
        for each in members if isinstance(members, Sequence) and not isinstance(members, str) else ():
            found = each.get("instance") if isinstance(each, Mapping) else each
            if isinstance(found, str) and found in names:
                return True
    return False


def _says_rule(spec: Said, said: Said) -> bool:
    """Whether a declared document says a rule, maybe with other sides besides."""
    ports = [str(spec.get(name) or "").lower() == str(said.get(name) or "").lower() for name in _PORTS]
    for name in ("cidrs", "peers"):
        wanted, found = said.get(name), spec.get(name)
        if isinstance(wanted, list) and not (
            isinstance(found, list) and all(_peer(each) in map(_peer, found) for each in wanted)
        ):
            return False
    return all(ports)


def _peer(value: Value) -> Value:
    """Another group by its name: its account need not be said."""
    return value.get("group") if isinstance(value, Mapping) else value


def _other_side(telling: Telling, rule: SecurityGroupRule) -> Said:
    for peer in telling.by(SecurityGroup, "id").get(rule.peer_group_id, ()):
        for owner in telling.by(Account, "id").get(peer.account_id, ()):
            return {"peers": [{"group": peer.name, "account": owner.name}]}
    return {"cidrs": list(rule.match.cidrs)}


def _whole(
    telling: Telling,
    kind: str,
    name: str,
    of: PublicIp | LoadBalancer | InternalLoadBalancer | SecurityGroup,
    said: Said,
) -> Said:
    whole = {"kind": kind, "name": name, **telling.owner(of.account_id), **said}
    return {key: value for key, value in whole.items() if value is not None}


def related(view: View, document: Document, names: Names) -> Record | None:
    """The thing whose relation is already as a document says that nobody declared; None: it is not."""
    kind = document.kind
    if kind.ref is None:
        return None
    thing = names.resolve(
        Target(kind.kind.word, record=kind.kind.record), str(document.said[kind.ref]), kind.ref
    )
    record = view.records.get(kind.kind.record, thing)
    return record if record is not None and _holds(view, document, names, record) else None


def _holds(view: View, document: Document, names: Names, record: Record) -> bool:
    if isinstance(record, PublicIp):
        instance = _instance(names, document.values.get("instance"))
        address = document.values.get("guest_address")
        return (
            record.static_nat and record.instance_id == instance and address in {None, record.guest_address}
        )
    if document.kind.name in _MEMBERS:
        return _has_members(view, document, names, record)
    direction = _DIRECTIONS.get(document.kind.name)
    return direction is not None and _has_rules(view, document, record, direction)


def _instance(names: Names, value: Value) -> str | None:
    return (
        names.resolve(Target("instance", record=Instance), value, "instance")
        if isinstance(value, str)
        else None
    )


def _has_members(view: View, document: Document, names: Names, record: Record) -> bool:
    member_type = _MEMBERS[document.kind.name][0]
    c = columns(member_type)
    there = view.records.select(member_type, c.load_balancer_id == record.id)
    found = {(each.instance_id, each.guest_address) for each in there}
    instances = {instance for instance, _ in found}
    members = document.values.get("members")
    if not isinstance(members, Sequence) or isinstance(members, str) or not members:
        return False
    for member in members:
        said = {"instance": member} if isinstance(member, str) else member
        if not isinstance(said, Mapping):
            return False
        instance, address = _instance(names, said.get("instance")), said.get("guest_address")
        if (instance not in instances) if address is None else ((instance, address) not in found):
            return False
    return True


def _has_rules(view: View, document: Document, record: Record, direction: TrafficDirection) -> bool:
    """Whether a group has a rule with just this match, and this one other side."""
    c = columns(SecurityGroupRule)
    said = document.values
    ports = tuple(said.get(name) for name in _PORTS)
    cidrs, peers = said.get("cidrs"), said.get("peers")
    for rule in view.records.select(SecurityGroupRule, c.group_id == record.id):
        if rule.direction is not direction or tuple(getattr(rule.match, name) for name in _PORTS) != ports:
            continue
        if rule.peer_group_id is None and not peers and cidrs == list(rule.match.cidrs):
            return True
        peer = None if rule.peer_group_id is None else view.records.get(SecurityGroup, rule.peer_group_id)
        if peer is not None and not cidrs and isinstance(peers, Sequence) and len(peers) == 1:
            owner = view.records.get(Account, peer.account_id)
            if peers[0] == {"group": peer.name, "account": None if owner is None else owner.name}:
                return True
    return False
