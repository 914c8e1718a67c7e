"""The change stream: one JSON object a line, for as long as the client listens.

Rule 1: the queue to one client is bounded; a client that does not read stops its own stream, nobody else's.
Rule 2: a silent stream carries a bookmark every few seconds: proxies and both ends see that it is alive.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from netloom.aio.tasks import Group
from netloom.base.errors import InvalidInput, NetloomError
from netloom.contract.changes import MEDIA_TYPE, Change
from netloom.faces.rest import describe
from netloom.faces.rest.conditions import whole_number
from netloom.faces.rest.encode import encode_bookmark, encode_change, encode_value
from netloom.faces.rest.face import Face
from netloom.faces.rest.problems import ProblemBody, problem_of
from netloom.model import changes as model

QUEUE = 256
"""Changes on the way to one client; then its reading decides the pace."""

_END = "end"


def add(api: FastAPI, face: Face) -> None:
    """The watch."""

    async def watch(request: Request) -> Response:
        system = await face.app.system_report()
        since = whole_number(request, "since", system.revision, least=0, most=2**53)
        if since > system.revision:
            raise InvalidInput(
                f"revision {since} is not there yet", subject="since", hint=f"0 to {system.revision}"
            )
        if since < system.oldest_revision:
            raise InvalidInput(
                f"changes before revision {system.oldest_revision} are compacted",
                code="revision-compacted",
                subject="since",
                hint="list everything again and watch from the revision of the list",
            )
        return _Stream(face.app.changes(since), since, face.settings.heartbeat)

    describe.add(
        api,
        watch,
        describe.Route(
            "GET",
            "/v1/watch",
            "watch",
            "Follow changes as they become durable (newline-delimited JSON)",
            "changes",
            describe.operation(
                describe.success(
                    "Lines of `Change` and `Bookmark`; a last line of `StreamError` when the stream breaks",
                    Change,
                    media=MEDIA_TYPE,
                ),
                parameters=(
                    describe.query(
                        "since",
                        "Revision after which to start; from now when left out.",
                        {"type": "integer", "minimum": 0},
                    ),
                ),
                errors=(422,),
            ),
        ),
    )


class _Stream(Response):
    """Sends changes until the client goes."""

    media_type = MEDIA_TYPE

    def __init__(self, changes: AsyncIterator[model.Change], since: int, heartbeat: float) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._changes = changes
        self._revision = since
        self._heartbeat = heartbeat
        self._queue: asyncio.Queue[model.Change | ProblemBody | str] = asyncio.Queue(QUEUE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await _line(send, encode_bookmark(self._revision))
        async with Group() as group:
            tasks = [group.create_task(self._feed()), group.create_task(self._hang_up(receive))]
            try:
                await self._send(send)
            except OSError:  # the client is gone; uvicorn says so when something is sent to it
                pass
            finally:
                for task in tasks:
                    task.cancel()

    async def _feed(self) -> None:
        try:
            async for change in self._changes:
                await self._queue.put(change)
        except NetloomError as error:
            await self._queue.put(problem_of(error, None))
        await self._queue.put(_END)

    async def _hang_up(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        while not self._queue.empty():
            self._queue.get_nowait()
        await self._queue.put(_END)

    async def _send(self, send: Send) -> None:
        while True:
            try:
                async with asyncio.timeout(self._heartbeat):
                    item = await self._queue.get()
            except TimeoutError:
                await _line(send, encode_bookmark(self._revision))
                continue
            lines: list[bytes] = []
            ended = False
            while not ended:  # all that is there goes in one chunk
                if isinstance(item, str):
                    ended = True
                elif isinstance(item, ProblemBody):
                    lines.append(b'{"type":"error","problem":' + encode_value(item) + b"}\n")
                else:
                    lines.append(encode_change(item))
                    self._revision = item.revision
                if self._queue.empty():
                    break
                item = self._queue.get_nowait()
            if lines:
                await _line(send, b"".join(lines))
            if ended:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return


async def _line(send: Send, line: bytes) -> None:
    await send({"type": "http.response.body", "body": line, "more_body": True})
