"""What holds for all tests: Hypothesis neither times examples nor complains about slow generation on a busy machine."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("netloom", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("netloom")
