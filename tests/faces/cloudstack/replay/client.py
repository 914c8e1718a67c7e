"""A CloudStack client of a few lines, for tests: signs, sends, follows jobs to their end."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import quote

import httpx

from netloom.faces.cloudstack.protocol.signature import sign


class Client:
    """Calls one server; without a key, unsigned (for doors that only root can open)."""

    def __init__(self, http: httpx.AsyncClient, key: str = "", secret: str = "") -> None:
        self._http = http
        self.key = key
        self._secret = secret

    def signing(self, key: str, secret: str) -> Client:
        """A client of the same server with other keys."""
        return Client(self._http, key, secret)

    async def call(self, command: str, **params: str) -> tuple[int, dict[str, Any]]:
        """Status and whole body."""
        return await self.send({"command": command, **params})

    async def send(self, params: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The same for parameters with odd names."""
        sent = {**params, "response": "json"}
        if self.key:
            sent["apiKey"] = self.key
            sent["signature"] = sign(self._secret, sent.items())
        form = "&".join(f"{quote(name, safe='[].')}={quote(value, safe='')}" for name, value in sent.items())
        answer = await self._http.post(
            "/client/api", content=form, headers={"content-type": "application/x-www-form-urlencoded"}
        )
        body: dict[str, Any] = answer.json()
        return answer.status_code, body

    async def ended(self, job_id: str, seconds: float = 60.0) -> dict[str, Any]:
        """A job's last answer."""
        until = time.monotonic() + seconds
        while True:
            _, body = await self.call("queryAsyncJobResult", jobid=job_id)
            job: dict[str, Any] = next(iter(body.values()))
            if job.get("jobstatus") != 0 or time.monotonic() > until:
                return job
            await asyncio.sleep(0.05)

    async def result(self, command: str, **params: str) -> dict[str, Any]:
        """The content of a successful answer, of the job's result if there is one.

        Raises:
            AssertionError: it was refused or failed.
        """
        status, body = await self.call(command, **params)
        content: dict[str, Any] = next(iter(body.values()))
        assert status == 200, f"{command} {params}: {content}"
        if "jobid" in content and set(content) <= {"id", "jobid"}:
            job = await self.ended(content["jobid"])
            assert job["jobstatus"] == 1, f"{command} {params}: {job}"
            result: dict[str, Any] = job["jobresult"]
            return result
        return content
