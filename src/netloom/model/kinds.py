"""The kinds of objects that users declare, and the words for them."""

from __future__ import annotations

import enum


class Kind(enum.Enum):
    """A kind; its value stands after `kind:` in documents. The order is the order in which they depend on each other."""

    ZONE = "Zone"
    PHYSICAL_NETWORK = "PhysicalNetwork"
    HOST = "Host"
    NETWORK = "Network"
    NIC = "Nic"

    @property
    def word(self) -> str:
        """The kind in a subject or a field: `physical_network`, as in `physical_network/default`."""
        return _WORDS[self]

    @property
    def title(self) -> str:
        """The kind in a sentence: `physical network`."""
        return "NIC" if self is Kind.NIC else _WORDS[self].replace("_", " ")

    @property
    def plural(self) -> str:
        """The kind in a route: `physical-networks`."""
        return _WORDS[self].replace("_", "-") + "s"


class Cause(enum.Enum):
    """What causes flows and is no declared object: records of the cloud that the planner is told of."""

    SECURITY_GROUP = "SecurityGroup"

    @property
    def word(self) -> str:
        """The cause in a subject: `security_group`, as in `security_group/web`."""
        return self.name.lower()

    @property
    def title(self) -> str:
        """The cause in a sentence: `security group`."""
        return self.word.replace("_", " ")


_WORDS = {
    Kind.ZONE: "zone",
    Kind.PHYSICAL_NETWORK: "physical_network",
    Kind.HOST: "host",
    Kind.NETWORK: "network",
    Kind.NIC: "nic",
}
