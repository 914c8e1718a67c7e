"""`make dev`: a lab of two hosts and netloomd in the foreground, to try things on. `python -m netloom.lab.dev [NAME]`.

Rule 1: what is printed can be typed in another terminal as it stands.
Rule 2: Ctrl-C ends netloomd and takes the lab down; nothing is kept.
"""

from __future__ import annotations

import shlex
import subprocess
import sys

from rich.console import Console

from netloom.base.errors import NetloomError
from netloom.lab import namespaces
from netloom.lab.lab import Lab
from netloom.lab.netloomd import Netloomd, Section, stop_signal_as_exit

NAME = "dev"
HOSTS = 2


def main() -> int:
    """Run until Ctrl-C; netloomd's exit status."""
    name = sys.argv[1] if len(sys.argv) > 1 else NAME
    console = Console(soft_wrap=True, highlight=False)
    stop_signal_as_exit()
    try:
        with Lab.up(name, hosts=HOSTS) as lab:
            sections: dict[str, Section] = {
                "log": {"level": "info"},
                "reconcile": {"refresh_interval": 10.0},
                "hypervisors.lab": {"lab": lab.name},
            }
            settings = Netloomd(lab, sections)
            with settings as daemon:  # once in the background, to declare the hosts
                daemon.add_hosts()
            _tell(console, lab, daemon)
            with namespaces.entered(lab.control_namespace):
                foreground = subprocess.Popen(
                    [sys.executable, "-m", "netloom.daemon.main", "--config", str(daemon.config)]
                )
            return _wait(foreground)
    except NetloomError as error:
        console.print(f"[red]error:[/] {error}")
        return 1


def _wait(foreground: subprocess.Popen[bytes]) -> int:
    try:
        return foreground.wait()
    except KeyboardInterrupt:  # the terminal told netloomd too
        return foreground.wait()
    finally:
        if foreground.poll() is None:
            foreground.terminate()
            foreground.wait()


def _tell(console: Console, lab: Lab, daemon: Netloomd) -> None:
    console.print(f"[bold]netloomd runs here; {len(lab.hosts)} hosts are added.[/] In another terminal:")
    words = (
        ["export", f"NETLOOM_SERVER=unix:{daemon.socket}"],
        ["netloom", "host", "list"],
        ["netloom", "network", "create", "blue", "--isolation", "geneve", "--cidr", "10.0.0.0/24"],
        _nic("web", 5),
        _nic("db", 6),
        _guest(lab, "web", "h1", 5),
        _guest(lab, "db", "h2", 6),
        ["netloom", "lab", "ping", "web", "db", "--name", lab.name],
    )
    for line in words:
        console.print("  " + shlex.join(line))
    console.print("Ctrl-C here ends it all.\n")


def _nic(name: str, last: int) -> list[str]:
    words = ["--mac", _mac(last), "--ipv4", f"10.0.0.{last}", "--identity", name]
    return ["netloom", "nic", "create", name, "--network", "blue", *words]


def _guest(lab: Lab, name: str, host: str, last: int) -> list[str]:
    words = ["--mac", _mac(last), "--ipv4", f"10.0.0.{last}/24", "--identity", name]
    return ["netloom", "lab", "guest", "add", name, "--name", lab.name, "--host", host, *words]


def _mac(last: int) -> str:
    return f"02:00:00:00:00:{last:02x}"


if __name__ == "__main__":
    sys.exit(main())
