"""The cloud's claims, in the order in which they are played: later ones rest on what earlier ones made."""

from __future__ import annotations

import contextlib
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from netloom.base.errors import NotFound
from netloom.client import cloud
from netloom.lab import frames, wait
from netloom.lab.demo.claims import NotHeld
from netloom.lab.demo_cloud.scene import CloudScene, refused
from netloom.lab.frames import Filter
from netloom.lab.guest import Guest

PACKETS: Final = 50
TENANTS: Final = ("alice", "bob", "carol")
VLAN: Final = 100
DATABASE: Final = 5432
OTHER: Final = 22

_SERVE: Final = """
import socket, sys
server = socket.create_server(("0.0.0.0", int(sys.argv[1])))
print("ready", flush=True)
while True:
    server.accept()[0].close()
"""
_CONNECT: Final = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 0.4).close()"

Claim = Callable[[CloudScene], str]


def _need(condition: bool, measured: str) -> None:
    if not condition:
        raise NotHeld(measured)


def made_by_a_file(scene: CloudScene) -> str:
    """One file makes accounts, networks and machines; applied again it changes nothing."""
    began = time.monotonic()
    first = scene.apply("three-tenants.yaml")
    seconds = time.monotonic() - began
    again = scene.apply("three-tenants.yaml")
    running = f"{len(scene.lab.guests)} machines run"
    told = f"{first.created} things in {seconds:.1f} s, {running}; again: {again.unchanged} unchanged"
    _need(first.created == len(first.items) and again.unchanged == len(again.items), told)
    _need(len(scene.lab.guests) == 2 * len(TENANTS), told)
    return told


def reach(scene: CloudScene) -> str:
    """The two machines of each tenant reach each other."""
    return _pings(scene, [(f"{tenant}-1", f"{tenant}-2") for tenant in TENANTS])


def isolation(scene: CloudScene) -> str:
    """Tenants with the same addresses never see each other's packets."""
    arrived = leaked = 0
    for tenant in TENANTS:
        left, right = scene.guest(f"{tenant}-1"), scene.guest(f"{tenant}-2")
        strangers = [scene.guest(f"{other}-{n}") for other in TENANTS if other != tenant for n in (1, 2)]
        mark = secrets.token_hex(16).encode()
        with contextlib.ExitStack() as stack:
            own = stack.enter_context(right.sniff(Filter(containing=mark, icmp_type=8)))
            others = [stack.enter_context(each.sniff(Filter(containing=mark))) for each in strangers]
            left.send(*[_echo(left, right, mark)] * PACKETS)
            own.wait(PACKETS)
        arrived += len(own.frames)
        leaked += sum(len(sniffer.frames) for sniffer in others)
    strange = 2 * len(TENANTS) - 2
    told = f"{arrived} of {PACKETS * len(TENANTS)} arrived at the right machine, {leaked} at the {strange} others"
    _need(arrived == PACKETS * len(TENANTS) and leaked == 0, told)
    return told


def own_things_only(scene: CloudScene) -> str:
    """A tenant's keys show what is the tenant's; another's network is not there."""
    theirs = scene.every("guest-network", account="bob", domain="tenants")[0]
    with scene.as_user("alice") as alice:
        seen = {noun: scene.every(noun, alice) for noun in ("guest-network", "instance", "instance-nic")}
        owners = {each["account"] for items in seen.values() for each in items}
        counts = ", ".join(f"{len(items)} {noun}s" for noun, items in seen.items())
        _need(owners == {"alice"}, f"{counts} of {sorted(owners)}")
        try:
            alice.send(cloud.get(scene.kind("guest-network"), theirs["id"]))
        except NotFound as error:
            return f"{counts}, all hers; bob's network by its id: {error.stable_code}"
    raise NotHeld("alice reads bob's network")


def moves(scene: CloudScene) -> str:
    """A machine moves to another host and keeps its addresses and its company."""
    before = scene.named("instance", "alice-1")
    other = _other(scene.guest("alice-1").host.name)
    source, target = scene.guest("alice-2"), scene.guest("alice-1")
    with source.flood(target) as flood:
        moved = scene.act("instance", "migrate", before["id"], {"host": other})
        scene.await_reach("alice-2", "alice-1")
        result = flood.stop()
    told = f"to {scene.guest('alice-1').host.name}; {result.lost} of {result.sent} pings lost on the way"
    _need(scene.guest("alice-1").host.name == other and moved["state"] == "Running", told)
    return told


def flat(scene: CloudScene) -> str:
    """Machines of different accounts share a VLAN of the LAN; its tag is on the wire."""
    scene.apply("flat-shared.yaml")
    left = scene.guest("flat-1")
    if scene.guest("flat-2").host.name == left.host.name:  # on one host there would be no wire between them
        machine = scene.named("instance", "flat-2")
        scene.act("instance", "migrate", machine["id"], {"host": _other(left.host.name)})
    scene.await_reach("flat-1", "flat-2")
    with scene.lab.sniff_lan(left.host.name, Filter(source_ip=str(left.ipv4))) as wire:
        told = _pings(scene, [("flat-1", "flat-2")])
        wire.wait(1)
    tags = sorted({str(frame.vlan) for frame in wire.frames})
    told += f"; tag on the wire: {', '.join(tags)}"
    _need(tags == [str(VLAN)], told)
    return told


def basic_zone(scene: CloudScene) -> str:
    """A basic zone is one network for all; a port is open to the group that a rule names, and to nobody else."""
    first = scene.apply("basic-zone-security-groups.yaml")
    again = scene.apply("basic-zone-security-groups.yaml")
    _need(
        again.unchanged == len(again.items),
        f"applied again: {again.updated} updated, {again.created} created",
    )
    scene.netloomd.await_in_sync()
    store, front, stranger = (scene.guest(name) for name in ("store", "front", "stranger"))
    address = str(store.ipv4)
    with _listening(store, DATABASE), _listening(store, OTHER):
        wait.until(lambda: _opens(front, address, DATABASE), "web reaches the database", seconds=20)
        let_in = {
            "web to db:5432": _opens(front, address, DATABASE),
            "web to db:22": _opens(front, address, OTHER),
            "a stranger to db:5432": _opens(stranger, address, DATABASE),
        }
    told = f"{first.created} things; " + ", ".join(
        f"{way} {'open' if on else 'closed'}" for way, on in let_in.items()
    )
    _need(list(let_in.values()) == [True, False, False], told)
    return told


def vpc(scene: CloudScene) -> str:
    """A VPC needs a router: until a provider of one is installed it is refused whole, and by name."""
    before = len(scene.every("guest-network"))
    error = refused(scene, "vpc-three-tiers.yaml")
    if error is None:
        raise NotHeld("the file was applied although nobody routes")
    left = len(scene.every("vpc")) + len(scene.every("guest-network")) - before
    told = f"{error.stable_code}, {left} things made; missing: VpcVirtualRouter"
    _need(left == 0 and "VpcVirtualRouter" in str(error), f"{told} ({error})")
    return told


def goes_on(scene: CloudScene) -> str:
    """A job that a killed netloomd leaves open is done after its restart."""
    machine = scene.named("instance", "carol-1")
    stop = scene.kind("instance").action("stop")
    _need(stop is not None, "machines cannot be stopped")
    if stop is None:
        return ""
    begun = scene.client.send(cloud.act(stop, machine["id"], {}, key=secrets.token_hex(8)))
    scene.netloomd.kill()
    scene.netloomd.start()
    job = begun["status"]["job_id"]

    def ended() -> bool:
        found = scene.client.send(cloud.get(scene.kind("job"), job))
        _need(found["state"] != "Failed", f"the job failed: {found['error_text']} [{found['error_code']}]")
        return bool(found["state"] == "Succeeded")

    wait.until(ended, "the job has ended", seconds=30)
    state = scene.named("instance", "carol-1")["state"]
    scene.netloomd.await_in_sync()
    told = f"stop of carol-1 asked for, netloomd killed -9: {state} after the restart"
    _need(state == "Stopped", told)
    return f"{told}; {_pings(scene, [('bob-1', 'bob-2')])} of others"


def nothing_is_left(scene: CloudScene) -> str:
    """Machines and networks that are deleted leave nothing behind."""
    machines = scene.every("instance")
    for machine in machines:
        scene.act("instance", "delete", machine["id"], {"expunge": True})
    networks = scene.every("guest-network")
    for network in networks:
        scene.act("guest-network", "delete", network["id"], {})
    scene.netloomd.await_in_sync()
    left = {noun: len(scene.every(noun)) for noun in ("instance", "instance-nic", "guest-network")}
    gone = f"{len(machines)} machines and {len(networks)} networks deleted"
    told = f"{gone}; left: {sum(left.values())}, {len(scene.lab.guests)} guests"
    _need(not any(left.values()) and not scene.lab.guests, told)
    return told


def _other(host: str) -> str:
    """The other host of the zone that has two."""
    return "h2" if host == "h1" else "h1"


def _pings(scene: CloudScene, pairs: Sequence[tuple[str, str]]) -> str:
    sent = received = 0
    for source, target in pairs:
        scene.await_reach(source, target)
        result = scene.guest(source).ping(scene.guest(target), count=PACKETS, interval=0.005)
        sent, received = sent + result.sent, received + result.received
    told = f"{received} of {sent} pings answered"
    _need(sent > 0 and sent == received, told)
    return told


@contextlib.contextmanager
def _listening(guest: Guest, port: int) -> Iterator[None]:
    """A TCP server in a guest."""
    server = guest.popen([sys.executable, "-c", _SERVE, str(port)])
    try:
        if server.stdout is None or not server.stdout.readline():
            raise NotHeld(f"no server in {guest.name}")
        yield
    finally:
        server.kill()
        server.wait()


def _opens(guest: Guest, address: str, port: int) -> bool:
    """Whether a TCP connection can be had."""
    return guest.exec([sys.executable, "-c", _CONNECT, address, str(port)], check=False).returncode == 0


def _echo(source: Guest, target: Guest, mark: bytes) -> bytes:
    packet = frames.icmp_echo(str(source.ipv4), str(target.ipv4), data=mark)
    return frames.ethernet(target.mac, source.mac, frames.ETH_IPV4, packet)


CLAIMS: Final[tuple[tuple[str, Claim], ...]] = (
    ("One file makes three tenants with networks and machines; again it changes nothing", made_by_a_file),
    ("Machines of a tenant reach each other", reach),
    ("Tenants with the same addresses never see each other's packets", isolation),
    ("A tenant's keys show what is the tenant's, and nothing else", own_things_only),
    ("A machine moves to another host", moves),
    ("A flat network: machines of several accounts on one VLAN of the LAN", flat),
    ("A basic zone: one network for all, a port open to one security group", basic_zone),
    ("A VPC is refused, whole and by name, while nobody routes", vpc),
    ("A job cut off by kill -9 goes on after the restart", goes_on),
    ("What is deleted leaves nothing behind", nothing_is_left),
)
