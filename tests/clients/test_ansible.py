"""The Ansible collection ngine_io.cloudstack: a playbook builds a VPC; played again, it changes nothing."""

from __future__ import annotations

import json
import pathlib
import re

import pytest
from tests.clients.conftest import COLLECTIONS, PROGRAMS, RunningCloud

pytestmark = [pytest.mark.lab, pytest.mark.timeout(400)]

PLAYBOOK = pathlib.Path(__file__).parent / "playbook.yml"


def play(cloud: RunningCloud) -> dict[str, int]:
    """What Ansible counted, having played the book."""
    done = cloud.run(
        "ansible-playbook",
        "--inventory=localhost,",
        str(PLAYBOOK),
        environment={
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_PYTHON_INTERPRETER": str(PROGRAMS / "python"),
            "NETLOOM_ZONE": cloud.zone,
        },
        seconds=300,
    )
    recap = done.stdout.rpartition("PLAY RECAP")[2]
    return {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", recap)}


def test_a_vpc_with_machines_is_built_and_the_second_run_changes_nothing(cloud: RunningCloud) -> None:
    first = play(cloud)
    assert first["changed"] >= 4
    assert first["failed"] == 0
    second = play(cloud)
    assert second["changed"] == 0
    assert second["ok"] == first["ok"]

    # What it built is there: machines of a tier reach each other across hosts.
    machines = {
        each["name"]: each
        for each in json.loads(cloud.run("cs", "listVirtualMachines").stdout)["virtualmachine"]
    }
    web0, web1 = (cloud.lab.guest(f"{machines[name]['instancename']}+0") for name in ("web0", "web1"))
    assert web0.host.name != web1.host.name
    assert web0.ping(web1, count=3, patience=2.0).received > 0
