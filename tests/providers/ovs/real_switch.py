"""A real ovs-vswitchd, dummy datapath, in a directory of its own: flows and packets in, packets out. No root needed."""

from __future__ import annotations

import contextlib
import pathlib
import socket
import struct
import subprocess
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from tests.sandbox.ovsdb import LIMIT, OvsdbServer, wait_until

from netloom.wire.openflow.connection import Connection, Negotiated, Received, Role
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.messages.barrier import BarrierReply, BarrierRequest
from netloom.wire.openflow.messages.error import ErrorMessage
from netloom.wire.openflow.messages.flow_mod import FlowCommand, FlowMod

BRIDGE = "br0"


def install(path: str, flows: Iterable[Flow], *, version: int = 6) -> list[ErrorMessage]:
    """Adds flows one by one through a bridge's socket; the errors that came back."""
    errors: list[ErrorMessage] = []
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as stream:
        stream.settimeout(LIMIT)
        stream.connect(path)
        connection = Connection(role=Role.CONTROLLER, versions=frozenset({version}))
        asked = False
        while True:
            if connection.version is not None and not asked:
                for flow in flows:
                    connection.send(FlowMod(FlowCommand.ADD, flow))
                connection.send(BarrierRequest())
                asked = True
            stream.sendall(connection.data_to_send())
            for event in connection.receive_data(stream.recv(65536)):
                match event:
                    case Received(message=ErrorMessage() as error):
                        errors.append(error)
                    case Received(message=BarrierReply()):
                        return errors
                    case Negotiated() | _:
                        pass


class RealSwitch:
    """One switch with one bridge, without ports at first."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        self._database = OvsdbServer(directory)
        self._process: subprocess.Popen[bytes] | None = None
        self._read: dict[str, int] = {}
        self._control = directory / "vs.ctl"

    def __enter__(self) -> Self:
        self._database.start()
        self.vsctl("--no-wait", "init")
        environment = {
            "OVS_RUNDIR": str(self.directory),
            "OVS_LOGDIR": str(self.directory),
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        }
        self._process = subprocess.Popen(
            [
                "ovs-vswitchd",
                "--enable-dummy=override",
                "--disable-system",
                f"--unixctl={self._control}",
                f"--log-file={self.directory}/vs.log",
                "-vconsole:off",
                "--no-chdir",
                f"unix:{self._database.socket_path}",
            ],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._control.exists, "ovs-vswitchd listens")
        self.vsctl(
            "add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=dummy", "fail_mode=secure",
            "protocols=OpenFlow13,OpenFlow14,OpenFlow15",
        )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(LIMIT)
        self._database.stop()

    def vsctl(self, *arguments: str) -> str:
        command = ["ovs-vsctl", "--timeout=10", f"--db=unix:{self._database.socket_path}", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def appctl(self, *arguments: str) -> str:
        command = ["ovs-appctl", "-t", str(self._control), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def ofctl(self, *arguments: str) -> str:
        command = ["ovs-ofctl", "-O", "OpenFlow15", *arguments]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def address(self) -> str:
        return f"unix:{self.directory}/{BRIDGE}.mgmt"

    def add_guest_port(self, name: str, ofport: int) -> None:
        self.vsctl(
            "add-port", BRIDGE, name, "--", "set", "interface", name, "type=dummy",
            f"ofport_request={ofport}", f"options:tx_pcap={self.directory}/{name}.pcap",
        )  # fmt: skip

    def add_tunnel_port(self, name: str, kind: str, local_ip: str, ofport: int) -> None:
        self.vsctl(
            "add-port", BRIDGE, name, "--", "set", "interface", name, f"type={kind}", "options:key=flow",
            "options:remote_ip=flow", f"options:local_ip={local_ip}", f"ofport_request={ofport}",
        )  # fmt: skip

    def install(self, flows: Iterable[Flow], *, version: int = 6) -> list[ErrorMessage]:
        """Adds flows one by one; the errors that came back."""
        return install(self.address.removeprefix("unix:"), flows, version=version)

    def clear(self) -> None:
        self.ofctl("del-flows", self.address)

    def dump(self) -> str:
        return self.ofctl("--no-stats", "--no-names", "dump-flows", self.address)

    def trace(self, flow: str) -> str:
        return self.appctl("ofproto/trace", BRIDGE, flow)

    def counters(self) -> dict[int, int]:
        """Packets by cookie."""
        found: dict[int, int] = {}
        for line in self.ofctl("dump-flows", self.address).splitlines():
            if "cookie=" in line:
                cookie = int(line.split("cookie=")[1].split(",")[0], 16)
                found[cookie] = found.get(cookie, 0) + int(line.split("n_packets=")[1].split(",")[0])
        return found

    def send(self, port: str, packet: bytes) -> None:
        self.appctl("netdev-dummy/receive", port, packet.hex())

    def received(self, port: str) -> list[bytes]:
        """What left by a guest's port since it was asked last."""
        data = (self.directory / f"{port}.pcap").read_bytes()
        at, packets = max(self._read.get(port, 0), 24), []
        while at + 16 <= len(data):
            length = struct.unpack_from("<I", data, at + 8)[0]
            packets.append(data[at + 16 : at + 16 + length])
            at += 16 + length
        self._read[port] = at
        return packets

    def wait_for(self, port: str) -> list[bytes]:
        """What leaves by a guest's port, as soon as something does."""
        end = time.monotonic() + LIMIT
        while not (packets := self.received(port)):
            assert time.monotonic() < end, f"nothing left by {port}"
            time.sleep(0.002)
        return packets
