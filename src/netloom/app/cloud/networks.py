"""Tenants' networks at work: all of their use cases. What other areas ask of networks is in `networks_use`, `networks_life`."""

from __future__ import annotations

from netloom.app.cloud import networks_create, networks_life

USE_CASES = (networks_create.CREATE, *networks_life.USE_CASES)
