"""The Ansible collection ngine_io.cloudstack: a playbook builds a VPC; played again, it changes nothing."""

from __future__ import annotations

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


def test_a_vpc_is_built_and_the_second_run_changes_nothing(cloud: RunningCloud) -> None:
    first = play(cloud)
    assert first["changed"] >= 4
    assert first["failed"] == 0
    second = play(cloud)
    assert second["changed"] == 0
    assert second["ok"] == first["ok"]
