"""What CloudStack's answers say of balancers, their members and policies."""

from __future__ import annotations

from collections.abc import Sequence

from netloom.faces.cloudstack.see import Row, See
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.load_balancers import HealthCheck, LoadBalancer, SslCertificate, Stickiness
from netloom.model.cloud.rules import Rule


def balancer_rows(rules: Sequence[LoadBalancer], see: See) -> list[Row]:
    """Balancers; ports are texts in these."""
    addresses = see.many(PublicIp, [rule.public_ip_id for rule in rules])
    ids = [rule.id for rule in rules]
    see.owners(rules)
    see.tagged(ids)
    see.pending(ids)
    rows: list[Row] = []
    for rule in rules:
        address = addresses.get(rule.public_ip_id)
        rows.append(
            {
                "id": rule.id,
                "name": rule.name,
                "description": rule.description,
                "publicipid": rule.public_ip_id,
                "publicip": None if address is None else address.address,
                "publicport": str(rule.public_port),
                "privateport": str(rule.private_port),
                "algorithm": rule.algorithm.value,
                "protocol": None if rule.protocol is None else rule.protocol.value,
                "cidrlist": ",".join(rule.sources) or None,
                "networkid": rule.network_id,
                **see.owner(rule),
                "state": rule.state.value,
                **(see.zone(None if address is None else address.zone_id)),
                "tags": see.tags(rule.id),
                "fordisplay": rule.display,
                **see.job(rule.id),
            }
        )
    return rows


def certificate_rows(certificates: Sequence[SslCertificate], see: See) -> list[Row]:
    """Certificates and which balancers show them; never their keys."""
    see.owners(certificates)
    ids = [certificate.id for certificate in certificates]
    shown: dict[str, list[str]] = {}
    for balancer in see.having(LoadBalancer, "certificate_id", ids):
        if balancer.certificate_id is not None:
            shown.setdefault(balancer.certificate_id, []).append(balancer.id)
    return [
        {
            "id": certificate.id,
            "name": certificate.name,
            "certificate": certificate.certificate,
            "certchain": certificate.chain,
            "fingerprint": certificate.fingerprint,
            **_without_path(see.owner(certificate)),
            "loadbalancerrulelist": shown.get(certificate.id, []),
        }
        for certificate in certificates
    ]


def _without_path(owner: Row) -> Row:
    return {name: value for name, value in owner.items() if name != "domainpath"}


def stickiness_rows(policies: Sequence[Stickiness], see: See) -> list[Row]:
    """Stickiness policies, each within what says whose balancer it is."""
    return [
        {
            **_balancer(policy, policy.load_balancer_id, see),
            "stickinesspolicy": [
                {
                    "id": policy.id,
                    "name": policy.name,
                    "description": policy.description,
                    "methodname": policy.method,
                    "fordisplay": policy.display,
                    "state": policy.state.value,
                    "params": dict(policy.parameters),
                }
            ],
        }
        for policy in policies
    ]


def health_check_rows(policies: Sequence[HealthCheck], see: See) -> list[Row]:
    """Health checks, each within what says whose balancer it is; the spelling is CloudStack's."""
    return [
        {
            **_balancer(policy, policy.load_balancer_id, see),
            "healthcheckpolicy": [
                {
                    "id": policy.id,
                    "description": policy.description,
                    "pingpath": policy.ping_path,
                    "responsetime": policy.response_timeout,
                    "healthcheckinterval": policy.interval,
                    "healthcheckthresshold": policy.healthy_threshold,
                    "unhealthcheckthresshold": policy.unhealthy_threshold,
                    "state": policy.state.value,
                    "fordisplay": policy.display,
                }
            ],
        }
        for policy in policies
    ]


def _balancer(policy: Rule, balancer_id: str, see: See) -> Row:
    owner = see.owner(policy)
    return {"lbruleid": balancer_id} | {key: owner.get(key) for key in ("account", "domainid", "domain")}
