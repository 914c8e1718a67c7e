"""Where a network is and how it does, from the planner's picture and the status book."""

from __future__ import annotations

from netloom.app.reports import MAX_LISTED, ErrorReport, NetworkOnHost, NetworkReport
from netloom.base.ids import HostId, NetworkId
from netloom.daemon.runtime.texts import error_report, finding_report
from netloom.model.mtu import overhead
from netloom.model.objects import Network
from netloom.plan.graph import Planner
from netloom.plan.switch import FragmentKey
from netloom.reconcile.status import StatusBook


def network_report(planner: Planner, book: StatusBook[FragmentKey], network: Network) -> NetworkReport:
    """One network's report."""
    view = planner.view
    network_id = NetworkId(network.id)
    known = view.networks.get(network_id)
    hosts = view.hosts_of_network(known) if known is not None else []
    shares = [_share(planner, book, host.id, host.name, network, network_id) for host in hosts[:MAX_LISTED]]
    nic_ids = view.nics_of.get(network_id, {})
    placed = {
        nic_id
        for places in view.presence.get(network_id, {}).values()
        for nic_id in places
        if nic_id in nic_ids
    }
    unplaced = [
        nic.name
        for nic_id in nic_ids
        if nic_id not in placed and (nic := view.nics[nic_id]).attachment is not None
    ]
    over_ipv6 = any(host.tunnel_ip is not None and host.tunnel_ip.version == 6 for host in hosts)
    return NetworkReport(
        network_id=network.id,
        name=network.name,
        isolation=network.isolation.value,
        segment=network.segment,
        guest_mtu=network.guest_mtu,
        overhead=overhead(network.isolation, 6 if over_ipv6 else 4),
        nics=len(nic_ids),
        nics_placed=len(placed),
        hosts=tuple(shares),
        hosts_omitted=max(0, len(hosts) - MAX_LISTED),
        unplaced=tuple(sorted(unplaced)[:MAX_LISTED]),
        findings=tuple(finding_report(finding) for finding in planner.findings(network.id)),
    )


def _share(
    planner: Planner,
    book: StatusBook[FragmentKey],
    host_id: HostId,
    name: str,
    network: Network,
    network_id: NetworkId,
) -> NetworkOnHost:
    view = planner.view
    places = view.presence.get(network_id, {}).get(host_id, {})
    own = {network.id, *view.nics_of.get(network_id, {})}
    desired = planner.desired(host_id)
    flows = (
        0
        if desired is None
        else sum(
            len(fragment.flows)
            for fragment in desired.fragments.each()
            if any(ref.id in own for ref in fragment.why)
        )
    )
    return NetworkOnHost(
        host_id=host_id,
        host=name,
        nics=len(places),
        flows=flows,
        in_sync=book.in_sync(host_id),
        ports=tuple(sorted(place.port_name for place in places.values())[:MAX_LISTED]),
        error=_error(book, host_id),
    )


def _error(book: StatusBook[FragmentKey], host_id: HostId) -> ErrorReport | None:
    failure = book.host_failure(host_id)
    if failure is None:
        failure = next(iter(book.refusals(host_id).values()), None)
    return error_report(failure)
