"""Where gateways shall be: what providers are told of operators' wishes, and that these go with what they are for."""

from __future__ import annotations

from netloom.app.cloud.work import View, Work
from netloom.base.ids import Uuid
from netloom.model.cloud.gateway_hosts import GatewayHost
from netloom.store.cloud.records import Where, columns


def hosts_of(view: View, *, network_id: Uuid | None = None, vpc_id: Uuid | None = None) -> tuple[Uuid, ...]:
    """The hosts for a gateway, the preferred one first; none: anywhere."""
    wishes = view.records.select(
        GatewayHost, _of(network_id, vpc_id), order=columns(GatewayHost).priority.desc()
    )
    return tuple(each.host_id for each in wishes)


def forget_hosts(work: Work, *, network_id: Uuid | None = None, vpc_id: Uuid | None = None) -> None:
    """Take out the wishes for a gateway that goes."""
    work.delete_all(work.records.select(GatewayHost, _of(network_id, vpc_id)))


def _of(network_id: Uuid | None, vpc_id: Uuid | None) -> Where:
    c = columns(GatewayHost)
    return c.network_id == network_id if vpc_id is None else c.vpc_id == vpc_id
