"""An instance's life is its table: what each state may do next, and what it says of rules and hosts."""

from __future__ import annotations

import pytest

from netloom.base.errors import Conflict
from netloom.model.cloud.instances import INSTANCE_TABLE, InstanceEvent, InstanceState, next_instance_state


def test_a_refusal_names_the_states_that_would_do() -> None:
    with pytest.raises(Conflict, match="Running cannot destroy") as refused:
        next_instance_state(InstanceState.RUNNING, InstanceEvent.DESTROY)
    assert refused.value.stable_code == "bad-transition"
    assert refused.value.hint == "it has to be Error or Stopped"


@pytest.mark.parametrize("state", InstanceState)
def test_whatever_is_on_a_host_can_end_being_there(state: InstanceState) -> None:
    reached, todo = {state}, [state]
    while todo:
        now = todo.pop()
        fresh = {to for (at, _event), to in INSTANCE_TABLE.items() if at is now} - reached
        reached |= fresh
        todo += fresh
    assert InstanceState.EXPUNGING in reached
    if state.on_host:
        assert state.takes_rules
