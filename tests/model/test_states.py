"""The whole tables: each pair of state and event is either a step or refused."""

from __future__ import annotations

import itertools

import pytest

from netloom.base.errors import Conflict
from netloom.model.states import (
    NETWORK_TABLE,
    NIC_TABLE,
    NetworkEvent,
    NetworkState,
    NicEvent,
    NicState,
    next_network_state,
    next_nic_state,
)


@pytest.mark.parametrize(("state", "event"), list(itertools.product(NetworkState, NetworkEvent)))
def test_networks_move_by_their_table_only(state: NetworkState, event: NetworkEvent) -> None:
    if (state, event) in NETWORK_TABLE:
        assert next_network_state(state, event) is NETWORK_TABLE[state, event]
    else:
        with pytest.raises(Conflict) as caught:
            next_network_state(state, event)
        assert caught.value.stable_code == "bad-transition"


@pytest.mark.parametrize(("state", "event"), list(itertools.product(NicState, NicEvent)))
def test_nics_move_by_their_table_only(state: NicState, event: NicEvent) -> None:
    if (state, event) in NIC_TABLE:
        assert next_nic_state(state, event) is NIC_TABLE[state, event]
    else:
        with pytest.raises(Conflict):
            next_nic_state(state, event)


def test_a_full_life() -> None:
    state = NetworkState.ALLOCATED
    for event, then in [
        (NetworkEvent.IMPLEMENT, NetworkState.IMPLEMENTING),
        (NetworkEvent.SUCCEED, NetworkState.IMPLEMENTED),
        (NetworkEvent.SHUTDOWN, NetworkState.SHUTDOWN),
        (NetworkEvent.SUCCEED, NetworkState.ALLOCATED),
        (NetworkEvent.DESTROY, NetworkState.DESTROY),
    ]:
        state = next_network_state(state, event)
        assert state is then


def test_nothing_leaves_destroy() -> None:
    assert not [event for state, event in NETWORK_TABLE if state is NetworkState.DESTROY]
