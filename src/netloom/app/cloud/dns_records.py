"""DNS records of networks: kept here, answered by whoever gives Dns to the network.

Rule 1: a network without the service has none; so says the refusal, and who could give it.
Rule 2: a change is a new record after the old one is gone, as resolvers remember either.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.rules_cases import ending, making
from netloom.app.cloud.rules_life import added, revoke
from netloom.app.cloud.rules_provider import offers
from netloom.app.cloud.work import Work
from netloom.base.errors import Exhausted
from netloom.base.ids import NetworkId, Uuid
from netloom.model.cloud.dns import (
    DEFAULT_TTL,
    MAX_NETWORK_RECORDS,
    DnsRecord,
    check_beside,
    check_ttl,
    parse_dns_name,
    parse_dns_type,
    parse_dns_value,
)
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.services import Service
from netloom.store.cloud.records import columns


class CreateDnsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A name that a network's resolver shall answer; see `DnsRecord`."""

    network_id: Uuid
    name: str
    type: str
    value: str
    ttl: int = DEFAULT_TTL


class DeleteDnsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Which one."""

    id: Uuid


def _create(work: Work, request: CreateDnsRecord) -> DnsRecord:
    network = work.get(GuestNetwork, request.network_id, "networkid")
    offers(work, network, Service.DNS)
    record_type = parse_dns_type(request.type)
    record = DnsRecord(
        **work.owned(network),
        network_id=NetworkId(network.id),
        name=parse_dns_name(request.name),
        type=record_type,
        value=parse_dns_value(record_type, request.value),
        ttl=check_ttl(request.ttl),
    )
    c = columns(DnsRecord)
    check_beside(record, work.records.select(DnsRecord, c.network_id == network.id, c.name == record.name))
    if work.records.count(DnsRecord, c.network_id == network.id) >= MAX_NETWORK_RECORDS:
        raise Exhausted(
            f"network {network.name} ({network.id}) has {MAX_NETWORK_RECORDS} DNS records, as many as one may have",
            code="dns-record-limit",
            subject="networkid",
            hint="delete some",
        )
    return work.insert(added(record))


def _delete(work: Work, request: DeleteDnsRecord) -> DnsRecord:
    return revoke(work, work.get(DnsRecord, request.id))


CREATE_DNS_RECORD = making(
    "dns_record.create", "createDnsRecord", "DNS.RECORD.CREATE", CreateDnsRecord, _create
)
DELETE_DNS_RECORD = ending(
    "dns_record.delete", "deleteDnsRecord", "DNS.RECORD.DELETE", DeleteDnsRecord, _delete
)
USE_CASES = (CREATE_DNS_RECORD, DELETE_DNS_RECORD)
