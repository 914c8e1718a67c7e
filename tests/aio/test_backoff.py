from hypothesis import given
from hypothesis import strategies as st

from netloom.aio.backoff import Backoff, BackoffPolicy


def test_doubles_up_to_the_limit() -> None:
    backoff = Backoff(BackoffPolicy(first=1.0, limit=5.0, spread=0.5), lambda: 0.0)
    assert [backoff.next_delay() for _ in range(5)] == [1.0, 2.0, 4.0, 5.0, 5.0]
    backoff.clear()
    assert backoff.next_delay() == 1.0


@given(st.integers(0, 5000), st.floats(0, 1, exclude_max=True))
def test_never_exceeds_the_limit_nor_falls_below_the_spread(failures: int, jitter: float) -> None:
    backoff = Backoff(BackoffPolicy(first=0.5, limit=30.0, spread=0.5), lambda: jitter)
    for _ in range(min(failures, 100)):
        backoff.next_delay()
    delay = backoff.next_delay()
    assert 0.25 <= delay <= 30.0


def test_a_year_of_failures_does_not_overflow() -> None:
    backoff = Backoff(BackoffPolicy(), lambda: 0.0)
    for _ in range(3000):
        backoff.next_delay()
    assert backoff.next_delay() == 30.0
