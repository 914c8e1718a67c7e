"""What goes wrong in a lab, told so that the person at the terminal can type the next line."""

from __future__ import annotations

import os
import pathlib
import shutil
import sys

from netloom.base.errors import NetloomError

# command -> the Debian/Ubuntu package that brings it
PACKAGES = {
    "ip": "iproute2",
    "ovsdb-server": "openvswitch-switch",
    "ovs-vswitchd": "openvswitch-switch",
    "ovsdb-tool": "openvswitch-common",
    "ovs-ofctl": "openvswitch-common",
    "ping": "iputils-ping",
}


class LabError(NetloomError):
    """The lab could not do what was asked, or is not what was expected."""

    code = "lab-error"


DATAPATHS = ("netdev", "system")

KERNEL_DATAPATH = pathlib.Path("/sys/module/openvswitch")


def check_machine(datapath: str = "netdev") -> None:
    """Refuse, with the line to type, where a lab cannot run.

    Raises:
        LabError: not root, a command is missing, or there is no such datapath here.
    """
    if os.geteuid() != 0:
        line = " ".join(["sudo", sys.executable, *sys.orig_argv[1:]])
        raise LabError("a lab needs root", code="not-root", hint=f"run: {line}")
    missing = sorted({package for command, package in PACKAGES.items() if shutil.which(command) is None})
    if missing:
        raise LabError(
            f"packages are missing: {', '.join(missing)}",
            code="missing-package",
            hint=f"run: apt-get install --yes {' '.join(missing)}",
        )
    if datapath not in DATAPATHS:
        raise LabError(f"there is no datapath {datapath}", code="bad-datapath", hint=" or ".join(DATAPATHS))
    if datapath == "system" and not KERNEL_DATAPATH.exists():
        raise LabError(
            "this kernel has no Open vSwitch datapath",
            code="no-datapath",
            hint="run: modprobe openvswitch; where that fails, the lab's own datapath (netdev) does",
        )
