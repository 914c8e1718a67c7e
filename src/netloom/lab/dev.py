"""`make dev`: a lab of two hosts and netloomd in the foreground, to try things on. `python -m netloom.lab.dev`.

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
from netloom.lab.netloomd import Netloomd, stop_signal_as_exit

NAME = "dev"
HOSTS = 2


def main() -> int:
    """Run until Ctrl-C; netloomd's exit status."""
    console = Console(soft_wrap=True, highlight=False)
    stop_signal_as_exit()
    try:
        with Lab.up(NAME, hosts=HOSTS) as lab:
            settings = Netloomd(lab, {"log": {"level": "info"}, "reconcile": {"refresh_interval": 10.0}})
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
        [
            "netloom",
            "nic",
            "create",
            "web",
            "--network",
            "blue",
            "--ipv4",
            "10.0.0.5",
            "--mac",
            "02:00:00:00:00:05",
        ],
        [
            "netloom",
            "nic",
            "create",
            "db",
            "--network",
            "blue",
            "--ipv4",
            "10.0.0.6",
            "--mac",
            "02:00:00:00:00:06",
        ],
        _guest("web", "h1", "05"),
        _guest("db", "h2", "06"),
        ["netloom", "nic", "attach", "web", "h1", "v-web"],
        ["netloom", "nic", "attach", "db", "h2", "v-db"],
        ["netloom", "lab", "ping", "web", "db", "--name", NAME],
    )
    for line in words:
        console.print("  " + shlex.join(line))
    console.print("Ctrl-C here ends it all.\n")


def _guest(name: str, host: str, last: str) -> list[str]:
    mac, ipv4 = f"02:00:00:00:00:{last}", f"10.0.0.{int(last)}/24"
    return [
        *("netloom", "lab", "guest", "add", name, "--host", host, "--name", NAME),
        *("--mac", mac, "--ipv4", ipv4),
    ]


if __name__ == "__main__":
    sys.exit(main())
