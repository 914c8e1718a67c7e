"""Making instances: what they are of, where their interfaces are, and their first start.

Rule 1: everything is decided, and every address taken, in the request's transaction: what is refused leaves nothing behind.
Rule 2: an instance whose first start fails stays, in Error, and tells why: its owner sees what became of the request.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from netloom.app.cloud import infrastructure
from netloom.app.cloud import instances_life as life
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.instances_default import networks_for
from netloom.app.cloud.instances_nics import NicWish, add_nic
from netloom.app.cloud.instances_run import asked_host, start
from netloom.app.cloud.instances_terms import (
    check_details,
    check_display,
    check_groups,
    check_hostname,
    check_keys,
    check_user_data,
    size_of,
    template_of,
    user_data_of,
)
from netloom.app.cloud.networks_use import usable_network
from netloom.app.cloud.security_groups_members import groups_for, set_groups
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import Uuid, ZoneId
from netloom.model.cloud.identity import Account
from netloom.model.cloud.instances import MAX_NICS, Instance, InstanceState
from netloom.model.cloud.words import Allocation


class DeployInstance(msgspec.Struct, frozen=True, kw_only=True):
    """A new instance.

    Attributes:
        nics: its interfaces in order, the first the default one; empty: one in the owner's only network.
        ipv4, ipv6, mac: of the default interface.
        host_id: where, for operators.
        start: whether it runs at once.
        hypervisor: the template's, said again.
    """

    zone_id: Uuid
    template_id: Uuid
    service_offering_id: Uuid
    name: str | None = None
    display_name: str | None = None
    account: str | None = None
    domain_id: Uuid | None = None
    project_id: Uuid | None = None
    nics: tuple[NicWish, ...] = ()
    ipv4: str | None = None
    ipv6: str | None = None
    mac: str | None = None
    host_id: Uuid | None = None
    start: bool = True
    hypervisor: str | None = None
    group: str | None = None
    user_data: str | None = None
    user_data_id: Uuid | None = None
    key_pairs: tuple[str, ...] = ()
    security_group_ids: tuple[Uuid, ...] = ()
    security_group_names: tuple[str, ...] = ()
    display: bool = True
    dynamically_scalable: bool = False
    details: Mapping[str, str] = {}


def deploy(work: Work, request: DeployInstance) -> Instance:
    """A new instance with its interfaces, on its way to run if it shall.

    Raises:
        NotFound, InvalidInput, Conflict, Exhausted: what is refused; nothing was made.
    """
    owner = work.owner(request.account, request.domain_id, request.project_id)
    zone = infrastructure.zone_seen(work, request.zone_id)
    facet = infrastructure.zone_facet(work, zone.id)
    if facet.allocation is Allocation.DISABLED and not work.caller.is_root:
        raise Conflict(
            f"zone {zone.name} ({zone.id}) takes nothing new", code="zone-disabled", subject="zoneid"
        )
    described = _described(work, request, owner, ZoneId(zone.id))
    host = asked_host(work, described, request.host_id)
    instance = work.insert(life.starting(described, host) if request.start else described)
    wishes = _wishes(request) or networks_for(work, owner, zone.id, facet.security_groups)
    if len(wishes) > MAX_NICS:
        raise InvalidInput(f"{len(wishes)} interfaces", subject="networkids", hint=f"at most {MAX_NICS}")
    networks = [usable_network(work, wish.network_id, owner, "networkids") for wish in wishes]
    groups = check_groups(work, request.security_group_ids, request.security_group_names, owner.id)
    set_groups(work, instance, groups_for(work, owner, groups, networks))
    for number, (wish, network) in enumerate(zip(wishes, networks, strict=True)):
        chosen = _with_first(wish, request) if number == 0 else wish
        add_nic(work, instance, chosen, network, number)
    return instance


def _described(work: Work, request: DeployInstance, owner: Account, zone_id: ZoneId) -> Instance:
    template, _adapter = template_of(work, request.template_id, request.hypervisor)
    size = size_of(work, request.service_offering_id, owner, request.details)
    born = work.owned(owner)
    name = check_hostname(request.name or f"VM-{born['id']}")
    user_data = None if request.user_data is None else check_user_data(request.user_data)
    linked = request.user_data_id
    if linked is not None:
        user_data_of(work, linked, owner.id, owner.domain_id)
    return Instance(
        **born,
        name=name,
        display_name=check_display(request.display_name or name),
        state=InstanceState.STOPPED,
        zone_id=zone_id,
        template_id=template.id,
        service_offering_id=request.service_offering_id,
        hypervisor=template.hypervisor,
        user_id=work.caller.user_id,
        cpu_number=size.cpu_number,
        cpu_speed=size.cpu_speed,
        memory=size.memory,
        group=None if request.group is None else check_display(request.group, "group"),
        user_data=user_data,
        user_data_id=linked or (template.user_data_id if user_data is None else None),
        key_pairs=check_keys(work, request.key_pairs, owner.id),
        display=request.display,
        dynamically_scalable=request.dynamically_scalable,
        details=check_details(request.details),
    )


def _wishes(request: DeployInstance) -> tuple[NicWish, ...]:
    """The interfaces that were asked for.

    Raises:
        InvalidInput: one network twice.
    """
    networks = [wish.network_id for wish in request.nics]
    twice = next((each for each in networks if networks.count(each) > 1), None)
    if twice is not None:
        raise InvalidInput(
            f"network {twice} twice", subject="networkids", code="network-twice", hint="each network once"
        )
    return request.nics


def _with_first(wish: NicWish, request: DeployInstance) -> NicWish:
    """The default interface, with the addresses that were given for the instance as a whole."""
    return msgspec.structs.replace(
        wish,
        ipv4=wish.ipv4 or request.ipv4,
        ipv6=wish.ipv6 or request.ipv6,
        mac=wish.mac or request.mac,
    )


async def _apply(doing: Doing, instance: Instance) -> Ending | None:
    return await start(doing, instance)


DEPLOY = UseCase(
    name="instance.deploy",
    command="deployVirtualMachine",
    event="VM.CREATE",
    request=DeployInstance,
    begin=deploy,
    apply=_apply,
    undo=life.aborted,
    queue=life.queue_of,
    longer=3.0,  # networks first, and on so many hosts it may be tried
)
USE_CASES = (DEPLOY,)
