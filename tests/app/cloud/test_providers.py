"""The registry of providers: what is loaded, what is left out and said so, and who is chosen."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest
import structlog
from structlog.testing import capture_logs

from netloom.app.cloud.providers import Providers, built_in, installed
from netloom.base.errors import Conflict
from netloom.model.cloud.services import Service
from netloom.plan.elements import Provider
from netloom.providers.l2.guru import L2Guru
from netloom.providers.ovs.element import OvsElement
from netloom.testing.provider import sample_network

HERE = __name__


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group="netloom.providers")


def good() -> Provider:
    return Provider(name="Good")


ready_made = Provider(name="ReadyMade")
wrong = {"name": "Wrong"}


def broken() -> Provider:
    raise OSError("no licence")


@pytest.fixture(autouse=True)
def _plain_logs() -> None:
    structlog.reset_defaults()


def test_plug_ins_are_loaded_by_name_and_bad_ones_are_told_and_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sys  # noqa: PLC0415

    monkeypatch.setitem(sys.modules, "netloom_test_plugins", sys.modules[HERE])
    points = [
        point(name, f"netloom_test_plugins:{name}")
        for name in ("good", "ready_made", "wrong", "broken", "absent")
    ]
    with capture_logs() as logs:
        found = installed(points)
    assert sorted(provider.name for provider in found) == ["Good", "ReadyMade"]
    told = {entry["provider"]: entry["error"] for entry in logs if entry["event"] == "provider not loaded"}
    assert set(told) == {"wrong", "broken", "absent"}
    assert "no licence" in told["broken"]
    assert "dict is not a" in told["wrong"]


@pytest.mark.parametrize(
    "second",
    [Provider(name="x", gurus=(L2Guru(),)), Provider(name="y", element=OvsElement())],
    ids=lambda p: p.name,
)
def test_two_of_one_name_do_not_go_together(second: Provider) -> None:
    with pytest.raises(Conflict) as refused:
        Providers([*built_in(), second])
    assert refused.value.stable_code == "provider-twice"


def test_known_providers_can_be_offered_and_installed_ones_speak_for_themselves() -> None:
    providers = Providers(built_in())
    assert {"VirtualRouter", "VpcVirtualRouter", "Ovs"} <= set(providers.facts)
    assert set(providers.elements) == {"Ovs", "SecurityGroupProvider"}


def test_all_services_without_a_provider_are_told_at_once() -> None:
    providers = Providers(built_in())
    network = sample_network(
        {
            Service.CONNECTIVITY: ("Ovs",),
            Service.DHCP: ("VirtualRouter",),
            Service.LB: (),
            Service.GATEWAY: ("VirtualRouter",),
        }
    )
    with pytest.raises(Conflict) as refused:
        providers.elements_of(network)
    error = refused.value
    assert error.stable_code == "service-not-provided"
    assert "no enabled provider offers Dhcp, Lb for network 'sample-0'" in error.message
    assert "Dhcp: VirtualRouter is not installed" in error.message
    assert [r.service for r in providers.missing(network)] == [Service.DHCP, Service.LB]
    assert providers.element(network, Service.CONNECTIVITY).facts.name == "Ovs"
    with pytest.raises(Conflict, match="no enabled provider offers Dns"):
        providers.element(network, Service.DNS)
