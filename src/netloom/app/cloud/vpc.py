"""VPCs at work: what other areas ask of them. Use cases stand in `vpc_life`, tiers' rules in `vpc_tiers`."""

from __future__ import annotations

from netloom.app.cloud.vpc_tiers import Tier, check_tier, check_tier_domain, tiers_of

__all__ = ["Tier", "check_tier", "check_tier_domain", "tiers_of"]
