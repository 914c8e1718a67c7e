"""ovsdb-server and ovs-vswitchd of a host: started, killed, restarted, each known by its process id and start time.

Rule 1: a daemon counts as started when it serves, not when it runs.
Rule 2: no daemon forks: the process that was started is the one that is recorded and signalled.
"""

from __future__ import annotations

import enum
import json
import pathlib
import shutil
import signal
from typing import TYPE_CHECKING

import msgspec

from netloom.lab import commands, links, names, namespaces, ovsdb, process, wait
from netloom.lab.errors import LabError
from netloom.lab.jsonrpc import JsonRpc
from netloom.lab.state import LabState, ProcessId, StateFile

if TYPE_CHECKING:
    from netloom.lab.host import Host


class Daemon(enum.Enum):
    """A host's daemons."""

    OVSDB = "ovsdb-server"
    VSWITCHD = "ovs-vswitchd"

    @property
    def control(self) -> str:
        """File name of its unixctl socket."""
        return f"{self.value}.ctl"


OVSDB = Daemon.OVSDB
VSWITCHD = Daemon.VSWITCHD


def make_template(directory: pathlib.Path) -> pathlib.Path:
    """An empty database that all hosts of a lab are copied from (faster than making each)."""
    template = directory / "template.db"
    commands.run(["ovsdb-tool", "create", str(template), str(ovsdb.SCHEMA)])
    return template


def bring_up(file: StateFile, host: Host, state: LabState, template: pathlib.Path) -> None:
    """Make a host's database and start its daemons."""
    host.directory.mkdir()
    shutil.copyfile(template, host.directory / "conf.db")
    start(file, host, OVSDB)
    host.transact(
        *ovsdb.initial(
            ovsdb.NewHost(
                system_id=host.system_id,
                hostname=host.name,
                underlay=links.UNDERLAY_BRIDGE,
                uplink=links.UPLINK,
                uplink_mac=names.underlay_mac(host.number),
                mtu=state.mtu,
                datapath=state.datapath,
            ),
            schema_version=json.loads(ovsdb.SCHEMA.read_bytes())["version"],
        )
    )
    start(file, host, VSWITCHD)


def start(file: StateFile, host: Host, daemon: Daemon) -> None:
    """Start a daemon of a host and wait until it serves.

    Raises:
        LabError: it runs already, or ended, or does not come up.
    """
    state = file.load()
    known = state.processes.get(_label(host, daemon))
    if known is not None and process.alive(known):
        raise LabError(f"{daemon.value} runs already", subject=host.name)
    directory = host.directory
    control = directory / daemon.control
    by_pid = list(directory.glob(f"{daemon.value}.*.ctl"))
    for leftover in (control, *by_pid, *([host.ovsdb_socket] if daemon is OVSDB else [])):
        leftover.unlink(missing_ok=True)
    log = directory / f"{daemon.value}.log"
    common = [
        *(f"--unixctl={control}", f"--pidfile={directory / daemon.value}.pid", "--overwrite-pidfile"),
        *(f"--log-file={log}", "-vconsole:off", "-vsyslog:off", "--no-chdir"),
    ]
    if daemon is OVSDB:
        arguments = [
            f"--remote=punix:{host.ovsdb_socket}",
            "--remote=db:Open_vSwitch,Open_vSwitch,manager_options",
            "--private-key=db:Open_vSwitch,SSL,private_key",
            "--certificate=db:Open_vSwitch,SSL,certificate",
            "--ca-cert=db:Open_vSwitch,SSL,ca_cert",
            str(directory / "conf.db"),
        ]
    else:
        arguments = [host.ovsdb]
    started = process.spawn(
        [daemon.value, *common, *arguments],
        namespace=host.namespace,
        token=state.token,
        output=directory / f"{daemon.value}.out",
        # Where Open vSwitch puts and looks for what has no option: <bridge>.mgmt, pid files.
        environment={f"OVS_{kind}DIR": str(directory) for kind in ("RUN", "LOG", "DB", "SYSCONF")},
    )
    _record(file, _label(host, daemon), started)
    # Where ovs-appctl looks when it is told nothing but OVS_RUNDIR (ovs-appctl(8), -t).
    (directory / f"{daemon.value}.{started.pid}.ctl").symlink_to(control.name)

    def serves() -> bool:
        if not process.alive(started):
            raise LabError(f"{daemon.value} ended", subject=host.name, hint=f"see {log}")
        try:
            with JsonRpc(host.ovsdb_socket if daemon is OVSDB else control) as server:
                server.call("list_dbs" if daemon is OVSDB else "version")
        except LabError:
            return False
        return True

    wait.until(serves, f"{host.name}: {daemon.value} serves")
    if daemon is VSWITCHD:
        # As ovs-ctl does: the daemon itself leaves it to its start script.
        version = host.appctl("version").splitlines()[0].rpartition(" ")[2]
        host.transact(ovsdb.set_version(version))
        _connect_underlay(host, state)


def kill(file: StateFile, host: Host, daemon: Daemon) -> None:
    """SIGKILL, and wait until it is gone."""
    process.stop([_running(file, host, daemon)], patience=0)


def send(file: StateFile, host: Host, daemon: Daemon, number: signal.Signals) -> None:
    """Signal a daemon."""
    process.send(_running(file, host, daemon), number)


def is_running(state: LabState, host: str, daemon: Daemon) -> bool:
    """Whether the daemon that was started last still runs."""
    known = state.processes.get(f"{host}/{daemon.value}")
    return known is not None and process.alive(known)


def _running(file: StateFile, host: Host, daemon: Daemon) -> ProcessId:
    known = file.load().processes.get(_label(host, daemon))
    if known is None or not process.alive(known):
        raise LabError(f"{daemon.value} does not run", subject=host.name)
    return known


def _label(host: Host, daemon: Daemon) -> str:
    return f"{host.name}/{daemon.value}"


def _record(file: StateFile, label: str, started: ProcessId) -> None:
    file.update(lambda state: msgspec.structs.replace(state, processes={**state.processes, label: started}))


def _connect_underlay(host: Host, state: LabState) -> None:
    """Put the tunnel endpoint's address on the underlay bridge and wait until the datapath routes through it.

    A userspace datapath finds a tunnel's way in its own copy of the kernel's routes (`ovs-appctl ovs/route/show`), so the
    address must be on an OVS bridge; neighbours it learns on that bridge (`tnl/neigh/show`).
    """
    answers = host.transact(*ovsdb.await_ofport(links.UNDERLAY_BRIDGE), *ovsdb.await_ofport("br-int"))
    for answer in answers:
        for row in ovsdb.rows(answer):
            ovsdb.ofport_of(row)
    lines = [
        f"addr replace {host.tunnel_ip}/{names.UNDERLAY4.prefixlen} dev {links.UNDERLAY_BRIDGE}",
        f"link set {links.UNDERLAY_BRIDGE} mtu {state.mtu} up",
        "link set br-int up",
    ]
    if state.ipv6:
        lines.insert(
            1, f"addr replace {host.tunnel_ip6}/{names.UNDERLAY6.prefixlen} dev {links.UNDERLAY_BRIDGE} nodad"
        )
    namespaces.ip_batch(lines, namespace=host.namespace)
    wanted = [str(names.UNDERLAY4), *([str(names.UNDERLAY6)] if state.ipv6 else [])]

    def routed() -> bool:
        # ovs-vswitchd answers before it has all its commands.
        if "ovs/route/show" not in host.appctl("list-commands"):
            return False
        table = host.appctl("ovs/route/show")
        return all(f"{prefix} dev {links.UNDERLAY_BRIDGE}" in table for prefix in wanted)

    wait.until(routed, f"{host.name}: the datapath has the underlay's route")
    neighbours = {str(names.underlay4(o.number)): names.underlay_mac(o.number) for o in state.hosts.values()}
    if state.ipv6:
        neighbours |= {
            str(names.underlay6(o.number)): names.underlay_mac(o.number) for o in state.hosts.values()
        }
    del neighbours[str(host.tunnel_ip)]
    neighbours.pop(str(host.tunnel_ip6), None)
    host.know_neighbours(neighbours)
