"""What CloudStack's answers say of access control lists and their items."""

from __future__ import annotations

from collections.abc import Sequence

from netloom.faces.cloudstack.see import Row, See
from netloom.model.cloud.acl import AclItem, AclList
from netloom.model.cloud.vpc import Vpc


def list_rows(lists: Sequence[AclList], see: See) -> list[Row]:
    """Lists; the system's have no VPC."""
    see.many(Vpc, [acl.vpc_id for acl in lists])
    see.pending([acl.id for acl in lists])
    return [
        {
            "id": acl.id,
            "name": acl.name,
            "description": acl.description,
            "vpcid": acl.vpc_id,
            "vpcname": _name(see.one(Vpc, acl.vpc_id)),
            "fordisplay": acl.for_display,
            **see.job(acl.id),
        }
        for acl in lists
    ]


def item_rows(items: Sequence[AclItem], see: See) -> list[Row]:
    """Items; their ports are texts. A revoked one keeps no number."""
    lists = see.many(AclList, [item.acl_id for item in items])
    ids = [item.id for item in items]
    see.tagged(ids)
    see.pending(ids)
    return [
        {
            "id": item.id,
            "protocol": item.match.protocol,
            "startport": _text(item.match.start_port),
            "endport": _text(item.match.end_port),
            "icmptype": item.match.icmp_type,
            "icmpcode": item.match.icmp_code,
            "traffictype": item.direction.value,
            "state": item.state.value,
            "cidrlist": ",".join(item.match.cidrs),
            "tags": see.tags(item.id),
            "aclid": item.acl_id,
            "aclname": lists[item.acl_id].name,
            "number": item.order if item.order > 0 else None,
            "action": item.action.value,
            "fordisplay": item.for_display,
            "reason": item.reason or None,
            **see.job(item.id),
        }
        for item in items
    ]


def _name(vpc: Vpc | None) -> str | None:
    return None if vpc is None else vpc.name


def _text(port: int | None) -> str | None:
    return None if port is None else str(port)
