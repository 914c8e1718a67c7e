"""Tenants' networks at work: all of their use cases. What other areas ask of networks is in `networks_use` and `_life`."""

from __future__ import annotations

from netloom.app.cloud import (
    networks_change,
    networks_create,
    networks_end,
    networks_life,
    networks_permissions,
    networks_restart,
)

USE_CASES = (
    networks_create.CREATE,
    *networks_change.USE_CASES,
    *networks_restart.USE_CASES,
    *networks_end.USE_CASES,
    *networks_permissions.USE_CASES,
    *networks_life.USE_CASES,
)
