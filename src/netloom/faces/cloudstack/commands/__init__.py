"""What netloom does for each of CloudStack's commands, a file per area; the list of all of them.

Rule 1: a command translates: parameters to a use case's request, records to what answers look like. It decides nothing.
Rule 2: what a command is called, takes and answers is the table's to say (`table`), not the command's.
"""

from __future__ import annotations

from typing import Final

from netloom.faces.cloudstack.command import Command
from netloom.faces.cloudstack.commands import (
    acl,
    addresses,
    appliances,
    identity,
    infrastructure,
    infrastructure_elements,
    infrastructure_hosts,
    infrastructure_pods,
    infrastructure_ranges,
    infrastructure_wires,
    instances,
    jobs,
    networks,
    offerings,
    offerings_service,
    rules,
    security_groups,
    system,
    tags,
    usage,
    vpc,
    vpn,
)

AREAS: Final[dict[str, tuple[Command, ...]]] = {
    "identity": identity.COMMANDS,
    "infrastructure": (
        *infrastructure.COMMANDS,
        *infrastructure_hosts.COMMANDS,
        *infrastructure_wires.COMMANDS,
        *infrastructure_elements.COMMANDS,
        *infrastructure_ranges.COMMANDS,
        *infrastructure_pods.COMMANDS,
    ),
    "offerings": (*offerings.COMMANDS, *offerings_service.COMMANDS),
    "networks": networks.COMMANDS,
    "instances": instances.COMMANDS,
    "addresses": addresses.COMMANDS,
    "rules": rules.COMMANDS,
    "vpc": vpc.COMMANDS,
    "access control lists": acl.COMMANDS,
    "vpn": vpn.COMMANDS,
    "security groups": security_groups.COMMANDS,
    "jobs and events": jobs.COMMANDS,
    "tags": tags.COMMANDS,
    "usage": usage.COMMANDS,
    "appliances": appliances.COMMANDS,
    "system": system.COMMANDS,
}
"""The commands by area, in the order of the documentation."""

COMMANDS: Final = tuple(command for commands in AREAS.values() for command in commands)
