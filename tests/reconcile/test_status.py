"""Who waits for which host, while hosts are away and come back."""

from __future__ import annotations

import uuid

import pytest

from netloom.base.ids import HostId, Uuid
from netloom.model.status import Phase
from netloom.reconcile import status
from netloom.reconcile.ports import Refusal
from netloom.reconcile.status import StatusBook

HOSTS = [HostId(Uuid(str(uuid.UUID(int=number)))) for number in range(2)]
NETWORK, NIC = (Uuid(str(uuid.UUID(int=100 + number))) for number in range(2))


def a_book(settled: list[Uuid]) -> StatusBook[str]:
    """A book that tells what settled."""
    return StatusBook(lambda _host, _key: (), settled=settled.append)


@pytest.mark.parametrize("bound", [0, 1000], ids=["folded", "as they came"])
def test_object_waits_for_hosts_that_are_away(bound: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object is Pending until each host that is away was read in full, and says which are behind."""
    monkeypatch.setattr(status, "OWED_WAITS", bound)
    settled: list[Uuid] = []
    book = a_book(settled)
    book.expect({NETWORK, NIC}, {HOSTS[0]: ["a", "b"], HOSTS[1]: ["a"]})
    book.taken({NETWORK: 1, NIC: 1})
    assert set(book.status(NIC).behind) == set(HOSTS)
    for host, left in ((HOSTS[0], {HOSTS[1]}), (HOSTS[1], set())):
        book.set_ready(host, ready=True)
        assert not settled
        book.realised(host, None, ())
        assert set(book.status(NIC).behind) == left
    assert book.status(NETWORK).phase is Phase.DONE
    assert sorted(settled) == sorted([NETWORK, NIC])


@pytest.mark.parametrize("bound", [0, 1000], ids=["folded", "as they came"])
def test_host_that_goes_owes_what_it_had_not_done(bound: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outputs that were waited for one by one are owed as a whole when their host goes."""
    monkeypatch.setattr(status, "OWED_WAITS", bound)
    settled: list[Uuid] = []
    book = a_book(settled)
    book.set_ready(HOSTS[0], ready=True)
    book.expect({NETWORK}, {HOSTS[0]: ["a", "b"]})
    book.taken({NETWORK: 1})
    book.realised(HOSTS[0], ["a"], ())
    book.set_ready(HOSTS[0], ready=False)
    assert book.status(NETWORK).behind == (HOSTS[0],)
    book.set_ready(HOSTS[0], ready=True)
    book.realised(HOSTS[0], ["b"], ())
    assert not settled
    book.realised(HOSTS[0], None, ())
    assert settled == [NETWORK]


@pytest.mark.parametrize("bound", [0, 1000], ids=["folded", "as they came"])
def test_host_that_is_removed_is_waited_for_by_nobody(bound: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Removing a host ends all waits for it."""
    monkeypatch.setattr(status, "OWED_WAITS", bound)
    settled: list[Uuid] = []
    book = a_book(settled)
    book.expect({NETWORK}, {HOSTS[0]: ["a"]})
    book.taken({NETWORK: 1})
    book.host_gone(HOSTS[0])
    assert settled == [NETWORK]
    assert book.status(NETWORK).phase is Phase.DONE


def test_nothing_is_settled_while_an_output_of_it_is_refused() -> None:
    """Refused after it was in force: the object's next generation needs nothing more there, and is not settled."""
    settled: list[Uuid] = []
    book: StatusBook[str] = StatusBook(lambda _host, _key: [NETWORK], settled=settled.append)
    book.set_ready(HOSTS[0], ready=True)
    book.expect({NETWORK}, {HOSTS[0]: ["a"]})
    book.taken({NETWORK: 1})
    book.refused(HOSTS[0], {"b": Refusal("flow-refused", "no")}, 5.0)
    book.realised(HOSTS[0], None, ["b"])
    book.taken({NETWORK: 2})
    assert not settled
    assert book.waits(NETWORK)
    assert (book.status(NETWORK).phase, book.status(NETWORK).generation) == (Phase.ERROR, 0)
    book.realised(HOSTS[0], ["b"], ())
    assert settled == [NETWORK]
    assert (book.status(NETWORK).phase, book.status(NETWORK).generation) == (Phase.DONE, 2)


def test_who_is_to_blame_for_a_refusal_is_asked_each_time() -> None:
    """An object that is not behind a refused output any more is not in error for it."""
    causes = [NETWORK, NIC]
    book: StatusBook[str] = StatusBook(lambda _host, _key: causes)
    book.set_ready(HOSTS[0], ready=True)
    book.taken({NETWORK: 1, NIC: 1})
    book.refused(HOSTS[0], {"a": Refusal("flow-refused", "no")}, 5.0)
    assert book.status(NIC).phase is Phase.ERROR
    causes.remove(NIC)
    book.refused(HOSTS[0], {"a": Refusal("flow-refused", "no")}, 6.0)
    assert book.status(NIC).phase is Phase.DONE
    assert book.status(NETWORK).phase is Phase.ERROR
