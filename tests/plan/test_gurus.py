"""Choosing who designs a network: exactly one, with every answer told."""

from __future__ import annotations

from typing import Any

import pytest

from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.offerings import GuestType, Traffic
from netloom.model.cloud.services import Service
from netloom.model.isolation import Isolation
from netloom.model.states import NetworkState
from netloom.plan.gurus import (
    Design,
    DesignQuestion,
    NetworkGuru,
    Verdict,
    WireFacts,
    broadcast_uri,
    choose_guru,
    named_segment,
    proposal,
)


class Fixed:
    """Says what it was made to say."""

    def __init__(self, name: str, yes: bool) -> None:
        self.name = name
        self.yes = yes

    def can_handle(self, question: DesignQuestion) -> Verdict:
        return Verdict(self.yes, f"{self.name} says so")

    def design(self, question: DesignQuestion) -> Design:
        return proposal(question, Isolation.VXLAN, None, state=NetworkState.ALLOCATED)


def wires(*isolations: Isolation, providers: tuple[str, ...] = ("Ovs",)) -> WireFacts:
    return WireFacts(id=Uuid("w"), name="wires", isolations=isolations, providers=frozenset(providers))


def question(*isolations: Isolation, **fields: Any) -> DesignQuestion:
    fields.setdefault("traffic", Traffic.GUEST)
    fields.setdefault("guest_type", GuestType.ISOLATED)
    return DesignQuestion(wires=wires(*isolations), **fields)


def gurus(**answers: bool) -> dict[str, NetworkGuru]:
    return {name: Fixed(name, yes) for name, yes in answers.items()}


def test_the_only_one_that_says_yes_is_chosen_and_all_answers_are_kept() -> None:
    choice = choose_guru(gurus(a=False, b=True, c=False), question(Isolation.VXLAN))
    assert choice.guru.name == "b"
    assert [(answer.guru, answer.verdict.yes) for answer in choice.answers] == [
        ("a", False),
        ("b", True),
        ("c", False),
    ]


@pytest.mark.parametrize(
    ("answers", "code", "quoted"),
    [
        ({"a": False, "b": False}, "no-guru", ["a: a says so", "b: b says so"]),
        ({"a": True, "b": True, "c": False}, "several-gurus", ["a: a says so", "b: b says so"]),
        ({}, "no-guru", []),
    ],
)
def test_none_and_several_are_errors_that_quote_the_answers(
    answers: dict[str, bool], code: str, quoted: list[str]
) -> None:
    with pytest.raises(Conflict) as refused:
        choose_guru(gurus(**answers), question(Isolation.VXLAN))
    assert refused.value.stable_code == code
    assert all(text in refused.value.message for text in quoted)
    assert "c: c says so" not in refused.value.message


@pytest.mark.parametrize(
    ("vlan", "segment"), [("500", 500), ("untagged", 0), ("Vlan://7", 7), (None, 0), (" 4094 ", 4094)]
)
def test_a_vlan_that_was_named_is_a_segment(vlan: str | None, segment: int) -> None:
    assert named_segment(question(Isolation.VLAN, vlan=vlan)) == segment


@pytest.mark.parametrize("vlan", ["0", "4095", "-1", "x", "", "1-5", "٣"])
def test_what_is_no_vlan_is_refused(vlan: str) -> None:
    if vlan == "":
        assert named_segment(question(Isolation.VLAN, vlan=vlan)) == 0
        return
    with pytest.raises(InvalidInput, match="is not a VLAN"):
        named_segment(question(Isolation.VLAN, vlan=vlan))


def test_wires_without_vlans_have_none_to_name() -> None:
    with pytest.raises(InvalidInput, match="carries no VLANs") as refused:
        named_segment(question(Isolation.GENEVE, vlan="5"))
    assert "geneve" in (refused.value.hint or "")


@pytest.mark.parametrize(
    ("isolation", "segment", "uri"),
    [
        (Isolation.VLAN, 500, "vlan://500"),
        (Isolation.VLAN, 0, "vlan://untagged"),
        (Isolation.VXLAN, 9, "vxlan://9"),
        (Isolation.GRE, 1, "vs://1"),
        (Isolation.GENEVE, 2, "geneve://2"),
    ],
)
def test_broadcast_domains_have_uris(isolation: Isolation, segment: int, uri: str) -> None:
    assert broadcast_uri(isolation, segment) == uri


def test_tunnels_are_in_order_of_preference() -> None:
    assert wires(Isolation.GRE, Isolation.VLAN, Isolation.GENEVE).tunnels == (Isolation.GENEVE, Isolation.GRE)
    assert question(Isolation.VLAN, services={Service.CONNECTIVITY: ("Ovs",)}).connectivity == "Ovs"
    assert question(Isolation.VLAN, services={Service.CONNECTIVITY: ()}).connectivity is None
