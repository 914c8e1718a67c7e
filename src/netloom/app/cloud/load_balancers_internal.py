"""Internal balancers: a port of an address inside a tier, for who is inside; their members are as of any balancer.

Rule 1: the address is the tier's: it is taken from those that instances may have with the first balancer on it, and given
    back with the last one's end. Naming it again puts another balancer on it, on another port.
Rule 2: a tier balances inside or before its router, as its offering says (`LbSchemes`); the other is refused in words.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.instances_addresses import address_for, parse_address
from netloom.app.cloud.load_balancers import check_able, checked_description, checked_name
from netloom.app.cloud.load_balancers_schemes import check_scheme
from netloom.app.cloud.networks_facts import native
from netloom.app.cloud.rules_cases import changing, ending, making
from netloom.app.cloud.rules_claims import check_claim, claim_of
from netloom.app.cloud.rules_life import added, changed, revoke
from netloom.app.cloud.rules_provider import offers
from netloom.app.cloud.work import Work
from netloom.base.errors import InvalidInput
from netloom.base.ids import NetworkId, Uuid
from netloom.model.cloud.load_balancers import (
    InternalLbAddress,
    InternalLoadBalancer,
    LbProtocol,
    Scheme,
    parse_algorithm,
    parse_scheme,
)
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.rules_traffic import parse_port
from netloom.model.cloud.services import Service
from netloom.store.cloud.records import columns


class CreateInternalLoadBalancer(msgspec.Struct, frozen=True, kw_only=True):
    """A port of an address inside a tier to balance; tcp.

    Attributes:
        address: a free one of the tier, or one that has internal balancers already; None: a free one.
        source_network_id: of the address, in CloudStack's words; the tier itself.
        scheme: Internal, in CloudStack's words.
    """

    name: str
    description: str | None = None
    network_id: Uuid
    source_port: int
    instance_port: int
    algorithm: str
    address: str | None = None
    display: bool = True
    source_network_id: Uuid | None = None
    scheme: str = Scheme.INTERNAL.value


class UpdateInternalLoadBalancer(msgspec.Struct, frozen=True, kw_only=True):
    """What may change of an internal balancer; None stays."""

    id: Uuid
    name: str | None = None
    description: str | None = None
    algorithm: str | None = None
    display: bool | None = None


class DeleteInternalLoadBalancer(msgspec.Struct, frozen=True, kw_only=True):
    """An internal balancer to end."""

    id: Uuid


def _create(work: Work, request: CreateInternalLoadBalancer) -> InternalLoadBalancer:
    algorithm = parse_algorithm(request.algorithm)
    if parse_scheme(request.scheme) is not Scheme.INTERNAL:
        raise InvalidInput(
            f"a balancer of scheme {request.scheme} has a public address",
            code="scheme-unsupported",
            subject="scheme",
            hint="Internal; createLoadBalancerRule makes public ones",
        )
    network = work.get(GuestNetwork, request.network_id, "networkid")
    if request.source_network_id is not None:
        _check_source(network, work.get(GuestNetwork, request.source_network_id, "sourceipaddressnetworkid"))
    facts = offers(work, network, Service.LB)
    check_scheme(work, network, facts, Scheme.INTERNAL)
    check_able(facts, algorithm, LbProtocol.TCP)
    rule = InternalLoadBalancer(
        **work.owned(network),
        network_id=NetworkId(network.id),
        name=checked_name(request.name),
        description=checked_description(request.description),
        address_id=_address(work, network, request.address).id,
        source_port=parse_port(request.source_port, "sourceport"),
        instance_port=parse_port(request.instance_port, "instanceport"),
        algorithm=algorithm,
        display=request.display,
    )
    check_claim(work, claim_of(rule))
    return work.insert(added(rule))


def _check_source(network: GuestNetwork, source: GuestNetwork) -> None:
    if source.id != network.id:
        raise InvalidInput(
            f"an address of network {source.name} ({source.id}) cannot balance in network {network.name} ({network.id})",
            code="source-network-elsewhere",
            subject="sourceipaddressnetworkid",
            hint=f"{network.id}: the address and the members are in one tier",
        )


def _address(work: Work, network: GuestNetwork, wanted: str | None) -> InternalLbAddress:
    """The address that a balancer shall listen to: one that balancers have, or one that is free.

    Raises:
        InvalidInput: what is wanted is no IPv4 address, or the tier has none.
        Conflict: it is somebody's (`address-unavailable`).
        Exhausted: none is free (`addresses-exhausted`).
    """
    if wanted is not None:
        wanted = str(parse_address(wanted, "sourceipaddress"))
        c = columns(InternalLbAddress)
        there = work.records.first(InternalLbAddress, c.network_id == network.id, c.address == wanted)
        if there is not None:
            return there
    address = address_for(work, network, native(work, network), 4, wanted)
    if address is None:
        raise InvalidInput(
            f"network {network.name} ({network.id}) has no IPv4 addresses",
            subject="networkid",
            hint="a tier with a CIDR",
        )
    return work.insert(
        InternalLbAddress(**work.owned(network), network_id=NetworkId(network.id), address=address)
    )


def _update(work: Work, request: UpdateInternalLoadBalancer) -> InternalLoadBalancer:
    rule = work.get(InternalLoadBalancer, request.id)
    after = msgspec.structs.replace(
        rule,
        name=rule.name if request.name is None else checked_name(request.name),
        description=rule.description
        if request.description is None
        else checked_description(request.description),
        display=rule.display if request.display is None else request.display,
    )
    if request.algorithm is None:
        return work.update(after)
    algorithm = parse_algorithm(request.algorithm)
    network = work.get(GuestNetwork, rule.network_id, "networkid")
    check_able(offers(work, network, Service.LB), algorithm, LbProtocol.TCP)
    return changed(work, msgspec.structs.replace(after, algorithm=algorithm))


def _delete(work: Work, request: DeleteInternalLoadBalancer) -> InternalLoadBalancer:
    return revoke(work, work.get(InternalLoadBalancer, request.id))


CREATE_INTERNAL = making(
    "internal_load_balancer.create", "createLoadBalancer", "LB.CREATE", CreateInternalLoadBalancer, _create
)
UPDATE_INTERNAL = changing(
    "internal_load_balancer.update", "updateLoadBalancer", "LB.UPDATE", UpdateInternalLoadBalancer, _update
)
DELETE_INTERNAL = ending(
    "internal_load_balancer.delete", "deleteLoadBalancer", "LB.DELETE", DeleteInternalLoadBalancer, _delete
)
USE_CASES = (CREATE_INTERNAL, UPDATE_INTERNAL, DELETE_INTERNAL)
