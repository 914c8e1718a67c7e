"""The API under load: netloomd as installed, clients in other processes over its Unix socket, each write durable.

One at a time from 32 clients; a thousand in one request; a page of 100 out of 100,000.
Clients are bare (a socket, bytes prepared before): on two processors a costly client would be measured instead.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping

from bench.processes import wait_for
from bench.result import Result, Runs, runs

CLIENT_PROCESSES = 4
BATCH = 1_000


class Http:
    """HTTP/1.1 on a kept connection: bytes out, status and body in."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def ask(self, method: str, path: str, body: bytes = b"", headers: str = "") -> tuple[int, bytes]:
        """One request."""
        head = f"{method} {path} HTTP/1.1\r\nhost: netloom\r\ncontent-type: application/json\r\n"
        self._socket.sendall(f"{head}{headers}content-length: {len(body)}\r\n\r\n".encode() + body)
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        length = next(
            int(line.partition(b":")[2])
            for line in data[:end].lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        )
        parts = [data[end + 4 :]]
        left = length - len(parts[0])
        while left > 0:
            parts.append(self._more())
            left -= len(parts[-1])
        return int(data[9:12]), b"".join(parts)

    def _more(self) -> bytes:
        data = self._socket.recv(1 << 18)
        if not data:
            raise RuntimeError("netloomd hung up")
        return data


@contextlib.contextmanager
def netloomd(
    place: pathlib.Path | None = None, url: str | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    """netloomd on a database of its own; its socket.

    Args:
        place: where its files are, for those who start it again on them; None: nobody does.
        url: the database; None: a SQLite file in that place.
        environment: additions to the caller's.
    """
    with contextlib.ExitStack() as stack:
        if place is None:
            place = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="netloom-bench-")))
        sock = place / "netloomd.sock"
        config = place / "netloomd.toml"
        config.write_text(
            f"""
[api]
socket = "{sock}"
listen = ""
token_file = "{place}/token"
requests_per_second = 1000000.0
burst = 1000000
[store]
url = "{url or f"sqlite:///{place}/netloom.db"}"
[switches]
pki = "{place}/pki"
[log]
level = "warning"
"""
        )
        with (place / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "netloom.daemon.main", "--config", str(config)],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
            )
        try:
            wait_for(lambda: ready(process, sock, place / "log"), 120, "netloomd")
            yield str(sock)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def ready(process: subprocess.Popen[bytes], sock: pathlib.Path, log: pathlib.Path) -> bool:
    """Whether it answers."""
    if process.poll() is not None:
        raise RuntimeError(log.read_text()[-3000:])
    try:
        http = Http(str(sock))
    except OSError:
        return False
    with contextlib.closing(http):
        return http.ask("GET", "/readyz")[0] == 200


def client(path: str, tag: str, threads: int, each: int) -> None:
    """A client process: waits for a line, creates NICs from some threads, prints the seconds of each request."""
    times: list[float] = []
    begin = threading.Barrier(threads + 1)

    def work(thread: int) -> None:
        http = Http(path)
        bodies = [
            json.dumps({"name": f"{tag}-{thread}-{i}", "network": "blue"}).encode() for i in range(each)
        ]
        begin.wait()
        for body in bodies:
            began = time.perf_counter()
            status, answer = http.ask("POST", "/v1/nics", body)
            times.append(time.perf_counter() - began)
            if status != 201:
                raise RuntimeError(f"{status} {answer[:300]!r}")
        http.close()

    workers = [threading.Thread(target=work, args=(i,)) for i in range(threads)]
    for worker in workers:
        worker.start()
    print("ready", flush=True)
    sys.stdin.readline()
    begin.wait()
    for worker in workers:
        worker.join()
    print(json.dumps(times), flush=True)


def singles(path: str, tag: str, clients: int, each: int) -> tuple[float, float]:
    """NICs/s and the 95th percentile in ms."""
    count = min(CLIENT_PROCESSES, clients)
    words = [sys.executable, "-m", "bench.api", "--client", path, "--threads", str(clients // count)]
    processes = [
        subprocess.Popen(
            [*words, "--each", str(each), "--tag", f"{tag}-{i}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for i in range(count)
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    began = time.perf_counter()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    times: list[float] = []
    for process in processes:
        assert process.stdout is not None
        times += json.loads(process.stdout.readline())
    wall = time.perf_counter() - began
    for process in processes:
        process.communicate()
    if len(times) != count * (clients // count) * each:
        raise RuntimeError(f"only {len(times)} answers")
    return len(times) / wall, statistics.quantiles(times, n=20)[-1] * 1e3


def batch(http: Http, tag: str, size: int) -> float:
    """NICs/s of one request; its answer says which ids they got."""
    items = [{"name": f"{tag}-{i}", "network": "blue"} for i in range(size)]
    body = json.dumps({"items": items}).encode()
    began = time.perf_counter()
    status, answer = http.ask("POST", "/v1/nics/batch", body, "prefer: return=minimal\r\n")
    took = time.perf_counter() - began
    if status != 201:
        raise RuntimeError(f"{status} {answer[:300]!r}")
    return size / took


def page_times(http: Http, each: int) -> list[float]:
    """Milliseconds of each so-many-th page of 100, over all of them."""
    times: list[float] = []
    cursor = ""
    number = 0
    while True:
        began = time.perf_counter()
        status, answer = http.ask("GET", f"/v1/nics?limit=100{cursor}")
        if status != 200:
            raise RuntimeError(f"{status} {answer[:300]!r}")
        if number % each == 0:
            times.append((time.perf_counter() - began) * 1e3)
        number += 1
        following = json.loads(answer)["next_cursor"]
        if following is None:
            return times
        cursor = f"&cursor={following}"


def main() -> None:
    """Measure, or be a client of a measurement."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--clients", type=int, default=32)
    arguments.add_argument("--each", type=int, default=60)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--many", type=int, default=100_000)
    arguments.add_argument("--client", help=argparse.SUPPRESS)
    arguments.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    arguments.add_argument("--tag", help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    if chosen.client is not None:
        client(chosen.client, chosen.tag, chosen.threads, chosen.each)
        return
    command = "python -m bench.api"
    with netloomd() as path:
        http = Http(path)
        blue = json.dumps({"name": "blue", "cidr": "10.0.0.0/8", "cidr6": "fd00::/64"}).encode()
        status, answer = http.ask("POST", "/v1/networks", blue)
        if status != 201:
            raise RuntimeError(f"{status} {answer!r}")
        rates, tails = [], []
        for run in range(chosen.runs):
            rate, tail = singles(path, f"single{run}", chosen.clients, chosen.each)
            rates.append(rate)
            tails.append(tail)
        thousands = [batch(http, f"batch{run}", BATCH) for run in range(chosen.runs + 2)]
        made = chosen.clients * chosen.each * chosen.runs + BATCH * (chosen.runs + 2)
        for start in range(made, chosen.many, BATCH):
            batch(http, f"fill{start}", min(BATCH, chosen.many - start))
        # The planner works the fill in at the same time; a reader usually comes when it has.
        wait_for(lambda: caught_up(http), 120, "the planner has caught up")
        pages = page_times(http, max(1, chosen.many // 100 // 100))
        http.close()
    cores = os.cpu_count()
    for name, what, values, unit, target in (
        (
            "api-nic-single",
            f"NICs created through the API, one a request, by {chosen.clients} clients, durable",
            runs(rates),
            "NICs/s",
            ">= 250",
        ),
        (
            "api-nic-single-p95",
            "95th percentile of the answer's time of the same",
            runs(tails),
            "ms",
            "<= 100",
        ),
        ("api-nic-batch", f"{BATCH:,} NICs created in one request", runs(thousands), "NICs/s", ">= 4000"),
        ("api-page", f"a page of 100 out of {chosen.many:,} NICs", runs(pages), "ms", "<= 20"),
        (
            "api-page-p95",
            "95th percentile of the same",
            Runs(tuple(pages), pick=lambda v: sorted(v)[int(len(v) * 0.95)]),
            "ms",
            None,
        ),
    ):
        notes = f"clients in {CLIENT_PROCESSES} processes on the same {cores} processors"
        Result(
            name=name, what=what, ours=values, unit=unit, target=target, command=command, notes=notes
        ).write()


def caught_up(http: Http) -> bool:
    """Whether all that is stored is planned."""
    report = json.loads(http.ask("GET", "/v1/system")[1])
    return bool(report["planned_revision"] >= report["revision"])


if __name__ == "__main__":
    main()
