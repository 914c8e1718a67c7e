"""A host whose database is not one: garbage, silence, floods. It costs its own session, and nobody else anything."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from tests.system.cloud import Cloud, cloud

from netloom.client import calls
from netloom.contract.hosts import HostSpec
from netloom.contract.kinds import HOST
from netloom.lab import namespaces, wait
from netloom.lab.names import CONTROL_ADDRESS

pytestmark = [pytest.mark.lab, pytest.mark.alone, pytest.mark.timeout(120)]


def garbage(peer: socket.socket) -> None:
    """Octets that are no JSON."""
    peer.sendall(b"\x00\xff\xfe not json {{{" * 100)
    peer.recv(1)


def an_endless_message(peer: socket.socket) -> None:
    """One string that never ends."""
    peer.sendall(b'{"method": "')
    while True:
        peer.sendall(b"x" * 65536)


def nested_without_end(peer: socket.socket) -> None:
    """Brackets."""
    while True:
        peer.sendall(b"[" * 65536)


def silence(peer: socket.socket) -> None:
    """Reads what is said and answers nothing."""
    while peer.recv(65536):
        pass


def deaf(peer: socket.socket) -> None:
    """Neither reads nor writes; netloom ends it."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    OVER.wait()


def a_flood(peer: socket.socket) -> None:
    """Requests that have to be answered, as many as go."""
    echo = json.dumps({"method": "echo", "params": ["x" * 1000], "id": "e"}).encode()
    peer.setblocking(True)
    while True:
        peer.sendall(echo * 64)


def wrong_answers(peer: socket.socket) -> None:
    """Answers that nobody asked for, of the wrong shape."""
    peer.sendall(json.dumps({"id": 0, "result": {"name": 7, "tables": []}, "error": None}).encode() * 50)
    peer.recv(1)


def hangs_up(peer: socket.socket) -> None:
    """At once."""


OVER = threading.Event()
ROGUES: dict[str, Callable[[socket.socket], None]] = {
    f.__name__: f
    for f in (
        garbage,
        an_endless_message,
        nested_without_end,
        silence,
        deaf,
        a_flood,
        wrong_answers,
        hangs_up,
    )
}


@pytest.fixture(scope="module")
def two() -> Iterator[Cloud]:
    """Two good hosts."""
    with cloud(2) as made:
        yield made


@contextlib.contextmanager
def a_rogue(made: Cloud, behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server in the control namespace; its address."""
    OVER.clear()
    with namespaces.entered(made.lab.control_namespace):
        door = socket.create_server((str(CONTROL_ADDRESS), 0))
    peers: list[socket.socket] = []

    def talk(peer: socket.socket) -> None:
        with contextlib.suppress(OSError):
            behave(peer)
        peer.close()

    def serve() -> None:
        threads: list[threading.Thread] = []
        with contextlib.suppress(OSError):
            while True:
                peer, _ = door.accept()
                peers.append(peer)
                threads.append(threading.Thread(target=talk, args=(peer,)))
                threads[-1].start()
        for thread in threads:
            thread.join()

    server = threading.Thread(target=serve)
    server.start()
    try:
        yield f"tcp:{CONTROL_ADDRESS}:{door.getsockname()[1]}"
    finally:
        OVER.set()
        door.shutdown(socket.SHUT_RDWR)
        door.close()
        for peer in peers:
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
        server.join()


@pytest.mark.parametrize("behaviour", ROGUES)
def test_a_rogue_costs_only_its_own_session(two: Cloud, behaviour: str) -> None:
    name = behaviour.replace("_", "-")
    with a_rogue(two, ROGUES[behaviour]) as address:
        spec = HostSpec(name=name, ovsdb=address, tunnel_ip="198.18.250.1")
        two.client.send(calls.create(HOST, spec, key=name))
        two.becomes("Error", name)
        status = two.client.send(calls.get(HOST, name)).status
        assert status.reason
        assert status.code
        # Everybody else works on, and new things are done.
        two.network(name, "vxlan")
        two.pair(name)
        assert [two.host_status(host) for host in ("h1", "h2")] == ["Done", "Done"]
        two.client.send(calls.delete(HOST, name))
    wait.until(
        lambda: not [h for h in two.client.send(calls.page(HOST)).items if h.name == name], "it is gone"
    )
