"""What answers say of usage."""

from __future__ import annotations

from collections.abc import Sequence

from netloom.app.cloud.usage import UsagePart
from netloom.faces.cloudstack.see import Row, See
from netloom.model.cloud.usage import KINDS, UsageType, hours


def usage_rows(parts: Sequence[UsagePart], see: See, *, with_tags: bool) -> list[Row]:
    """Usage by period; hours with six digits, as text, as CloudStack tells them."""
    spans = [part.span for part in parts]
    see.owners(spans)
    if with_tags:
        see.tagged(span.resource_id for span in spans)
    rows: list[Row] = []
    for part in parts:
        span, facts = part.span, part.span.facts
        amount = _hours(hours(span, part.period))
        rows.append(
            {
                **see.owner(span),
                "accountid": span.account_id,
                "zoneid": facts.zone_id,
                "description": f"{_words(span.type)} of {span.name}",
                "name": span.name,
                "usage": f"{amount} Hrs",
                "rawusage": amount,
                "usagetype": KINDS[span.type].number,
                "usageid": span.resource_id,
                "virtualmachineid": _instance(span.type, span.resource_id) or facts.instance_id,
                "offeringid": facts.offering_id,
                "templateid": facts.template_id,
                "networkid": facts.network_id,
                "vpcid": facts.vpc_id,
                "cpunumber": facts.cpu_number,
                "cpuspeed": facts.cpu_speed,
                "memory": facts.memory,
                "isdefault": facts.is_default,
                "issourcenat": facts.source_nat,
                "issystem": facts.for_system,
                "startdate": see.time(part.period.start),
                "enddate": see.time(part.period.end),
                "tags": see.tags(span.resource_id) if with_tags else None,
            }
        )
    return rows


def type_rows() -> list[Row]:
    """The types of usage that there are."""
    return [
        {"id": kind.number, "name": usage_type.value, "description": kind.description}
        for usage_type, kind in KINDS.items()
    ]


def _words(usage_type: UsageType) -> str:
    return KINDS[usage_type].description.lower().removesuffix(" usage")


def _instance(usage_type: UsageType, resource_id: str) -> str | None:
    return resource_id if usage_type in {UsageType.RUNNING_VM, UsageType.ALLOCATED_VM} else None


def _hours(amount: float) -> str:
    return f"{amount:.6f}".rstrip("0").rstrip(".")
