"""The cloud's records: owners, offerings, networks and their services, addresses, rules, instances, jobs."""

from __future__ import annotations

from netloom.store.migrations.cloud_0004 import (
    addresses,
    declarations,
    dns,
    gateways,
    identity,
    infrastructure,
    instances,
    jobs,
    networks,
    offerings,
    rules,
    security_groups,
    tags,
    untold,
    usage,
    vpc,
    vpn,
)
from netloom.store.migrations.cloud_0004.making import make_all

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

AREAS = (
    identity,
    infrastructure,
    offerings,
    networks,
    vpc,
    instances,
    addresses,
    rules,
    dns,
    gateways,
    vpn,
    security_groups,
    jobs,
    untold,
    tags,
    usage,
    declarations,
)


def upgrade() -> None:
    make_all(table for area in AREAS for table in area.TABLES)


def downgrade() -> None:
    raise NotImplementedError("the cloud would be lost: restore the backup made before the upgrade")
