"""DNS records of a network: kept, told to whoever gives Dns, and gone with the network."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import AsyncIterator

import pytest
from tests.app.cloud.rules_stage import Stage, staged

from netloom.app.cloud import dns_records
from netloom.app.cloud.dns_records import CREATE_DNS_RECORD, CreateDnsRecord, DeleteDnsRecord
from netloom.base.errors import Conflict, InvalidInput, NotFound, PeerError
from netloom.model.cloud.dns import DnsRecord
from netloom.model.cloud.rules import RuleState
from netloom.plan.elements import Outcome, RuleStage


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[Stage]:
    async with staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


def asked(stage: Stage, name: str = "WWW", value: str = "192.0.2.1", kind: str = "a") -> CreateDnsRecord:
    return CreateDnsRecord(network_id=stage.network.id, name=name, type=kind, value=value)


async def test_a_record_is_told_to_its_provider_and_taken_back(stage: Stage) -> None:
    made = await stage.do(CREATE_DNS_RECORD, asked(stage))
    assert (made.name, made.state) == ("www", RuleState.ACTIVE)
    (told,) = stage.notebook.rules[stage.network.id, RuleStage.DNS_RECORDS]
    assert told.id == made.id
    await stage.do(dns_records.DELETE_DNS_RECORD, DeleteDnsRecord(id=made.id))
    assert stage.notebook.rules[stage.network.id, RuleStage.DNS_RECORDS] == ()
    assert await stage.all(DnsRecord) == []


async def test_of_two_racing_aliases_one_is_taken(stage: Stage) -> None:
    results = await asyncio.gather(
        *(
            stage.cloud.do(stage.who.alice, CREATE_DNS_RECORD, asked(stage, "web", to, "cname"))
            for to in ("one", "two")
        ),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "Done"]
    assert [each.name for each in await stage.all(DnsRecord)] == ["web"]


async def test_what_the_provider_refuses_is_gone(stage: Stage) -> None:
    stage.notebook.refusals[RuleStage.DNS_RECORDS] = Outcome(done=False, reason="no room")
    with pytest.raises(PeerError, match="no room"):
        await stage.do(CREATE_DNS_RECORD, asked(stage))
    assert await stage.all(DnsRecord) == []


async def test_the_same_record_again_is_a_conflict(stage: Stage) -> None:
    await stage.do(CREATE_DNS_RECORD, asked(stage))
    with pytest.raises(Conflict, match="is there already"):
        await stage.do(CREATE_DNS_RECORD, asked(stage, "www"))


async def test_records_of_others_are_not_found(stage: Stage) -> None:
    made = await stage.do(CREATE_DNS_RECORD, asked(stage))
    with pytest.raises(NotFound):
        await stage.do(dns_records.DELETE_DNS_RECORD, DeleteDnsRecord(id=made.id), stage.who.bob)
    with pytest.raises(NotFound):
        await stage.do(CREATE_DNS_RECORD, asked(stage, "other"), stage.who.bob)


async def test_bad_input_leaves_nothing(stage: Stage) -> None:
    for name, value, kind in (("a b", "192.0.2.1", "a"), ("www", "no", "a"), ("www", "192.0.2.1", "ptr")):
        with pytest.raises(InvalidInput):
            await stage.do(CREATE_DNS_RECORD, asked(stage, name, value, kind))
    assert await stage.all(DnsRecord) == []
