"""What went away while netloomd did not run is seen at its next start."""

from __future__ import annotations

import pytest
from tests.system.cloud import cloud

from netloom.client import calls
from netloom.contract.kinds import NETWORK, NIC
from netloom.lab import wait

pytestmark = pytest.mark.lab


def test_states_follow_what_happened_meanwhile() -> None:
    with cloud(2) as made:
        made.network("blue")
        left, right = made.pair("blue")

        def states() -> tuple[str, str, str]:
            return (
                str(made.client.send(calls.get(NETWORK, "blue")).state),
                str(made.client.send(calls.get(NIC, left.name)).state),
                str(made.client.send(calls.get(NIC, right.name)).state),
            )

        wait.until(lambda: states() == ("Implemented", "Reserved", "Reserved"), "both are reserved")
        made.netloomd.kill()
        left.host.unplug(left.port)
        made.netloomd.start()
        wait.until(lambda: states() == ("Implemented", "Allocated", "Reserved"), "one was let go")
        made.netloomd.kill()
        right.host.unplug(right.port)
        made.netloomd.start()
        wait.until(lambda: states() == ("Allocated", "Allocated", "Allocated"), "the network was shut down")
