"""Addresses and rules are metered as they are asked for and given back, through the use cases themselves."""

from __future__ import annotations

import pathlib
from collections import Counter

from tests.app.cloud.rules_stage import Stage, staged

from netloom.app.cloud import addresses, firewall, port_forwarding
from netloom.app.cloud.addresses import NamedIp
from netloom.app.cloud.firewall import DeleteFirewallRule
from netloom.app.cloud.port_forwarding import CreatePortForwarding, DeletePortForwarding
from netloom.model.cloud.rules import FirewallRule
from netloom.model.cloud.usage import UsageSpan, UsageType


async def _open(stage: Stage) -> Counter[UsageType]:
    """How many spans of each type are open, of what rules bring."""
    kinds = {UsageType.IP_ADDRESS, UsageType.FIREWALL_RULE, UsageType.PORT_FORWARDING_RULE}
    spans = [span for span in await stage.all(UsageSpan) if span.type in kinds]
    assert {span.account_id for span in spans} <= {stage.network.account_id}
    return Counter(span.type for span in spans if span.ended_at is None)


async def test_from_asking_to_giving_back(tmp_path: pathlib.Path) -> None:
    async with staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        assert await _open(stage) == {}
        ip = await stage.extra()
        assert await _open(stage) == {UsageType.IP_ADDRESS: 2}  # the first one is source NAT
        await stage.open(ip, 22)
        forwarding = await stage.do(
            port_forwarding.CREATE_PORT_FORWARDING,
            CreatePortForwarding(
                public_ip_id=ip.id,
                protocol="tcp",
                public_port=80,
                private_port=80,
                instance_id=stage.web.id,
                open_firewall=False,
            ),
        )
        had = {UsageType.IP_ADDRESS: 2, UsageType.FIREWALL_RULE: 1, UsageType.PORT_FORWARDING_RULE: 1}
        assert await _open(stage) == had
        await stage.do(port_forwarding.DELETE_PORT_FORWARDING, DeletePortForwarding(id=forwarding.id))
        (rule,) = await stage.all(FirewallRule)
        await stage.do(firewall.DELETE_FIREWALL_RULE, DeleteFirewallRule(id=rule.id))
        assert await _open(stage) == {UsageType.IP_ADDRESS: 2}
        await stage.open(ip, 443)
        await stage.do(addresses.DISASSOCIATE_IP, NamedIp(id=ip.id))
        assert await _open(stage) == {UsageType.IP_ADDRESS: 1}
        ended = [span for span in await stage.all(UsageSpan) if span.ended_at is not None]
        assert all(span.started_at < span.ended_at for span in ended if span.ended_at is not None)
