"""Simulated hosts by the hundred, for measuring a controller against a cloud that no single machine can hold.

Each has a real ovsdb-server; the part of ovs-vswitchd is played, many hosts to a process: flow tables are dictionaries of
bytes, ports get numbers, no packet is ever forwarded.
Rule 1: they run in other processes and speak the real protocols over Unix sockets: the controller cannot tell.
Rule 2: they judge nothing and are cheap: what they cost is not the controller's to answer for.
"""

from netloom.lab.fleet.fleet import Fleet, FleetHost, FleetPort

__all__ = ["Fleet", "FleetHost", "FleetPort"]
