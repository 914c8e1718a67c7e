"""Everything about one host that a person needs before reading a log, from its session, target, worker and picture."""

from __future__ import annotations

import datetime as dt

from netloom.app.reports import (
    MAX_LISTED,
    ErrorReport,
    FlowCounts,
    HostReport,
    LinkReport,
    LinkState,
    PortReport,
    QueueReport,
    SwitchReport,
    TunnelReport,
)
from netloom.base.ids import HostId
from netloom.daemon.hosts import KeptHost, SwitchEngine
from netloom.daemon.runtime.texts import error_report, finding_report, moment, session_finding
from netloom.model.objects import Host
from netloom.plan.graph import Planner
from netloom.plan.records import NicView
from netloom.plan.switch import FragmentKey
from netloom.providers.ovs.compile.ports import OWNER_KEY, isolation_of_port
from netloom.reconcile.engine import TargetCounters
from netloom.reconcile.status import StatusBook
from netloom.switches.link import LinkSnapshot
from netloom.wire.ovsdb.vswitch import Interface


def host_report(
    host: Host,
    kept: KeptHost | None,
    planner: Planner,
    book: StatusBook[FragmentKey],
    engine: SwitchEngine,
) -> HostReport:
    """One host's report."""
    host_id = HostId(host.id)
    counters = engine.counters(host.id) or TargetCounters(host.id)
    desired = planner.desired(host_id)
    ports = _ports(kept, planner, host_id) if kept is not None else []
    failure = book.host_failure(host_id) or next(iter(book.refusals(host_id).values()), None)
    in_sync = book.in_sync(host_id)
    return HostReport(
        host_id=host.id,
        name=host.name,
        in_sync=in_sync,
        wanted_revision=book.revision,
        applied_revision=book.applied_revision(host_id),
        links=tuple(_link(link) for link in kept.session.links()) if kept is not None else (),
        switch=_switch(kept),
        flows=FlowCounts(
            desired=desired.fragments.flow_count() if desired is not None else 0,
            actual=kept.target.counts.desired if kept is not None and counters.full_turns else None,
            foreign=kept.target.counts.foreign if kept is not None else 0,
            drift_found=counters.drift,
            drift_repaired=counters.drift,
            drift_last=moment(counters.drift_at),
            added=counters.added,
            changed=counters.changed,
            removed=counters.removed,
        ),
        ports=tuple(ports[:MAX_LISTED]),
        ports_omitted=max(0, len(ports) - MAX_LISTED),
        tunnels=tuple(
            _tunnel(port, planner, host_id)
            for port in ports
            if port.ours and isolation_of_port(port.name) is not None
        ),
        queues=(
            QueueReport("dirty-keys", counters.dirty, 0),
            QueueReport("retrying-keys", counters.retrying, 0),
        ),
        findings=(
            *(finding_report(finding) for finding in planner.findings(host.id)),
            *(
                session_finding(found, host)
                for found in (kept.session.findings() if kept is not None else ())
            ),
        ),
        last_error=error_report(failure) or _last_error(counters),
        last_read=moment(counters.in_sync_at),
        last_applied=moment(counters.applied_at),
        busy=f"{counters.dirty} outputs to apply" if counters.dirty else None,
    )


def _last_error(counters: TargetCounters) -> ErrorReport | None:
    if counters.last_error is None or counters.last_error_at is None:
        return None
    return ErrorReport(
        "past-error", counters.last_error, dt.datetime.fromtimestamp(counters.last_error_at, dt.UTC)
    )


def _link(link: LinkSnapshot) -> LinkReport:
    error = link.last_error
    return LinkReport(
        protocol=link.protocol,
        state=LinkState(link.phase.value),
        peer=link.peer,
        since=moment(link.since),
        version=link.version,
        attempts=link.attempts,
        next_try=moment(link.next_try),
        received=link.received,
        sent=link.sent,
        last_error=ErrorReport(
            error.code, error.reason, dt.datetime.fromtimestamp(link.last_error_at or link.since, dt.UTC)
        )
        if error is not None
        else None,
    )


def _switch(kept: KeptHost | None) -> SwitchReport:
    if kept is None:
        return SwitchReport()
    seen = kept.session.seen()
    return SwitchReport(
        system_id=seen.system_id,
        ovs_version=seen.ovs_version,
        db_version=seen.db_version,
        datapath_id=seen.datapath_id,
        datapath_type=seen.datapath_type,
        datapath_types=seen.datapath_types,
        interface_types=seen.interface_types,
        capabilities=seen.capabilities,
    )


def _ports(kept: KeptHost, planner: Planner, host_id: HostId) -> list[PortReport]:
    database = kept.session.database
    view = planner.view
    nics = {
        place.port_name: view.nics[nic_id]
        for network_id in view.networks_on.get(host_id, ())
        for nic_id, place in view.presence[network_id][host_id].items()
    }
    found = []
    for interface_id in database.interfaces_on_bridge():
        interface = database.interface_on_bridge(interface_id)
        if interface is not None:
            found.append(_port(interface, nics.get(interface.name), planner))
    return sorted(found, key=lambda port: port.name)


def _port(interface: Interface, nic: NicView | None, planner: Planner) -> PortReport:
    network = planner.view.networks.get(nic.network_id) if nic is not None else None
    return PortReport(
        name=interface.name,
        ofport=interface.ofport,
        type=interface.type,
        ours=OWNER_KEY in interface.external_ids,
        identity=interface.external_ids.get("iface-id"),
        nic=nic.name if nic is not None else None,
        network=network.name if network is not None else None,
        mac=interface.mac_in_use,
        mtu=interface.mtu,
        link_up=None if interface.link_state is None else interface.link_state == "up",
        error=interface.error or None,
    )


def _tunnel(port: PortReport, planner: Planner, host_id: HostId) -> TunnelReport:
    view = planner.view
    isolation = isolation_of_port(port.name)
    here = view.hosts.get(host_id)
    networks = [
        view.networks[network_id]
        for network_id in view.networks_on.get(host_id, ())
        if network_id in view.networks and view.networks[network_id].isolation is isolation
    ]
    peers = {
        str(host.tunnel_ip)
        for network in networks
        for host in view.hosts_of_network(network)
        if host.id != host_id and host.tunnel_ip is not None
    }
    return TunnelReport(
        port=port.name,
        isolation=isolation.value if isolation is not None else port.type,
        ofport=port.ofport,
        local_ip=str(here.tunnel_ip) if here is not None and here.tunnel_ip is not None else None,
        peers=tuple(sorted(peers)[:MAX_LISTED]),
        networks=len(networks),
        error=port.error,
    )
