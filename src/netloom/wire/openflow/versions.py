"""The versions of OpenFlow that we speak and the experimenters that we know, by their numbers on the wire.

Rule 1: a version is its wire byte everywhere: 4 is OpenFlow 1.3.
Rule 2: 1.0 to 1.2 are named, for reading a peer's hello, and never spoken.
"""

from __future__ import annotations

OF13, OF14, OF15 = 4, 5, 6
VERSIONS: tuple[int, ...] = (OF13, OF14, OF15)
VERSION_NAMES = {
    1: "OpenFlow10",
    2: "OpenFlow11",
    3: "OpenFlow12",
    OF13: "OpenFlow13",
    OF14: "OpenFlow14",
    OF15: "OpenFlow15",
}

NX_VENDOR = 0x00002320  # Nicira, and Open vSwitch after it
ONF_VENDOR = 0x4F4E4600  # the Open Networking Foundation's extensions to 1.3
NTR_VENDOR = 0x0000154D  # Netronome: the selection method of select groups
