"""The demo: that it plays, that it cleans up, and that its claims do not hold where nobody makes them true."""

from __future__ import annotations

import datetime as dt
import functools
import os
import signal
import subprocess
import sys
import types
import uuid
from collections.abc import Callable, Iterator

import pytest
from tests.lab.conftest import tunnel

from netloom.contract.networks import Network
from netloom.contract.nics import Nic
from netloom.lab import GuestPlan, Lab, namespaces
from netloom.lab.demo import claims
from netloom.lab.demo.claims import NotHeld
from netloom.lab.demo.scene import Member, Scene
from netloom.lab.state import labs

pytestmark = [pytest.mark.lab, pytest.mark.alone]

COMMON = {
    "number": 1,
    "generation": 1,
    "revision": 1,
    "created_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    "updated_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    "status": {"phase": "Done"},
}
UUID = "00000000-0000-4000-8000-000000000000"


def _network(tenant: str, segment: int) -> Network:
    return Network.model_validate(
        COMMON
        | {
            "id": UUID,
            "name": tenant,
            "labels": {"tenant": tenant},
            "zone": "z",
            "zone_id": UUID,
            "isolation": "geneve",
        }
        | {"physical_network": "p", "physical_network_id": UUID, "cidr": "10.0.0.0/24", "segment": segment}
        | {"guest_mtu": 1450, "state": "Implemented", "state_since": COMMON["created_at"]}
    )


def _nic(tenant: str, number: int) -> Nic:
    return Nic.model_validate(
        COMMON
        | {
            "id": UUID,
            "name": f"{tenant}-{number}",
            "network": tenant,
            "network_id": UUID,
            "state": "Reserved",
        }
        | {"mac": f"02:00:00:00:00:0{number}", "ipv4": f"10.0.0.1{number}", "identity": f"{tenant}-{number}"}
    )


@pytest.fixture(scope="module")
def anarchy() -> Iterator[Scene]:
    """Two tenants on three hosts, two of which are one big switch: no isolation, no keys, no anti-spoofing."""
    with Lab.up(hosts=3) as lab:
        members: dict[str, list[Member]] = {}
        for tenant in ("blue", "red"):
            for number in (1, 2):
                nic, host = _nic(tenant, number), f"h{number}"
                plan = GuestPlan(nic.name, host, mac=nic.mac, ipv4=f"{nic.ipv4}/24", plugged=True)
                members.setdefault(tenant, []).append(Member(lab.add_guest(plan), nic, host))
        h1, h2, _ = lab.hosts.values()
        for host, peer in ((h1, h2), (h2, h1)):
            far = tunnel(host, "geneve")
            guests = ",".join(
                f"output:{host.ofport(f'v-{tenant}-{host.number}')}" for tenant in ("blue", "red")
            )
            host.add_flows(
                f"in_port={far},actions={guests}",
                f"priority=0,actions=set_field:{peer.tunnel_ip}->tun_dst,set_field:99->tun_id,output:{far}",
            )
        networks = {"blue": _network("blue", 1), "red": _network("red", 2)}
        yield Scene(lab, types.SimpleNamespace(), networks, members)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("claim", "seen"),
    [
        (claims.isolation, "100 of 100 arrived at the right guest, [1-9]"),
        (claims.keys_on_the_wire, "'geneve', 99"),
        (functools.partial(claims.spoofed, "mac"), "50 of 50 arrived"),
        (functools.partial(claims.spoofed, "ip"), "50 of 50 arrived"),
        (functools.partial(claims.spoofed, "arp"), "50 of 50 arrived"),
        (claims.broadcast, "[1-9][0-9]* at guests of other networks"),
        (functools.partial(claims.reach, "gre"), "no gre network"),
    ],
)
def test_claims_do_not_hold_where_nobody_makes_them_true(
    anarchy: Scene, claim: Callable[[Scene], str], seen: str
) -> None:
    with pytest.raises(NotHeld, match=seen):
        claim(anarchy)


def test_what_does_hold_there(anarchy: Scene) -> None:
    assert "100 of 100 pings answered" in claims.reach("geneve", anarchy)


@pytest.mark.timeout(240)
def test_every_claim_holds_on_netloom() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "netloom.lab.demo"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "160"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"All {len(claims.CLAIMS)} claims held" in done.stdout


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing(how: signal.Signals) -> None:
    name = f"d{uuid.uuid4().hex[:10]}"
    # A shell's background jobs ignore SIGINT, and what they start inherits that.
    line = ["env", "--default-signal=INT", sys.executable, "-m", "netloom.lab.demo", "--name", name]
    with subprocess.Popen(line, stdout=subprocess.PIPE) as demo:
        assert demo.stdout is not None
        demo.stdout.readline()  # the heading: all is up
        assert name in labs()
        demo.send_signal(how)
        assert demo.wait(30) == 128 + how
    assert name not in labs()
    assert namespaces.existing(f"nl.{name}.") == []
