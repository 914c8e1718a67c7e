"""The gurus that come with netloom: never two for one network, and for each network that makes sense there is one."""

from __future__ import annotations

from typing import Any

import pytest

from netloom.app.cloud.providers import Providers, built_in
from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.offerings import GuestType, Traffic
from netloom.model.cloud.services import Service
from netloom.model.isolation import Isolation
from netloom.model.states import NetworkState
from netloom.plan.gurus import DesignQuestion, WireFacts, ask_all
from netloom.testing.provider import every_question

GENEVE, VLAN = Isolation.GENEVE, Isolation.VLAN
OVS = {Service.CONNECTIVITY: ("Ovs",)}
PROVIDERS = Providers(built_in())


def ask(*isolations: Isolation, providers: tuple[str, ...] = ("Ovs",), **fields: Any) -> DesignQuestion:
    fields.setdefault("traffic", Traffic.GUEST)
    fields.setdefault("guest_type", GuestType.ISOLATED)
    return DesignQuestion(
        wires=WireFacts(id=Uuid("w"), name="w", isolations=isolations, providers=frozenset(providers)),
        **fields,
    )


def test_no_question_has_two_gurus_and_what_is_claimed_can_be_designed_or_says_why_not() -> None:
    claimed = 0
    for question in every_question(("Opendaylight", "Ovs")):
        yes = [answer.guru for answer in ask_all(PROVIDERS.gurus.values(), question) if answer.verdict.yes]
        assert len(yes) <= 1, (question, yes)
        if not yes:
            continue
        try:
            design = PROVIDERS.gurus[yes[0]].design(question)
        except InvalidInput as refused:
            assert question.vlan is not None or question.traffic is not Traffic.GUEST, refused  # noqa: PT017
            assert "carries no VLANs" in refused.message  # noqa: PT017
            continue
        claimed += 1
        assert design.isolation in question.wires.isolations or not question.wires.isolations
        assert (design.segment is not None) == (
            design.state is NetworkState.SETUP and question.vlan is not None
        ) or (question.traffic is not Traffic.GUEST or question.guest_type is GuestType.SHARED)
    assert claimed > 100


@pytest.mark.parametrize(
    ("question", "guru", "isolation", "segment", "state"),
    [
        (ask(GENEVE), "OvsGuestNetworkGuru", GENEVE, None, NetworkState.ALLOCATED),
        (ask(GENEVE, VLAN), "OvsGuestNetworkGuru", GENEVE, None, NetworkState.ALLOCATED),
        (ask(GENEVE, services=OVS), "OvsGuestNetworkGuru", GENEVE, None, NetworkState.ALLOCATED),
        (ask(VLAN, services=OVS), "OvsGuestNetworkGuru", VLAN, None, NetworkState.ALLOCATED),
        (ask(VLAN, services=OVS, vlan="5"), "OvsGuestNetworkGuru", VLAN, 5, NetworkState.SETUP),
        (
            ask(GENEVE, services=OVS, guest_type=GuestType.SHARED),
            "OvsGuestNetworkGuru",
            GENEVE,
            None,
            NetworkState.ALLOCATED,
        ),
        (ask(VLAN, providers=()), "VlanGuestNetworkGuru", VLAN, None, NetworkState.ALLOCATED),
        (ask(GENEVE, VLAN, vlan="9"), "VlanGuestNetworkGuru", VLAN, 9, NetworkState.SETUP),
        (
            ask(VLAN, guest_type=GuestType.SHARED, vlan="500"),
            "DirectNetworkGuru",
            VLAN,
            500,
            NetworkState.SETUP,
        ),
        (
            ask(VLAN, guest_type=GuestType.SHARED, vlan="untagged"),
            "DirectNetworkGuru",
            VLAN,
            0,
            NetworkState.SETUP,
        ),
        (ask(VLAN, guest_type=GuestType.SHARED), "DirectNetworkGuru", VLAN, None, NetworkState.SETUP),
        (
            ask(VLAN, guest_type=GuestType.SHARED, basic_zone=True),
            "DirectNetworkGuru",
            VLAN,
            0,
            NetworkState.SETUP,
        ),
        (ask(GENEVE, guest_type=GuestType.L2), "L2NetworkGuru", GENEVE, None, NetworkState.ALLOCATED),
        (ask(VLAN, guest_type=GuestType.L2), "L2NetworkGuru", VLAN, None, NetworkState.ALLOCATED),
        (ask(VLAN, guest_type=GuestType.L2, vlan="3"), "L2NetworkGuru", VLAN, 3, NetworkState.SETUP),
        (
            ask(VLAN, traffic=Traffic.PUBLIC, guest_type=None),
            "PublicNetworkGuru",
            VLAN,
            0,
            NetworkState.SETUP,
        ),
        (
            ask(VLAN, traffic=Traffic.CONTROL, guest_type=None),
            "ControlNetworkGuru",
            VLAN,
            0,
            NetworkState.SETUP,
        ),
        (
            ask(VLAN, traffic=Traffic.MANAGEMENT, guest_type=None),
            "ControlNetworkGuru",
            VLAN,
            0,
            NetworkState.SETUP,
        ),
        (
            ask(VLAN, traffic=Traffic.STORAGE, guest_type=None, vlan="8"),
            "StorageNetworkGuru",
            VLAN,
            8,
            NetworkState.SETUP,
        ),
    ],
)
def test_each_sort_of_network_has_its_guru(
    question: DesignQuestion, guru: str, isolation: Isolation, segment: int | None, state: NetworkState
) -> None:
    choice = PROVIDERS.choose(question, "n")
    design = choice.guru.design(question)
    assert (choice.guru.name, design.isolation, design.segment, design.state) == (
        guru,
        isolation,
        segment,
        state,
    )


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (ask(GENEVE, providers=()), "provider Ovs is not enabled on physical network 'w'"),
        (
            ask(GENEVE, services={Service.CONNECTIVITY: ("Opendaylight",)}),
            "leaves Connectivity to Opendaylight",
        ),
        (ask(GENEVE, guest_type=GuestType.SHARED), "carries no VLANs"),
        (ask(GENEVE, basic_zone=True), "a basic zone is flat"),
    ],
)
def test_a_network_that_nobody_designs_says_why(question: DesignQuestion, told: str) -> None:
    with pytest.raises(Conflict) as refused:
        PROVIDERS.choose(question, "n")
    assert told in refused.value.message


def test_an_l2_network_has_no_addresses_whatever_was_asked() -> None:
    question = ask(GENEVE, guest_type=GuestType.L2, cidr="10.0.0.0/24", gateway="10.0.0.1")
    design = PROVIDERS.choose(question, "n").guru.design(question)
    assert (design.cidr, design.gateway) == (None, None)
