"""What the cloud's demo plays on: two hosts of an ordinary zone, two of a basic one, all on a LAN, and netloomd beside them.

Rule 1: machines are the lab's guests, but netloomd makes, moves and removes them; here they are only looked for.
"""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import uuid
from collections.abc import Iterator, Mapping

from netloom.base.errors import NetloomError
from netloom.client import calls, cloud
from netloom.client.cloud import Json
from netloom.client.sync import SyncClient
from netloom.contract.cloud import RecordKind, record_kinds
from netloom.contract.documents import Applied
from netloom.contract.hosts import HostSpec, UplinkSpec
from netloom.contract.kinds import HOST, PHYSICAL_NETWORK
from netloom.contract.physical_networks import PhysicalNetworkSpec
from netloom.lab import wait
from netloom.lab.errors import LabError
from netloom.lab.guest import Guest
from netloom.lab.lab import Lab
from netloom.lab.netloomd import Netloomd, Section

BASIC_ZONE = "basic"
ZONES = ("default", "default", BASIC_ZONE, BASIC_ZONE)
"""Of the hosts h1, h2, h3, h4."""
WIRES = {"default": "office", BASIC_ZONE: "basic"}
"""The physical network of each zone that is on the LAN."""
LAN_PORT = "eth1"
JOB_SECONDS = 60.0


@dataclasses.dataclass(frozen=True)
class CloudScene:
    """The stage. `examples`: where the files are."""

    lab: Lab
    netloomd: Netloomd
    examples: pathlib.Path

    @property
    def client(self) -> SyncClient:
        """The operator's."""
        return self.netloomd.client

    def kind(self, noun: str) -> RecordKind:
        """A kind of the cloud."""
        return next(kind for kind in record_kinds() if kind.noun == noun)

    def apply(self, file: str) -> Applied:
        """Apply an example."""
        return self.client.send(calls.apply((self.examples / file).read_bytes()))

    def every(self, noun: str, client: SyncClient | None = None, **filters: str) -> list[Json]:
        """The things of a kind, as the operator or another sees them."""
        return (client or self.client).send(cloud.page(self.kind(noun), filters, limit=500)).items

    def named(self, noun: str, name: str, **filters: str) -> Json:
        """One of them.

        Raises:
            LabError: there is not exactly one.
        """
        found = self.every(noun, None, name=name, **filters)
        if len(found) != 1:
            raise LabError(f"{len(found)} {noun}s are called {name}")
        return found[0]

    def act(self, noun: str, verb: str, ref: str | None, values: Mapping[str, object]) -> Json:
        """Do an action and wait for its job.

        Raises:
            LabError: the job failed, or did not end.
        """
        action = self.kind(noun).action(verb)
        if action is None:
            raise LabError(f"{noun} has no {verb}")
        done = self.client.send(cloud.act(action, ref, values, key=str(uuid.uuid4()), wait=JOB_SECONDS))
        status = done["status"]
        if status["phase"] != "Done":
            raise LabError(f"{verb} {noun}: {status['phase']}: {status.get('reason')}")
        return done

    def nic_of(self, instance: str) -> Json:
        """The first interface of a machine."""
        return self.every("instance-nic", instance=self.named("instance", instance)["id"])[0]

    def guest(self, instance: str) -> Guest:
        """The lab's guest that a machine is.

        Raises:
            LabError: it does not run.
        """
        mac = self.nic_of(instance)["mac"]
        for guest in self.lab.guests.values():
            if guest.mac == mac:
                return guest
        raise LabError(f"no guest has the MAC address of {instance} ({mac})")

    def await_reach(self, source: str, target: str) -> None:
        """Wait until one machine reaches another: from then on a loss is a loss."""
        left, right = self.guest(source), self.guest(target)
        wait.until(
            lambda: left.ping(right, count=1, patience=0.2).all_answered,
            f"{source} reaches {target}",
            seconds=20,
        )

    def as_user(self, user: str) -> SyncClient:
        """A client with new keys of a user."""
        action = self.kind("api-key").action("create")
        if action is None:
            raise LabError("keys cannot be made")
        keys = self.client.send(cloud.act(action, None, {"user": user}, key=str(uuid.uuid4())))
        return SyncClient(f"unix:{self.netloomd.socket}", token=f"{keys['key']}:{keys['secret']}")


@contextlib.contextmanager
def stage(examples: pathlib.Path, name: str | None = None) -> Iterator[CloudScene]:
    """Build everything; take it down whatever happens.

    Raises:
        LabError: something does not come up.
    """
    with Lab.up(name, hosts=len(ZONES), lan=True) as lab:
        settings: dict[str, Section] = {
            "hypervisors.lab": {"lab": lab.name},
            "log": {"level": "info", "format": "json"},
        }
        with Netloomd(lab, settings) as netloomd:
            scene = CloudScene(lab, netloomd, examples)
            _prepare(scene)
            yield scene


def _prepare(scene: CloudScene) -> None:
    """What an operator does before the files: a zone, wires, and hosts on them."""
    scene.act("cloud-zone", "create", None, {"name": BASIC_ZONE, "type": "Basic", "security_groups": True})
    segments = {"default": ("100-199",), BASIC_ZONE: ("2-99",)}
    for zone, wires in WIRES.items():
        spec = PhysicalNetworkSpec(name=wires, zone=zone, isolations=("vlan",), segments=segments[zone])
        scene.client.send(calls.create(PHYSICAL_NETWORK, spec, key=f"demo-{wires}"))
    for zone, host in zip(ZONES, scene.lab.hosts.values(), strict=True):
        spec_ = HostSpec(
            name=host.name,
            zone=zone,
            ovsdb=host.ovsdb,
            openflow=host.openflow,
            tunnel_ip=str(host.tunnel_ip),
            uplinks=(UplinkSpec(physical_network=WIRES[zone], port=LAN_PORT),),
        )
        scene.client.send(calls.create(HOST, spec_, key=f"demo-{host.name}"))
    scene.netloomd.await_in_sync()


def refused(scene: CloudScene, file: str) -> NetloomError | None:
    """How an example is refused; None: it is not."""
    try:
        scene.apply(file)
    except NetloomError as error:
        return error
    return None
