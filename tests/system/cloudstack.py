"""CloudStack's API of a running netloomd, asked over its Unix socket, where whoever asks is root."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import httpx
from tests.system.cloud import Cloud

from netloom.lab import wait


class Refused(Exception):
    """The API refused a call; `code` is its HTTP status or the job's."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


class CloudStack:
    """Calls, with their jobs waited for."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def call(self, command: str, **params: object) -> dict[str, Any]:
        """What a command answers, or what its job comes to."""
        content = self._ask(command, params)
        return self.ended(content["jobid"]) if "jobid" in content else content

    def begin(self, command: str, **params: object) -> str:
        """Have a job begun; its id."""
        return str(self._ask(command, params)["jobid"])

    def ended(self, job_id: str) -> dict[str, Any]:
        """What a job comes to."""
        ended: list[dict[str, Any]] = []

        def over() -> bool:
            job = self._ask("queryAsyncJobResult", {"jobid": job_id})
            if job["jobstatus"]:
                ended.append(job)
            return bool(ended)

        wait.until(over, f"the job {job_id} has ended", seconds=30, step=0.02)
        (job,) = ended
        if job["jobstatus"] == 2:
            raise Refused(job["jobresult"]["errortext"], job["jobresult"]["errorcode"])
        return job["jobresult"]

    def all(self, command: str, key: str, **params: object) -> list[dict[str, Any]]:
        """The objects of a list."""
        return self.call(command, listall="true", **params).get(key, [])

    def _ask(self, command: str, params: dict[str, object]) -> dict[str, Any]:
        words = {name: str(value) for name, value in params.items()}
        answer = self._http.get("/client/api", params={"command": command, "response": "json", **words})
        (content,) = answer.json().values()
        if answer.status_code != 200:
            raise Refused(content["errortext"], answer.status_code)
        return content


@contextlib.contextmanager
def cloudstack(cloud: Cloud) -> Iterator[CloudStack]:
    """The API for the length of a block."""
    transport = httpx.HTTPTransport(uds=str(cloud.netloomd.socket))
    with httpx.Client(transport=transport, base_url="http://netloom", timeout=30.0) as http:
        yield CloudStack(http)
