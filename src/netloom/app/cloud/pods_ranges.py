"""Ranges of pods' management networks beyond the first one, which is made with the pod.

Rule 1: all ranges of a pod lie in its subnet: the pod's gateway and netmask are theirs.
Rule 2: a range is known by its pod and its ends; the pod holds it, and it goes with the pod.
"""

from __future__ import annotations

import ipaddress

import msgspec

from netloom.app.cloud.doing import nothing_more
from netloom.app.cloud.ranges_private import check_private, span_key
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, InvalidInput, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.infrastructure import Pod, PodSpan
from netloom.model.cloud.infrastructure_ranges import checked_subnet, checked_v4, checked_vlan


class AddSpan(msgspec.Struct, frozen=True, kw_only=True):
    """Give a pod's management network further addresses; gateway and netmask are the pod's, if it has them."""

    pod_id: Uuid
    start: str
    end: str | None = None
    gateway: str | None = None
    netmask: str | None = None
    vlan: str | None = None
    for_system: bool = False


class ChangeSpan(msgspec.Struct, frozen=True, kw_only=True):
    """Change the ends of a range of a pod's management network, the first one too; what is None stays."""

    pod_id: Uuid
    current_start: str
    current_end: str
    start: str | None = None
    end: str | None = None


class RemoveSpan(msgspec.Struct, frozen=True, kw_only=True):
    """Take addresses out of a pod's management network; `vlan`: as it was said when they were added."""

    pod_id: Uuid
    start: str
    end: str
    vlan: str | None = None


def _add(work: Work, request: AddSpan) -> Pod:
    pod = work.get(Pod, request.pod_id, "podid")
    new = checked_v4(
        request.gateway or pod.gateway, request.netmask or pod.netmask, request.start, request.end
    )
    if pod.gateway and pod.netmask and (new.subnet, new.gateway) != _subnet(pod.gateway, pod.netmask):
        raise InvalidInput(
            f"the pod {pod.name!r} ({pod.id}) has the gateway {pod.gateway} and the netmask {pod.netmask}",
            subject="gateway",
            hint="all ranges of a pod lie in its subnet; make another pod for another one",
        )
    check_private(work, pod.zone_id, new)
    span = PodSpan(new.start, new.end, checked_vlan(request.vlan), request.for_system)
    return work.update(
        msgspec.structs.replace(
            pod,
            gateway=new.gateway,
            netmask=str(new.subnet.netmask),
            spans=(*pod.spans, span),
        )
    )


def _change(work: Work, request: ChangeSpan) -> Pod:
    pod = work.get(Pod, request.pod_id, "podid")
    found = _find(pod, request.current_start, request.current_end)
    start, end = request.start or request.current_start, request.end or request.current_end
    new = checked_v4(pod.gateway, pod.netmask, start, end)
    check_private(work, pod.zone_id, new, but=span_key(pod, request.current_start))
    if found is None:
        return work.update(msgspec.structs.replace(pod, start_ip=new.start, end_ip=new.end))
    changed = msgspec.structs.replace(found, start=new.start, end=new.end)
    spans = tuple(changed if each is found else each for each in pod.spans)
    return work.update(msgspec.structs.replace(pod, spans=spans))


def _remove(work: Work, request: RemoveSpan) -> Pod:
    pod = work.get(Pod, request.pod_id, "podid")
    found = _find(pod, request.start, request.end)
    if found is None:
        raise Conflict(
            f"{request.start}-{request.end} is the first range of the pod {pod.name!r} ({pod.id})",
            code="first-range",
            subject="startip",
            hint="change its ends (updatePod), or delete the pod",
        )
    if request.vlan is not None and checked_vlan(request.vlan) != found.vlan:
        raise NotFound(
            f"{request.start}-{request.end} of the pod {pod.name!r} ({pod.id}) is on {found.vlan}",
            code="pod-range-not-found",
            subject="vlan",
            hint=found.vlan,
        )
    return work.update(
        msgspec.structs.replace(pod, spans=tuple(each for each in pod.spans if each is not found))
    )


def _find(pod: Pod, start: str, end: str) -> PodSpan | None:
    """The range of a pod with these ends; None: its first one.

    Raises:
        NotFound: it has none such (`pod-range-not-found`).
    """
    for each in pod.spans:
        if (each.start, each.end) == (start, end):
            return each
    if pod.start_ip is not None and (pod.start_ip, pod.end_ip or pod.start_ip) == (start, end):
        return None
    raise NotFound(
        f"the pod {pod.name!r} ({pod.id}) has no range {start}-{end}",
        code="pod-range-not-found",
        subject="startip",
        hint="listPods shows its ranges",
    )


def _subnet(gateway: str, netmask: str) -> tuple[ipaddress.IPv4Network, str]:
    subnet, door = checked_subnet(gateway, netmask)
    return subnet, str(door)


ADD = UseCase(
    name="pod.add_range",
    command="createManagementNetworkIpRange",
    request=AddSpan,
    begin=_add,
    apply=nothing_more,
    event="MANAGEMENT.IP.RANGE.CREATE",
)
CHANGE = UseCase(
    name="pod.change_range",
    command="updatePodManagementNetworkIpRange",
    request=ChangeSpan,
    begin=_change,
    apply=nothing_more,
    event="MANAGEMENT.IP.RANGE.UPDATE",
)
REMOVE = UseCase(
    name="pod.remove_range",
    command="deleteManagementNetworkIpRange",
    request=RemoveSpan,
    begin=_remove,
    apply=nothing_more,
    event="MANAGEMENT.IP.RANGE.DELETE",
)
USE_CASES = (ADD, CHANGE, REMOVE)
