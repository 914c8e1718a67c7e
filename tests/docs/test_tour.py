"""The README's tour, line by line, on two hosts of a lab over TLS: only addresses and directories are exchanged."""

from __future__ import annotations

import os
import pathlib
import re
import shlex
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.docs.markdown import ROOT, document

from netloom.client import calls
from netloom.contract.kinds import NIC
from netloom.lab import Lab, namespaces, wait
from netloom.lab.netloomd import Netloomd

pytestmark = pytest.mark.lab

GUESTS = ("web", "db")


@dataclass
class Tour:
    """Two hosts, netloomd's place, and what stands in the README for them."""

    lab: Lab
    netloomd: Netloomd
    prefix: str

    def type(self, where: str, text: str) -> str:
        """Type lines into the terminal of a host or of netloomd's machine; what they print."""
        host = None if where == "netloom" else self.lab.host(where)
        bin_directory = pathlib.Path(sys.executable).parent
        environment = {
            **os.environ,
            "PATH": f"{bin_directory}:{os.environ['PATH']}",
            "NETLOOM_SERVER": f"unix:{self.netloomd.socket}",
            **({} if host is None else {"OVS_RUNDIR": str(host.directory)}),
        }
        script = "set -e\n" + self._copying() + self._here(where, text)
        with namespaces.entered(self.lab.control_namespace if host is None else host.namespace):
            done = subprocess.run(
                ["bash", "-c", script],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=50,
            )
        assert done.returncode == 0, f"{done.stdout}{done.stderr}\nin: {script}"
        return done.stdout

    def reserved(self) -> bool:
        """Whether both NICs are where they were plugged."""
        nics = self.netloomd.client.send(calls.page(NIC)).items
        return [str(nic.state) for nic in nics] == ["Reserved", "Reserved"]

    def files_of(self, host: str) -> pathlib.Path:
        """What /etc/openvswitch is on a host."""
        path = self.lab.directory / f"etc-{host}"
        path.mkdir(exist_ok=True)
        return path

    def _copying(self) -> str:
        lines = [
            f"*192.0.2.1{number}:*) cp ${{@:1:$#-1}} {self.files_of(f'h{number}')}/ ;;" for number in (1, 2)
        ]
        return "scp() { case ${!#} in\n" + "\n".join(lines) + "\nesac; }\n"

    def _here(self, where: str, text: str) -> str:
        text = re.sub(r"/(?:var/lib|run)/netloom\b(?!-)", str(self.netloomd.directory), text)
        text = re.sub(r"^netloom ca .*", rf"\g<0> --pki {self.netloomd.directory}/pki", text, flags=re.M)
        text = text.replace("/etc/openvswitch", str(self.files_of(where)) if where != "netloom" else "")
        for number in (1, 2):
            host = self.lab.host(f"h{number}")
            text = text.replace(f"ssl:192.0.2.1{number}:", f"ssl:{host.management_ip}:")
            text = text.replace(f"--tunnel-ip 192.0.2.1{number}", f"--tunnel-ip {host.tunnel_ip}")
        # The names of namespaces are the machine's; those of devices are the host's own.
        return re.sub(r"(netns(?: add| exec| delete)?|ip -n) (web|db)\b", rf"\1 {self.prefix}\2", text)


@pytest.fixture
def tour() -> Iterator[Tour]:
    with Lab.up(hosts=2) as lab, Netloomd(lab, {"log": {"level": "info"}}) as netloomd:
        netloomd.stop()  # the tour starts it
        made = Tour(lab, netloomd, f"t{uuid.uuid4().hex[:8]}-")
        try:
            yield made
        finally:
            for guest in GUESTS:
                line = ["ip", "netns", "delete", made.prefix + guest]
                subprocess.run(line, capture_output=True, check=False)


def test_the_tour_works_line_by_line(tour: Tour) -> None:
    text = document("README.md")
    blocks = [block for block in text.blocks if block.language == "sh" and block.words != ("build",)]
    assert len(blocks) == 9
    answers: list[str] = []
    for block in blocks:
        (where,) = block.words
        before, starting, after = block.text.partition("netloomd &\n")
        if " ping " in block.text:
            wait.until(tour.reserved, "both NICs are reserved")  # a person types slower than flows arrive
        answers.append(tour.type(where, before))
        if starting:
            tour.netloomd.start()
            answers.append(tour.type(where, after))
            applied = tour.type("netloom", "netloom apply -f examples/first-network.yaml")
            assert "3 unchanged" in applied  # the file is what the lines make
    ping = next(answer for answer in answers if "packets transmitted" in answer)
    assert "3 received" in ping
    looked_at = next(answer for answer in answers if "hosts are as desired" in answer)
    for seen in ("Implemented", "web-port", "NIC          web", "2 of 2 hosts are as desired"):
        assert seen in looked_at
    # What netloom brought is gone, what the tour's lines made is there.
    for host in tour.lab.hosts.values():
        assert host.flows() == []
        assert "nl-geneve0" not in host.vsctl("list-ports", "br-int")
    for guest, host in zip(GUESTS, ("h1", "h2"), strict=True):
        code = [line for line in text.code if line.startswith(("ovs-vsctl del-", "ip netns delete"))]
        lines = [line.replace("web", guest) for line in code]
        assert len(lines) == 5
        tour.type(host, "\n".join(lines))
        shown = tour.lab.host(host).vsctl("show")
        assert "Manager" not in shown
        assert "br-int" not in shown
        assert shlex.join(["ip", "netns", "delete", guest]) in "\n".join(lines)
