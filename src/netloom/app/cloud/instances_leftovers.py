"""Ports that a migration left on a host: it died meanwhile, came back, and shows interfaces of guests that live elsewhere.

Rule 1: what there is decides, not what was done: a switch shows the port of a NIC at a host where its instance is not, its
    own host shows it too, and the hypervisor sees the guest there and nowhere else.
Rule 2: only what two looks in a row see: whoever moves a guest by hand has its ports at two hosts for a while.
Rule 3: the instance's adapter takes them away, in the instance's line: it knows what `prepare` made by the guest's name.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from netloom.app.cloud.hypervisors import Places
from netloom.app.cloud.instances_run import LEAVE_TARGET, LeaveTarget
from netloom.app.cloud.visibility import system_caller
from netloom.base.errors import NetloomError
from netloom.base.ids import HostId, NicId, Uuid
from netloom.model.cloud.instances import Instance, InstanceNic, InstanceState

if TYPE_CHECKING:
    from netloom.app.cloud.cloud import Cloud
    from netloom.app.cloud.instances_report import Report
    from netloom.app.cloud.work import View

_log = structlog.get_logger("netloom.instances")

Left = tuple[Uuid, HostId]
"""An instance, and a host that it left ports on."""
FIRST: Final = 2
"""The look at which they are taken away; when they stay, they are tried again each time the count of looks doubles."""


class Leftovers:
    """What hypervisors' hosts show of guests that are not there, and how often it was seen in a row."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._seen: dict[str, dict[Left, int]] = {}

    async def look(self, report: Report) -> bool:
        """Have taken away what was seen at the last look too; whether something is seen now."""
        places = self._cloud.backends.hypervisors.several()
        found: set[Left] = set()
        if places:
            found = await self._cloud.read_as(system_caller(), partial(left, report=report, places=places))
        before = self._seen.get(report.hypervisor, {})
        self._seen[report.hypervisor] = now = {each: before.get(each, 0) + 1 for each in found}
        for (instance_id, host_id), times in now.items():
            if times >= FIRST and not times & (times - 1):
                await self._take_away(instance_id, host_id)
        return bool(found)

    async def _take_away(self, instance_id: Uuid, host_id: HostId) -> None:
        _log.info("ports of an instance left on a host", instance=instance_id, host=host_id)
        request = LeaveTarget(id=instance_id, host_id=host_id, seen=True)
        try:
            await self._cloud.do(system_caller(), LEAVE_TARGET, request)
        except NetloomError as error:  # it is gone, or the store is away: the next look knows
            _log.warning("ports not taken away", instance=instance_id, host=host_id, error=str(error))


def left(view: View, report: Report, places: Places) -> set[Left]:
    """The settled instances of a report's hypervisor whose NICs are shown where they are not."""
    by_id = {host.id: host.name for host in report.hosts}
    nics = view.records.many(InstanceNic, places)
    instances = view.records.many(Instance, [nic.instance_id for nic in nics.values()])
    found: set[Left] = set()
    for nic in nics.values():
        instance = instances.get(nic.instance_id)
        if instance is None or not _settled(instance, report):
            continue
        home, shown = instance.host_id, places[NicId(nic.id)]
        seen = {
            guest.host for guest in report.running.get(instance.external_id or instance.internal_name, ())
        }
        if home is not None and home in shown and seen == {by_id.get(home)}:
            found.update((instance.id, host_id) for host_id in shown if host_id in by_id and host_id != home)
    return found


def _settled(instance: Instance, report: Report) -> bool:
    return (
        instance.hypervisor == report.hypervisor
        and instance.state is InstanceState.RUNNING
        and instance.updated_at < report.at
    )
