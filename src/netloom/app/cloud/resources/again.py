"""What did not come true when it was asked for, and stayed: applying the file again tries it again.

Rule 1: the record tells that it failed, not a job: jobs are forgotten, and what somebody did since counts.
Rule 2: what is as its owner left it (an instance that was stopped) is nobody's failure, and stays as it is.
"""

from __future__ import annotations

from netloom.model.cloud.instances import Instance, InstanceState
from netloom.model.cloud.record import Record
from netloom.model.cloud.vpn import ConnectionState, VpnConnection


def verb_again(record: Record) -> str | None:
    """The action that tries again what failed of a record; None: nothing did."""
    match record:
        case Instance(state=InstanceState.ERROR):
            return "start"
        case Instance(state=InstanceState.STOPPED, reason=str()):  # its last start failed
            return "start"
        case VpnConnection(state=ConnectionState.ERROR):
            return "reset"
        case _:
            return None
