"""What it means, in words, to break each constraint of the schema.

The use cases look before they write and give better messages; these come when something was wrong with that look, and keep
the promise anyway.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from netloom.base.errors import Conflict

_MEANINGS: Mapping[str, tuple[str, str, str]] = {
    # constraint: (code, subject, message)
    "uq_networks_physical_network_id_segment": (
        "segment-taken",
        "segment",
        "the segment is taken on this physical network",
    ),
    "uq_networks_zone_id_isolation_segment": (
        "segment-taken",
        "segment",
        "the segment is taken in this zone",
    ),
    "uq_nics_network_id_mac": ("mac-taken", "mac", "the MAC address is taken in this network"),
    "uq_nics_network_id_ipv4_offset": ("address-taken", "ipv4", "the address is taken in this network"),
    "uq_nics_network_id_ipv6": ("address-taken", "ipv6", "the address is taken in this network"),
    "uq_nics_host_id_device": ("device-taken", "attachment", "the device is another NIC's"),
    "uq_nics_identity": ("identity-taken", "identity", "the identity is another NIC's"),
    "uq_hosts_system_id": ("identity-taken", "system_id", "the system id is another host's"),
    "uq_hosts_fingerprint": ("identity-taken", "fingerprint", "the certificate is another host's"),
    "uq_hosts_zone_id_tunnel_ip": ("tunnel-ip-taken", "tunnel_ip", "the tunnel address is another host's"),
    "uq_hosts_ovsdb_bridge": ("endpoint-taken", "ovsdb", "this bridge is another host's"),
}

_COLUMNS = re.compile(r"UNIQUE constraint failed: (.+)$")


def conflict_of_constraint(name: str, text: str) -> Conflict:
    """The error for a broken constraint, by the constraint's name (PostgreSQL)."""
    meaning = _MEANINGS.get(name)
    if meaning is not None:
        code, subject, message = meaning
        return Conflict(message, code=code, subject=subject)
    if name.startswith("uq_") and name.endswith("_name"):
        return Conflict("the name is taken", code="name-taken", subject="name")
    if name.startswith("fk_") or "foreign key" in text.lower():
        return Conflict(
            "something else refers to it, or what it refers to is gone", code="in-use", hint="read it again"
        )
    return Conflict(f"the store refuses: {text}", code="conflict")


def conflict_of_columns(text: str) -> Conflict:
    """The error for a broken constraint, from SQLite's message, which names the columns."""
    found = _COLUMNS.search(text)
    if found is None:
        return conflict_of_constraint("", text)
    columns = [column.strip().partition(".") for column in found[1].split(",")]
    table = columns[0][0]
    return conflict_of_constraint(f"uq_{table}_" + "_".join(column for _, _, column in columns), text)
