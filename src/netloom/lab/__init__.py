"""Test hosts on one machine: real Open vSwitch, real packets, network namespaces instead of computers.

Rule 1: everything a lab makes lives in its own namespaces and its own directory; the machine's interfaces stay untouched.
Rule 2: what is about to be made is on disk before it is made, so that a lab whose owner died can be taken down completely.
"""

from netloom.lab.errors import LabError
from netloom.lab.guest import Guest
from netloom.lab.host import Host
from netloom.lab.lab import GuestPlan, Lab
from netloom.lab.ping import Flood, PingResult

__all__ = ["Flood", "Guest", "GuestPlan", "Host", "Lab", "LabError", "PingResult"]
