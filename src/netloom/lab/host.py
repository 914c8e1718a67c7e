"""A lab host: a network namespace with its own ovsdb-server and ovs-vswitchd, `br-int` ready to be managed.

Rule 1: nothing is cached here; every answer is asked of the daemons, so several processes may use one lab.
Rule 2: the lab plays hypervisor and operator (plugs ports, pulls cables, kills daemons); it never does netloom's work.
"""

from __future__ import annotations

import pathlib
import signal
import uuid
from collections.abc import Mapping, Sequence

from netloom.base.net import IPAddress
from netloom.lab import commands, daemons, links, names, namespaces, ovsdb
from netloom.lab.errors import LabError
from netloom.lab.jsonrpc import Json, JsonRpc
from netloom.lab.state import HostState, StateFile

BRIDGE = "br-int"


class Host:
    """One host of a lab. `underlay`, `control`, `lan` (if it has one) are cables, `OVSDB`, `VSWITCHD` name its daemons."""

    OVSDB = daemons.OVSDB
    VSWITCHD = daemons.VSWITCHD

    def __init__(self, file: StateFile, state: HostState) -> None:
        self._file = file
        self.number = state.number
        self.name = state.name
        self.namespace = names.namespace(file.name, state.name)
        self.directory: pathlib.Path = file.directory / state.name
        self.underlay = links.Cable(names.namespace(file.name, links.UNDERLAY), state.name)
        self.control = links.Cable(names.namespace(file.name, links.CONTROL), state.name)
        self.lan = links.Cable(names.namespace(file.name, links.LAN), state.name)

    def __repr__(self) -> str:
        return f"<Host {self.name} of lab {self._file.name}>"

    # Where it is found

    @property
    def tunnel_ip(self) -> IPAddress:
        """Its tunnel endpoint on the underlay, IPv4."""
        return names.underlay4(self.number)

    @property
    def tunnel_ip6(self) -> IPAddress:
        """Its tunnel endpoint on the underlay, IPv6 (labs with `ipv6` only)."""
        return names.underlay6(self.number)

    @property
    def management_ip(self) -> IPAddress:
        """Its address on the control network, which the namespace `Lab.control_namespace` reaches."""
        return names.management4(self.number)

    @property
    def system_id(self) -> str:
        """`external_ids:system-id`, the host's identity."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"netloom-lab:{self._file.name}:{self.name}"))

    @property
    def ovsdb_socket(self) -> pathlib.Path:
        """Unix socket of its ovsdb-server."""
        return self.directory / "db.sock"

    @property
    def openflow_socket(self) -> pathlib.Path:
        """Unix socket on which br-int takes OpenFlow connections."""
        return self.directory / f"{BRIDGE}.mgmt"

    @property
    def ovsdb(self) -> str:
        """How netloom is told of its database: `unix:PATH`."""
        return f"unix:{self.ovsdb_socket}"

    @property
    def openflow(self) -> str:
        """How netloom is told of its br-int: `unix:PATH`."""
        return f"unix:{self.openflow_socket}"

    # Talking to its daemons

    def transact(self, *operations: dict[str, Json], timeout: float = 30.0) -> list[dict[str, Json]]:
        """One OVSDB transaction on `Open_vSwitch`; the results of its operations."""
        return ovsdb.transact(self.ovsdb_socket, operations, timeout)

    def appctl(self, command: str, *arguments: str) -> str:
        """What `ovs-appctl COMMAND …` of its ovs-vswitchd prints."""
        with JsonRpc(self.directory / daemons.VSWITCHD.control) as daemon:
            return str(daemon.call(command, *arguments))

    def vsctl(self, *arguments: str) -> str:
        """What `ovs-vsctl …` prints."""
        return commands.run(["ovs-vsctl", f"--db={self.ovsdb}", *arguments]).stdout

    def ofctl(self, command: str, *arguments: str, bridge: str = BRIDGE, text: str | None = None) -> str:
        """What `ovs-ofctl COMMAND BRIDGE …` prints, with OpenFlow 1.5 down to 1.3 allowed; `text` is its standard input."""
        words = ["ovs-ofctl", "-O", "OpenFlow15,OpenFlow14,OpenFlow13", command]
        return commands.run(
            [*words, f"unix:{self.directory / bridge}.mgmt", *arguments], text=text, timeout=60
        ).stdout

    def flows(self, *, bridge: str = BRIDGE, match: str = "") -> list[str]:
        """The flows of a bridge in ovs-ofctl's words, without counters and ages, sorted: equal lists, equal switches."""
        dump = self.ofctl(
            "dump-flows", *([match] if match else []), "--no-stats", "--no-names", bridge=bridge
        )
        lines = (line.strip() for line in dump.splitlines())
        return sorted(line for line in lines if "actions=" in line)

    def add_flows(self, *flows: str, bridge: str = BRIDGE) -> None:
        """Add flows behind netloom's back."""
        self.ofctl("add-flows", "-", bridge=bridge, text="\n".join(flows) + "\n")
        self.settle()

    def delete_flows(self, match: str = "", *, bridge: str = BRIDGE) -> None:
        """Delete flows behind netloom's back; all of them without a match."""
        self.ofctl("del-flows", *([match] if match else []), bridge=bridge)
        self.settle()

    def settle(self) -> None:
        """Make the datapath's cache agree with the flow tables now: without this a change acts a moment after its barrier.

        Emptying the cache takes 0.4 ms and loses no packet; waiting for the revalidator takes half a second.
        """
        self.appctl("revalidator/purge")

    def trace(self, flow: str, *, bridge: str = BRIDGE) -> str:
        """What `ofproto/trace` says about a packet."""
        return self.appctl("ofproto/trace", bridge, flow)

    def exec(
        self, command: Sequence[str], *, check: bool = True, timeout: float = 30.0
    ) -> commands.Completed:
        """Run a program in its namespace."""
        return commands.run(command, namespace=self.namespace, check=check, timeout=timeout)

    # Playing the hypervisor

    def plug(self, port: str, identity: str | None, *, mac: str | None = None, bridge: str = BRIDGE) -> int:
        """Add an interface of its namespace to a bridge, as libvirt does; its OpenFlow port.

        Args:
            port: the interface.
            identity: `external_ids:iface-id`; None: leave it unsaid.
            mac: `external_ids:attached-mac`.
            bridge: where to.
        """
        return self.plug_many({port: (identity, mac)}, bridge=bridge)[port]

    def plug_many(
        self, ports: Mapping[str, tuple[str | None, str | None]], *, bridge: str = BRIDGE
    ) -> dict[str, int]:
        """Add many interfaces in one transaction: {port: (identity, mac)} → {port: OpenFlow port}."""
        operations: list[dict[str, Json]] = []
        for index, (port, (identity, mac)) in enumerate(ports.items()):
            ids = {"iface-id": identity, "attached-mac": mac, "iface-status": "active" if identity else None}
            said = {key: value for key, value in ids.items() if value is not None}
            operations += ovsdb.add_port(bridge, port, said, index)
        self.transact(*operations)
        # Their numbers come with ovs-vswitchd's next round, so they are waited for in a transaction of their own.
        answers = self.transact(*(operation for port in ports for operation in ovsdb.await_ofport(port)))
        found = {str(row["name"]): ovsdb.ofport_of(row) for answer in answers for row in ovsdb.rows(answer)}
        return {port: found[port] for port in ports}

    def unplug(self, *ports: str, bridge: str = BRIDGE) -> None:
        """Take interfaces off a bridge; ports that are not there are no error."""
        results = self.transact(*(ovsdb.select_port(port) for port in ports))
        gone: list[Json] = [
            ["uuid", ovsdb.uuid_of(row["_uuid"])] for result in results for row in ovsdb.rows(result)
        ]
        self.transact(
            {
                "op": "mutate",
                "table": "Bridge",
                "where": [["name", "==", bridge]],
                "mutations": [["ports", "delete", ["set", gone]]],
            }
        )

    def ofport(self, port: str) -> int:
        """The OpenFlow port of an interface, when ovs-vswitchd has it."""
        answers = self.transact(*ovsdb.await_ofport(port))
        found = [row for answer in answers for row in ovsdb.rows(answer)]
        if not found:
            raise LabError(f"no interface {port}", subject=self.name)
        return ovsdb.ofport_of(found[0])

    # Playing the operator

    def set_manager(self, *targets: str) -> None:
        """Make its ovsdb-server listen (`ptcp:6640:IP`, `pssl:…`) or dial (`tcp:…`, `ssl:…`); none: stop both."""
        self.vsctl("del-manager") if not targets else self.vsctl("set-manager", *targets)

    def set_controller(self, *targets: str) -> None:
        """Make br-int listen or dial for OpenFlow; none: stop both."""
        self.vsctl("del-controller", BRIDGE) if not targets else self.vsctl(
            "set-controller", BRIDGE, *targets
        )

    def set_ssl(self, key: pathlib.Path, certificate: pathlib.Path, ca: pathlib.Path) -> None:
        """Give its daemons a private key, a certificate and whom to trust."""
        self.vsctl("set-ssl", str(key), str(certificate), str(ca))

    def listen(self, *, tls: bool = False) -> tuple[str, str]:
        """Listen on the control network; the OVSDB and OpenFlow addresses to dial from `Lab.control_namespace`."""
        kind = "ssl" if tls else "tcp"
        self.set_manager(f"p{kind}:6640:{self.management_ip}")
        self.set_controller(f"p{kind}:6653:{self.management_ip}")
        return f"{kind}:{self.management_ip}:6640", f"{kind}:{self.management_ip}:6653"

    def join_lan(self, bridge: str = "br-ex") -> None:
        """Make a bridge of the operator's own, an ordinary switch, with the interface to the LAN in it."""
        self.vsctl(
            *("--may-exist", "add-br", bridge, "--", "set", "Bridge", bridge),
            *(f"datapath_type={self._file.load().datapath}", "fail_mode=standalone"),
            *("--", "--may-exist", "add-port", bridge, links.LAN_PORT),
        )

    def plug_beside(self, port: str, *, bridge: str, tag: int | None = None) -> None:
        """Add an interface to a bridge of the operator's; `tag`: as an access port of a VLAN."""
        words = [] if tag is None else [f"tag={tag}"]
        self.vsctl("--may-exist", "add-port", bridge, port, *words)

    # Faults of its daemons

    def pause(self, daemon: daemons.Daemon) -> None:
        """Stop a daemon in its tracks (SIGSTOP): its sockets stay open, nobody answers."""
        daemons.send(self._file, self, daemon, signal.SIGSTOP)

    def resume(self, daemon: daemons.Daemon) -> None:
        """Let a paused daemon go on."""
        daemons.send(self._file, self, daemon, signal.SIGCONT)

    def kill(self, daemon: daemons.Daemon) -> None:
        """Kill a daemon (SIGKILL) and leave it dead."""
        daemons.kill(self._file, self, daemon)

    def start(self, daemon: daemons.Daemon) -> None:
        """Start a daemon that was killed, and wait until it serves; vswitchd's underlay is set up again."""
        daemons.start(self._file, self, daemon)

    def restart(self, daemon: daemons.Daemon) -> None:
        """Kill a daemon and start it again."""
        self.kill(daemon)
        self.start(daemon)

    # The underlay

    def set_underlay_mtu(self, mtu: int) -> None:
        """Change the MTU of the host's own end of the underlay."""
        namespaces.ip_batch([f"link set {links.UPLINK} mtu {mtu}"], namespace=self.namespace)
        self.vsctl("set", "Interface", links.UNDERLAY_BRIDGE, f"mtu_request={mtu}")

    def know_neighbours(self, addresses: Mapping[str, str]) -> None:
        """Tell the datapath the MACs of tunnel endpoints {address: MAC}, so that not even a first packet is lost to ARP."""
        with JsonRpc(self.directory / daemons.VSWITCHD.control) as daemon:
            for address, mac in addresses.items():
                daemon.call("tnl/neigh/set", links.UNDERLAY_BRIDGE, address, mac)
