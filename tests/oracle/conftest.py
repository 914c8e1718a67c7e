"""The real switch that the simulator is checked against."""

from tests.providers.ovs.conftest import real_switch

__all__ = ["real_switch"]
