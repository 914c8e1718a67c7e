from __future__ import annotations

from collections.abc import Iterator

import pytest

from netloom.lab import Guest, GuestPlan, Host, Lab

KINDS = ("gre", "vxlan", "geneve")


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Two hosts, one guest on each, both plugged, nothing forwarded yet."""
    with Lab.up(hosts=2, ipv6=True) as made:
        made.add_guests(
            [
                GuestPlan("left", "h1", ipv4="10.0.0.1/24", ipv6="fd00::1/64", identity="nic-left"),
                GuestPlan("right", "h2", ipv4="10.0.0.2/24", ipv6="fd00::2/64", identity="nic-right"),
            ]
        )
        yield made


@pytest.fixture
def clean(lab: Lab) -> Iterator[Lab]:
    """The module's lab without flows."""
    for host in lab.hosts.values():
        host.delete_flows()
    yield lab
    for host in lab.hosts.values():
        host.underlay.restore()
        host.control.restore()


def tunnel(host: Host, kind: str) -> int:
    """The OpenFlow port of the host's tunnel of a kind, made when it is not there."""
    host.vsctl(
        *("--may-exist", "add-port", "br-int", kind, "--", "set", "Interface", kind, f"type={kind}"),
        *("options:key=flow", "options:remote_ip=flow"),
    )
    return host.ofport(kind)


def join(kind: str, left: Guest, right: Guest, *, key: int = 77, ipv6: bool = False) -> None:
    """Hand-written flows: everything of one guest goes to the other through a tunnel."""
    for guest, other in ((left, right), (right, left)):
        host = guest.host
        near, far = host.ofport(guest.port), tunnel(host, kind)
        peer = f"{other.host.tunnel_ip6}->tun_ipv6_dst" if ipv6 else f"{other.host.tunnel_ip}->tun_dst"
        host.add_flows(
            f"in_port={near},actions=set_field:{peer},set_field:{key}->tun_id,output:{far}",
            f"in_port={far},tun_id={key},actions=output:{near}",
        )
