"""The few OVSDB transactions (RFC 7047) by which a lab plays the hypervisor: bridges made, interfaces plugged.

Rule 1: like libvirt and XAPI do it: rows of ports and their `external_ids`, nothing else; what netloom owns is left alone.
Rule 2: waiting is the server's (`wait` operations), not a loop of ours.
"""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence

from netloom.lab.errors import LabError
from netloom.lab.jsonrpc import Json, JsonRpc

SCHEMA = pathlib.Path("/usr/share/openvswitch/vswitch.ovsschema")


def mapping(content: Mapping[str, str]) -> Json:
    """The wire form of a map column."""
    return ["map", [[key, value] for key, value in content.items()]]


def transact(
    path: pathlib.Path, operations: Sequence[dict[str, Json]], timeout: float = 30.0
) -> list[dict[str, Json]]:
    """Run one transaction; the results of its operations.

    Raises:
        LabError: the server refused an operation, or does not answer.
    """
    with JsonRpc(path, timeout) as server:
        results = server.call("transact", "Open_vSwitch", *operations)
    if not isinstance(results, list):
        raise LabError(f"unexpected answer: {results!r}", subject=str(path))
    answers: list[dict[str, Json]] = []
    for result in results:
        if isinstance(result, dict):
            if "error" in result:
                raise LabError(f"{result['error']}: {result.get('details', '')}", subject=str(path))
            answers.append(result)
    return answers


def rows(result: dict[str, Json]) -> list[dict[str, Json]]:
    """The rows of a `select`'s result."""
    found = result.get("rows")
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def uuid_of(value: Json) -> str:
    """The text of a `["uuid", "…"]`."""
    if isinstance(value, list) and len(value) == 2 and isinstance(value[1], str):
        return value[1]
    raise LabError(f"not a UUID: {value!r}")


@dataclasses.dataclass(frozen=True)
class NewHost:
    """What a new host's database is made of. `mtu` is the underlay's; `underlay` its bridge, `uplink` that bridge's wire."""

    system_id: str
    hostname: str
    underlay: str
    uplink: str
    uplink_mac: str
    mtu: int
    datapath: str = "netdev"
    """Bridge.datapath_type: `netdev` (userspace) or `system` (the kernel's)."""


def initial(host: NewHost, schema_version: str) -> list[dict[str, Json]]:
    """A new host's database: br-int (secure) waits to be managed, the underlay bridge holds the wire."""
    integration: dict[str, Json] = {"name": "br-int", "fail_mode": "secure", "ports": ["named-uuid", "p0"]}
    underlay: dict[str, Json] = {
        "name": host.underlay,
        "fail_mode": "standalone",  # an ordinary learning switch, also after its daemon was restarted
        "ports": ["set", [["named-uuid", "p1"], ["named-uuid", "p2"]]],
        "other_config": mapping({"hwaddr": host.uplink_mac}),
    }
    root: dict[str, Json] = {
        "bridges": ["set", [["named-uuid", "b0"], ["named-uuid", "b1"]]],
        "external_ids": mapping({"system-id": host.system_id, "hostname": host.hostname}),
        # A lab has many hosts on few cores: one thread of each kind per host.
        "other_config": mapping({"n-handler-threads": "1", "n-revalidator-threads": "1"}),
        "db_version": schema_version,
        "system_type": "netloom-lab",
    }
    interfaces: list[dict[str, Json]] = [
        {"name": "br-int", "type": "internal"},
        {"name": host.underlay, "type": "internal", "mtu_request": host.mtu},
        {"name": host.uplink, "type": ""},
    ]
    operations: list[dict[str, Json]] = []
    for index, row in enumerate(interfaces):
        port: dict[str, Json] = {"name": row["name"], "interfaces": ["named-uuid", f"i{index}"]}
        operations.append({"op": "insert", "table": "Interface", "uuid-name": f"i{index}", "row": row})
        operations.append({"op": "insert", "table": "Port", "uuid-name": f"p{index}", "row": port})
    for index, row in enumerate((integration, underlay)):
        bridge: dict[str, Json] = {**row, "datapath_type": host.datapath}
        operations.append({"op": "insert", "table": "Bridge", "uuid-name": f"b{index}", "row": bridge})
    return [*operations, {"op": "insert", "table": "Open_vSwitch", "row": root}]


def set_version(version: str) -> dict[str, Json]:
    """The operation that says which Open vSwitch it is."""
    return {"op": "update", "table": "Open_vSwitch", "where": [], "row": {"ovs_version": version}}


def select_port(name: str) -> dict[str, Json]:
    """The operation that finds a port's row."""
    return {"op": "select", "table": "Port", "where": [["name", "==", name]], "columns": ["_uuid"]}


def add_port(
    bridge: str, name: str, external_ids: Mapping[str, str], index: int = 0
) -> list[dict[str, Json]]:
    """Operations that add an existing interface as a port of a bridge. `index` keeps several in one transaction apart."""
    interface: dict[str, Json] = {"name": name, "type": "", "external_ids": mapping(external_ids)}
    port: dict[str, Json] = {"name": name, "interfaces": ["named-uuid", f"i{index}"]}
    return [
        {"op": "insert", "table": "Interface", "uuid-name": f"i{index}", "row": interface},
        {"op": "insert", "table": "Port", "uuid-name": f"p{index}", "row": port},
        {
            "op": "mutate",
            "table": "Bridge",
            "where": [["name", "==", bridge]],
            "mutations": [["ports", "insert", ["named-uuid", f"p{index}"]]],
        },
    ]


def await_ofport(name: str, milliseconds: int = 10_000) -> list[dict[str, Json]]:
    """Operations that wait until ovs-vswitchd took (or refused) an interface, and tell its OpenFlow port and error."""
    where: Json = [["name", "==", name]]
    unset: Json = [{"ofport": ["set", []]}]
    return [
        {
            "op": "wait",
            "table": "Interface",
            "timeout": milliseconds,
            "where": where,
            "columns": ["ofport"],
            "until": "!=",
            "rows": unset,
        },
        {"op": "select", "table": "Interface", "where": where, "columns": ["name", "ofport", "error"]},
    ]


def ofport_of(row: dict[str, Json]) -> int:
    """The OpenFlow port of a row that `await_ofport` selected.

    Raises:
        LabError: ovs-vswitchd could not take the interface.
    """
    number = row.get("ofport")
    if not isinstance(number, int) or number < 0:
        raise LabError(
            f"ovs-vswitchd refused the interface: {row.get('error')}", subject=str(row.get("name"))
        )
    return number
