from __future__ import annotations

import enum

import pytest

from netloom.base.errors import Conflict
from netloom.model.transitions import step


class Lamp(enum.Enum):
    OFF = "Off"
    ON = "On"
    BROKEN = "Broken"


class Hand(enum.Enum):
    PRESS = "press"
    MEND = "mend"


LIFE = {(Lamp.OFF, Hand.PRESS): Lamp.ON, (Lamp.ON, Hand.PRESS): Lamp.OFF}


def test_the_table_says_where_it_goes() -> None:
    assert step(LIFE, "a lamp", Lamp.OFF, Hand.PRESS) is Lamp.ON


def test_a_step_that_is_not_there_is_refused_with_where_there_is_one() -> None:
    with pytest.raises(Conflict) as caught:
        step(LIFE, "a lamp", Lamp.BROKEN, Hand.PRESS)
    assert caught.value.stable_code == "bad-transition"
    assert caught.value.message == "a lamp that is Broken cannot press"
    assert caught.value.hint == "it has to be Off or On"


def test_an_event_that_is_in_no_step_has_no_hint() -> None:
    with pytest.raises(Conflict) as caught:
        step(LIFE, "a lamp", Lamp.ON, Hand.MEND)
    assert caught.value.hint is None
