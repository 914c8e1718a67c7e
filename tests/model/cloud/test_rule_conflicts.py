"""Which rules exclude each other: a symmetric relation, so that no order of requests gets both accepted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.model.cloud.test_rules_traffic import traffics

from netloom.base.errors import Conflict
from netloom.base.ids import Uuid
from netloom.model.cloud.rule_conflicts import Claim, Clash, Purpose, check_free, clash
from netloom.model.cloud.rules_traffic import PortRange, Protocol, Traffic


@st.composite
def claims(draw: st.DrawFn) -> Claim:
    return Claim(
        Uuid(f"rule-{draw(st.integers(0, 2**32))}"),
        draw(st.sampled_from(Purpose)),
        Uuid(draw(st.sampled_from(["ip-1", "ip-2"]))),
        Uuid(draw(st.sampled_from(["net-1", "net-2"]))),
        draw(traffics()),
    )


def claim(
    purpose: Purpose,
    protocol: Protocol = Protocol.TCP,
    ports: tuple[int, int] = (80, 80),
    *,
    sources: tuple[str, ...] = (),
    network: str = "net-1",
) -> Claim:
    traffic = Traffic(protocol, PortRange(*ports), sources=sources)
    return Claim(Uuid(f"{purpose.value}-{protocol.value}"), purpose, Uuid("ip-1"), Uuid(network), traffic)


FIREWALL, FORWARDING, BALANCER, STATIC, VPN = (
    Purpose.FIREWALL,
    Purpose.PORT_FORWARDING,
    Purpose.LOAD_BALANCING,
    Purpose.STATIC_NAT,
    Purpose.VPN,
)


@given(claims(), claims(), st.booleans())
def test_the_order_makes_no_difference(ours: Claim, theirs: Claim, conserve: bool) -> None:
    assert clash(ours, theirs, conserve=conserve) is clash(theirs, ours, conserve=conserve)


@given(st.lists(claims(), max_size=8, unique_by=lambda c: c.id), st.booleans())
def test_of_two_that_clash_the_second_is_always_refused(asked: list[Claim], conserve: bool) -> None:
    """However requests come, no two that exclude each other stand in the end, and nothing was refused in vain."""
    standing: list[Claim] = []
    for new in asked:
        if any(clash(other, new, conserve=conserve) for other in standing):
            with pytest.raises(Conflict):
                check_free(new, standing, conserve=conserve)
        else:
            check_free(new, standing, conserve=conserve)
            standing.append(new)
    for i, one in enumerate(standing):
        assert not any(clash(one, other, conserve=conserve) for other in standing[:i])


@pytest.mark.parametrize(
    ("ours", "theirs", "why"),
    [
        (claim(FIREWALL), claim(FORWARDING), None),
        (claim(FIREWALL), claim(STATIC), None),
        (claim(FORWARDING), claim(FORWARDING, Protocol.UDP), None),
        (claim(BALANCER), claim(BALANCER, Protocol.UDP), None),
        (claim(BALANCER), claim(FORWARDING, Protocol.UDP), None),
        (claim(BALANCER), claim(FORWARDING), Clash.TRAFFIC),
        (claim(VPN, Protocol.UDP, (500, 500)), claim(FORWARDING, Protocol.UDP, (400, 600)), Clash.TRAFFIC),
        (claim(VPN, Protocol.UDP, (500, 500)), claim(FORWARDING, Protocol.TCP, (400, 600)), None),
        (claim(STATIC), claim(BALANCER, Protocol.UDP), Clash.WHOLE_ADDRESS),
        (claim(STATIC), claim(STATIC, Protocol.UDP), None),
        (claim(FORWARDING), claim(FORWARDING, Protocol.UDP, network="net-2"), Clash.NETWORK),
        (
            claim(FORWARDING, sources=("10.0.0.0/8",)),
            claim(FORWARDING, sources=("10.1.0.0/16",)),
            Clash.TRAFFIC,
        ),
        (claim(FORWARDING, sources=("10.0.0.0/8",)), claim(FORWARDING, sources=("11.0.0.0/8",)), None),
        (claim(FORWARDING, sources=("10.0.0.0/8",)), claim(FORWARDING), Clash.TRAFFIC),
        (claim(Purpose.IPV6_INGRESS), claim(Purpose.IPV6_INGRESS, Protocol.ALL), Clash.TRAFFIC),
        (claim(Purpose.IPV6_INGRESS), claim(Purpose.IPV6_EGRESS), None),
        (claim(Purpose.IPV6_EGRESS), claim(FIREWALL), None),
        (claim(Purpose.ROUTING_INGRESS), claim(Purpose.ROUTING_INGRESS), Clash.TRAFFIC),
        (claim(Purpose.ROUTING_INGRESS), claim(Purpose.IPV6_INGRESS), None),
        (claim(FIREWALL, ports=(22, 80)), claim(FIREWALL, ports=(80, 90)), Clash.TRAFFIC),
    ],
)
def test_pairs_that_people_meet(ours: Claim, theirs: Claim, why: Clash | None) -> None:
    assert clash(ours, theirs) is why


def test_without_conserve_mode_an_address_serves_one_purpose() -> None:
    balancer, forwarding = claim(BALANCER), claim(FORWARDING, ports=(22, 22))
    assert clash(balancer, forwarding) is None
    assert clash(balancer, forwarding, conserve=False) is Clash.ONE_PURPOSE
    assert clash(balancer, claim(FIREWALL), conserve=False) is None
    assert clash(balancer, claim(BALANCER, ports=(81, 81)), conserve=False) is None


def test_a_refusal_names_both_and_says_what_to_do() -> None:
    with pytest.raises(Conflict) as refused:
        check_free(
            claim(FIREWALL, Protocol.TCP, (80, 90), sources=("10.1.0.0/16",)),
            [
                Claim(
                    Uuid("7e1d"),
                    FIREWALL,
                    Uuid("ip-1"),
                    Uuid("net-1"),
                    Traffic(Protocol.TCP, PortRange(22, 80)),
                )
            ],
        )
    assert refused.value.stable_code == "rule-conflict"
    assert refused.value.message == (
        "a firewall rule for tcp 80-90 from 10.1.0.0/16 conflicts with firewall rule 7e1d (tcp 22-80): "
        "both speak of the same packets"
    )
    assert "delete that rule" in (refused.value.hint or "")


def test_a_rule_that_changes_does_not_stand_in_its_own_way() -> None:
    one = claim(FORWARDING)
    check_free(one, [one])
