from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netloom.base.errors import InvalidInput
from netloom.model.isolation import Isolation
from netloom.model.labels import check_labels
from netloom.model.macs import local_mac
from netloom.model.specs import (
    AttachmentSpec,
    HostSpec,
    NetworkSpec,
    NicSpec,
    PhysicalNetworkSpec,
    Spec,
    UplinkSpec,
    ZoneSpec,
    check_fingerprint,
)


def net(**fields: object) -> Callable[[], Spec]:
    return lambda: NetworkSpec(**{"name": "n", "cidr": "10.0.0.0/24"} | fields).checked()  # type: ignore[arg-type]


def nic(**fields: object) -> Callable[[], Spec]:
    return lambda: NicSpec(**{"name": "n", "network": "blue"} | fields).checked()  # type: ignore[arg-type]


def host(**fields: object) -> Callable[[], Spec]:
    return lambda: HostSpec(**{"name": "h"} | fields).checked()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "subject"),
    [
        (lambda: ZoneSpec(name="").checked(), "name"),
        (lambda: ZoneSpec(name="a/b").checked(), "name"),
        (lambda: ZoneSpec(name="z", description="two\nlines").checked(), "description"),
        (lambda: ZoneSpec(name="z", labels={"bad key": "x"}).checked(), "labels"),
        (lambda: PhysicalNetworkSpec(name="p", isolations=()).checked(), "isolations"),
        (lambda: PhysicalNetworkSpec(name="p", segments=("x",)).checked(), "segments[0]"),
        (lambda: PhysicalNetworkSpec(name="p", mtu=1000).checked(), "mtu"),
        (net(cidr="10.0.0.1/24"), "cidr"),
        (net(cidr="10.0.0.0/30"), "cidr"),
        (net(cidr="10.0.0.0/7"), "cidr"),
        (net(cidr="fd00::/64"), "cidr"),
        (net(cidr="224.0.0.0/8"), "cidr"),
        (net(cidr="127.0.0.0/8"), "cidr"),
        (net(cidr6="10.0.0.0/24"), "cidr6"),
        (net(cidr6="fe80::/64"), "cidr6"),
        (net(cidr6="fd00::/126"), "cidr6"),
        (net(segment=0), "segment"),
        (net(segment=4095, isolation=Isolation.VLAN), "segment"),
        (net(segment=-1, isolation=Isolation.VLAN), "segment"),
        (net(segment=2**24, isolation=Isolation.VXLAN), "segment"),
        (net(mtu=100), "mtu"),
        (net(mtu=1000, cidr6="fd00::/64"), "mtu"),
        (nic(mac="01:00:5e:00:00:01"), "mac"),
        (nic(mac="2:0:0:0:0:1"), "mac"),
        (nic(ipv4="fd00::1"), "ipv4"),
        (nic(ipv6="10.0.0.1"), "ipv6"),
        (nic(ipv6="fe80::1%eth0"), "ipv6"),
        (nic(identity="two words"), "identity"),
        (nic(attachment=AttachmentSpec("h", "a b")), "attachment.device"),
        (nic(attachment=AttachmentSpec("", "tap0")), "attachment.host"),
        (host(ovsdb="http:1.2.3.4:80"), "ovsdb"),
        (host(ovsdb="ssl:example.org:6640"), "ovsdb"),
        (host(ovsdb="ssl:1.2.3.4:70000"), "ovsdb"),
        (host(ovsdb="unix:relative"), "ovsdb"),
        (host(openflow="tcp:1.2.3"), "openflow"),
        (host(tunnel_ip="127.0.0.1"), "tunnel_ip"),
        (host(tunnel_ip="224.0.0.1"), "tunnel_ip"),
        (host(bridge="a-name-that-is-too-long"), "bridge"),
        (host(fingerprint="abc"), "fingerprint"),
        (host(mtu=70000), "mtu"),
        (host(uplinks=(UplinkSpec("p"),)), "uplinks[0]"),
        (host(uplinks=(UplinkSpec("p", "eth1", "br-ex"),)), "uplinks[0]"),
        (host(uplinks=(UplinkSpec("p", "a b"),)), "uplinks[0].port"),
        (host(uplinks=(UplinkSpec("", "eth1"),)), "uplinks[0].physical_network"),
        (host(uplinks=(UplinkSpec("p", bridge="br-int"),)), "uplinks[0].bridge"),
        (host(uplinks=(UplinkSpec("p", "eth1"), UplinkSpec("p", "eth2"))), "uplinks[1].physical_network"),
        (host(uplinks=(UplinkSpec("p", "eth1"), UplinkSpec("q", "eth1"))), "uplinks[1]"),
        (host(uplinks=tuple(UplinkSpec(f"p{n}", f"eth{n}") for n in range(17))), "uplinks"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(make: Callable[[], Spec], subject: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        make()
    assert caught.value.subject == subject


def test_texts_become_canonical() -> None:
    spec = NicSpec(name="n", network="b", mac="02-00-00-AA-BB-CC", ipv6="FD00:0::7").checked()
    assert (spec.mac, spec.ipv6) == ("02:00:00:aa:bb:cc", "fd00::7")
    made = HostSpec(name="h", ovsdb="ssl:[FD00::1]", openflow="tcp:10.0.0.1", tunnel_ip="FD00::1").checked()
    assert (made.ovsdb, made.openflow, made.tunnel_ip) == (
        "ssl:[fd00::1]:6640",
        "tcp:10.0.0.1:6653",
        "fd00::1",
    )
    wires = PhysicalNetworkSpec(
        name="p", isolations=(Isolation.GENEVE, Isolation.GRE, Isolation.GENEVE), segments=("5", "3-4")
    ).checked()
    assert wires.isolations == (Isolation.GRE, Isolation.GENEVE)
    assert wires.segments == ("3-5",)
    assert check_fingerprint(":".join(["AB"] * 32)) == "sha256:" + "ab" * 32


@pytest.mark.parametrize("name", ["blå", "網絡", "сеть-1", "شبكة", "नेटवर्क", "a b", "🦊"])
def test_names_come_in_any_script(name: str) -> None:
    assert ZoneSpec(name=name).checked().name == name


def test_checking_twice_changes_nothing() -> None:
    spec = NetworkSpec(
        name="n", cidr="10.0.0.0/24", cidr6="FD00:1::/64", labels={"b": "2", "a": "1"}
    ).checked()
    assert spec.checked() == spec
    assert list(spec.labels) == ["a", "b"]


def test_labels_are_bounded() -> None:
    with pytest.raises(InvalidInput):
        check_labels({f"k{i}": "" for i in range(33)})
    with pytest.raises(InvalidInput) as caught:
        check_labels({"k": "v" * 256})
    assert caught.value.subject == "labels.k"


@given(st.integers(0, 2**48 - 1))
def test_generated_macs_are_local_and_unicast(bits: int) -> None:
    mac = local_mac(bits)
    assert mac >> 40 & 0b11 == 0b10
    assert 0 < mac < 2**48
