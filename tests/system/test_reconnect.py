"""An operator has a host connected to anew, as its CloudStack scripts do: what it forwards does not stop for it."""

from __future__ import annotations

import pytest
from tests.system.cloud import Cloud, cloud, pings_go_by, settings
from tests.system.cloudstack import cloudstack
from tests.system.test_hosts import DIAL_IN

from netloom.client import calls
from netloom.contract.hosts import HostSpec
from netloom.lab import wait
from netloom.lab.names import CONTROL_ADDRESS

pytestmark = [pytest.mark.lab, pytest.mark.alone, pytest.mark.timeout(120)]


def written(made: Cloud) -> list[tuple[int, int, int]]:
    """Flows that netloomd has added, changed and removed on each host since it started."""
    flows = [made.report(name).flows for name in ("h1", "h2")]
    return [(each.added, each.changed, each.removed) for each in flows]


def test_nothing_is_lost_while_a_host_is_connected_to_anew(two_hosts: Cloud) -> None:
    two_hosts.network("blue")
    left, right = two_hosts.pair("blue")
    two_hosts.in_sync()
    before, touched = two_hosts.flows(), written(two_hosts)
    with cloudstack(two_hosts) as api, left.flood(right, interval=0.005) as flood:
        for name in ("h1", "h2"):
            (host,) = api.all("listHosts", "host", name=name)
            shown = api.call("reconnectHost", id=host["id"])["host"]
            assert (shown["name"], shown["state"]) == (name, "Up")
            pings_go_by(right, 20)
        result = flood.stop()
    assert (result.sent > 40, result.lost) == (True, 0)
    assert two_hosts.flows() == before
    assert written(two_hosts) == touched, "a right switch was touched"


def test_a_host_that_dials_in_is_connected_to_anew_by_itself() -> None:
    with cloud(1, settings(switches=DIAL_IN), declare=False) as made:
        host = made.host("h1")
        host.set_manager(f"tcp:{CONTROL_ADDRESS}:6640")
        wait.until(lambda: bool(made.client.send(calls.pending_hosts()).items), "h1 waits", seconds=20)
        (waiting,) = made.client.send(calls.pending_hosts()).items
        made.client.send(calls.admit(waiting.system_id, HostSpec(name="h1", tunnel_ip=str(host.tunnel_ip))))
        made.in_sync()
        with cloudstack(made) as api:
            (found,) = api.all("listHosts", "host")
            assert api.call("reconnectHost", id=found["id"])["host"]["state"] == "Up"
