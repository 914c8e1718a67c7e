"""What goes wrong in a lab, told so that the person at the terminal can type the next line."""

from __future__ import annotations

import os
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


def check_machine() -> None:
    """Refuse, with the line to type, where a lab cannot run.

    Raises:
        LabError: not root, or a command is missing.
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
