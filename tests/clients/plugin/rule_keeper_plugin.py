"""The test provider that keeps rules and does nothing, as a package that netloomd finds by its entry points."""

from __future__ import annotations

from tests.testing.rule_keeper import Notebook, keepers

KEPT = {provider.name: provider for provider in keepers(Notebook())}

virtual_router = KEPT["VirtualRouter"]
vpc_virtual_router = KEPT["VpcVirtualRouter"]
internal_lb = KEPT["InternalLbVm"]
config_drive = KEPT["ConfigDrive"]
