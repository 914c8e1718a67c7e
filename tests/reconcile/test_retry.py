from netloom.aio.backoff import BackoffPolicy
from netloom.reconcile.retry import RetryBook


def test_each_key_backs_off_alone_and_a_change_clears_it() -> None:
    book: RetryBook[str] = RetryBook(BackoffPolicy(first=1.0, spread=0.0), lambda: 0.0)
    assert book.failed("a", 0.0) == 1.0
    assert book.failed("b", 0.5) == 1.5
    assert book.next_due() == 1.0
    assert book.take_due(1.2) == ["a"]
    assert book.failed("a", 1.2) == 3.2
    book.clear("b")
    assert book.next_due() == 3.2
    book.clear("a")
    assert book.next_due() is None
    assert len(book) == 0
    assert book.failed("a", 5.0) == 6.0
