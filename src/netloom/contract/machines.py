"""Machines that no instance stands for, as the API tells them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from netloom.contract.fields import Answer, Id


class MachineNic(Answer):
    """An interface of such a machine."""

    mac: str
    identity: Annotated[str | None, Field(description="What its port says already (`iface-id`).")] = None
    addresses: tuple[str, ...] = ()


class Machine(Answer):
    """A machine that a hypervisor has, and that can be taken over (`POST /v1/instances/import`)."""

    name: Annotated[str, Field(description="What the hypervisor calls it.")]
    hypervisor: str
    host: str
    host_id: Id
    running: bool
    cpu_number: int
    memory: Annotated[int, Field(description="MiB.")]
    nics: tuple[MachineNic, ...]


class Machines(Answer):
    """All of them."""

    items: tuple[Machine, ...]
