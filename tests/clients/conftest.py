"""netloomd as it is installed, beside a lab, for clients that were written for CloudStack: `cloud`.

What gives services above layer 2 is the test provider that keeps rules; netloomd finds it as any installed package.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pathlib
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import httpx
import pytest
from tests.clients.stage import build
from tests.faces.cloudstack.replay.client import Client

from netloom.lab import Lab
from netloom.lab.netloomd import Netloomd

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
PROGRAMS = ROOT / ".venv" / "clients" / "bin"
COLLECTIONS = ROOT / ".venv" / "clients" / "collections"
PORT = 7660


@dataclass(frozen=True)
class RunningCloud:
    """A cloud that clients speak to.

    Attributes:
        key, secret: of the first administrator.
        ids: what the stage has made, by what it is.
    """

    lab: Lab
    netloomd: Netloomd
    key: str
    secret: str
    ids: Mapping[str, str]

    @property
    def zone(self) -> str:
        """The id of the one zone."""
        return self.ids["zone"]

    @property
    def origin(self) -> str:
        """Where netloomd is, seen from the control namespace."""
        return f"http://127.0.0.1:{PORT}"

    @property
    def url(self) -> str:
        """Where its CloudStack API is."""
        return f"{self.origin}/client/api"

    def run(
        self,
        program: str,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        seconds: float = 120.0,
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run a client where it reaches netloomd; what it said comes back."""
        command = ["ip", "netns", "exec", self.lab.control_namespace, str(PROGRAMS / program), *arguments]
        done = subprocess.run(
            command,
            cwd=self.netloomd.directory,
            env={
                "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
                "HOME": str(self.netloomd.directory),
                "LC_ALL": "C.UTF-8",
                "CLOUDSTACK_ENDPOINT": self.url,
                "CLOUDSTACK_KEY": self.key,
                "CLOUDSTACK_SECRET": self.secret,
                **(environment or {}),
            },
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert not check or done.returncode == 0, f"{program} {arguments}: {done.stdout}\n{done.stderr}"
        return done


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(Lab.up(hosts=2))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONPATH", f"{HERE / 'plugin'}:{ROOT}")
            settings = {"api": {"listen": f"127.0.0.1:{PORT}"}, "hypervisors.lab": {"lab": lab.name}}
            netloomd = stack.enter_context(Netloomd(lab, settings))
        netloomd.add_hosts()
        netloomd.await_in_sync()
        key, secret, ids = asyncio.run(stage(netloomd))
        yield RunningCloud(lab, netloomd, key, secret, ids)


async def stage(netloomd: Netloomd) -> tuple[str, str, Mapping[str, str]]:
    """Have keys and what operators set up before tenants come; through the door that only root can open."""
    transport = httpx.AsyncHTTPTransport(uds=str(netloomd.socket))
    async with httpx.AsyncClient(transport=transport, base_url="http://netloom", timeout=30) as http:
        root = Client(http)
        users = await root.result("listUsers", username="admin")
        keys = await root.result("registerUserKeys", id=users["user"][0]["id"])
        found = keys["userkeys"]
        return found["apikey"], found["secretkey"], await build(root)
