"""What CloudStack's answers say of tenants' networks.

Rule 1: a network that is Allocated shows no VLAN and no broadcast URI: CloudStack's have none before they are implemented.
Rule 2: what a service can do is its provider's to say; what the offering chose stands over it. The gateway is not shown.
"""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Mapping, Sequence
from typing import Final

from netloom.app.cloud.infrastructure import zone_facet
from netloom.faces.cloudstack.see import Row, See
from netloom.model.cloud.acl import AclList
from netloom.model.cloud.identity import Account, AccountType, Domain, Project, shown_path
from netloom.model.cloud.infrastructure import ZoneFacet
from netloom.model.cloud.networks import AclType, GuestNetwork, NetworkPermission
from netloom.model.cloud.offerings import (
    GuestType,
    NetworkOffering,
    OfferedService,
    chosen_value,
    services_of,
)
from netloom.model.cloud.services import Capability, ProviderFacts, Service
from netloom.model.cloud.vpc import Vpc
from netloom.model.objects import Network
from netloom.model.states import NetworkState
from netloom.plan.gurus import DOMAIN_TYPES, broadcast_uri
from netloom.store.cloud.records import columns

USABLE: Final = frozenset({NetworkState.ALLOCATED, NetworkState.IMPLEMENTED, NetworkState.SETUP})
"""States in which an instance may be put into a network."""

ON_WIRES: Final = frozenset({NetworkState.IMPLEMENTING, NetworkState.IMPLEMENTED, NetworkState.SETUP})


class _Around:
    """What is read once for all networks of an answer."""

    def __init__(self, networks: Sequence[GuestNetwork], see: See) -> None:
        self.see = see
        self.natives = see.natives(Network, [network.id for network in networks])
        self.offerings = see.many(NetworkOffering, {network.offering_id for network in networks})
        self.vpcs = see.many(Vpc, {network.vpc_id for network in networks})
        self.lists = see.many(AclList, {network.acl_id for network in networks})
        see.owners(networks)
        see.tagged([network.id for network in networks])
        see.pending([network.id for network in networks])
        self._facts = see.view.backends.providers.facts
        self._zones: dict[str, ZoneFacet] = {}
        self._terms: dict[str, Row] = {}
        self._firewalls: dict[str, bool] = {}

    def zone(self, zone_id: str) -> ZoneFacet:
        """The rest of a zone."""
        if zone_id not in self._zones:
            self._zones[zone_id] = zone_facet(self.see.view, zone_id)
        return self._zones[zone_id]

    def has_firewall(self, offering: NetworkOffering | None) -> bool:
        """Whether networks of an offering have a firewall."""
        if offering is None:
            return False
        if offering.id not in self._firewalls:
            self._firewalls[offering.id] = Service.FIREWALL in services_of(offering)
        return self._firewalls[offering.id]

    def terms(self, offering_id: str, offering: NetworkOffering | None) -> Row:
        """What follows from the offering alone."""
        if offering is None:
            return {}
        if offering_id not in self._terms:
            self._terms[offering_id] = _terms(offering, self._facts)
        return self._terms[offering_id]


def network_rows(networks: Sequence[GuestNetwork], see: See) -> list[Row]:
    """Networks."""
    around = _Around(networks, see)
    return [_row(network, around) for network in networks]


def _row(network: GuestNetwork, around: _Around) -> Row:
    see = around.see
    native = around.natives.get(network.id)
    offering = around.offerings.get(network.offering_id)
    vpc = None if network.vpc_id is None else around.vpcs.get(network.vpc_id)
    acl = None if network.acl_id is None else around.lists.get(network.acl_id)
    facet = around.zone(network.zone_id)
    cidr = network.network_cidr or network.cidr
    return {
        "id": network.id,
        "name": network.name,
        "displaytext": network.display_text,
        "traffictype": network.traffic.value,
        "gateway": network.gateway,
        "netmask": None if cidr is None else _netmask(cidr),
        "cidr": network.cidr,
        "networkcidr": network.network_cidr,
        "reservediprange": _reserved(network),
        "ip6gateway": network.gateway6,
        "ip6cidr": network.cidr6,
        **see.zone(network.zone_id),
        **around.terms(network.offering_id, offering),
        "issystem": False,
        "related": network.id,
        "dns1": network.dns1 or facet.dns1,
        "dns2": network.dns2 or (None if network.dns1 else facet.dns2),
        "ip6dns1": network.ip6_dns1 or (facet.ip6_dns1 if network.cidr6 else None),
        "ip6dns2": network.ip6_dns2 or (facet.ip6_dns2 if network.cidr6 and not network.ip6_dns1 else None),
        "type": network.guest_type.value,
        "acltype": network.acl_type.value,
        "subdomainaccess": network.subdomain_access if network.acl_type is AclType.DOMAIN else None,
        **_owner(network, see),
        "networkdomain": network.network_domain,
        "physicalnetworkid": network.physical_network_id,
        "restartrequired": network.restart_required,
        "vpcid": network.vpc_id,
        "vpcname": None if vpc is None else vpc.name,
        "associatednetworkid": network.associated_network_id,
        "tags": see.tags(network.id),
        "details": dict(network.details),
        "displaynetwork": network.display,
        "aclid": network.acl_id,
        "aclname": None if acl is None else acl.name,
        "externalid": network.external_id,
        "ispersistent": network.persistent,
        "created": see.time(network.created_at),
        "egressdefaultpolicy": network.egress_default_allow if around.has_firewall(offering) else None,
        "hasannotations": False,
        **_wires(network, native, facet),
        **see.job(network.id),
    }


def _wires(network: GuestNetwork, native: Network | None, facet: ZoneFacet) -> Row:
    """State, segment and packet sizes, which are the native network's."""
    if native is None:
        return {}
    row: Row = {
        "broadcastdomaintype": DOMAIN_TYPES[native.isolation],
        "state": native.state.value,
        "canusefordeploy": native.state in USABLE,
        "publicmtu": network.public_mtu or facet.public_mtu,
        "privatemtu": native.guest_mtu,
    }
    if native.state in ON_WIRES:
        uri = broadcast_uri(native.isolation, native.segment)
        row |= {"broadcasturi": uri, "vlan": uri.rpartition("/")[2]}
    return row


def _owner(network: GuestNetwork, see: See) -> Row:
    """Whose it is; a whole domain's is nobody's in it."""
    if network.acl_type is AclType.ACCOUNT:
        return see.owner(network)
    domain = see.one(Domain, network.domain_id)
    if domain is None:
        return {}
    return {"domainid": domain.id, "domain": domain.name, "domainpath": shown_path(domain.path)}


def _reserved(network: GuestNetwork) -> str | None:
    """The addresses that are kept from instances, beside what they get, where that is a part of the network."""
    if network.network_cidr is None or network.cidr is None:
        return None
    whole, part = ipaddress.ip_network(network.network_cidr), ipaddress.ip_network(network.cidr)
    spans = [
        f"{first}-{last}"
        for first, last in (
            (whole.network_address + 1, part.network_address - 1),
            (part.broadcast_address + 1, whole.broadcast_address - 1),
        )
        if int(first) <= int(last)
    ]
    return ", ".join(spans)


@functools.lru_cache(maxsize=4096)
def _netmask(cidr: str) -> str:
    return str(ipaddress.ip_network(cidr).netmask)


def _terms(offering: NetworkOffering, facts: Mapping[str, ProviderFacts]) -> Row:
    return {
        "networkofferingid": offering.id,
        "networkofferingname": offering.name,
        "networkofferingdisplaytext": offering.display_text,
        "networkofferingconservemode": offering.conserve_mode,
        "networkofferingavailability": offering.availability.value,
        "internetprotocol": None if offering.guest_type is GuestType.L2 else offering.internet_protocol.value,
        "specifyvlan": offering.specify_vlan,
        "specifyipranges": offering.specify_ip_ranges,
        "service": [
            network_service_row(item, facts)
            for item in offering.services
            if item.service is not Service.GATEWAY
        ],
        "strechedl2subnet": _chosen(offering, Service.CONNECTIVITY, Capability.STRETCHED_L2_SUBNET),
        "redundantrouter": _chosen(offering, Service.SOURCE_NAT, Capability.REDUNDANT_ROUTER),
        "supportsvmautoscaling": _chosen(offering, Service.LB, Capability.VM_AUTO_SCALING),
    }


def network_service_row(item: OfferedService, facts: Mapping[str, ProviderFacts]) -> Row:
    """A service of a network: by whom, and all that it can do."""
    known = facts.get(item.provider or "")
    can = {} if known is None else {c.value: text for c, text in known.services.get(item.service, {}).items()}
    return {
        "name": item.service.value,
        "provider": [{"name": name} for name in item.providers],
        "capability": [
            {"name": name, "value": value, "canchooseservicecapability": False}
            for name, value in {**can, **item.capabilities}.items()
        ],
    }


def _chosen(offering: NetworkOffering, service: Service, capability: Capability) -> bool:
    return chosen_value(offering, service, capability) == "true"


def permission_rows(permissions: Sequence[NetworkPermission], see: See) -> list[Row]:
    """The accounts that networks are open to."""
    accounts = see.many(Account, {permission.account_id for permission in permissions})
    see.many(Domain, {account.domain_id for account in accounts.values()})
    rows: list[Row] = []
    for permission in permissions:
        account = accounts.get(permission.account_id)
        domain = None if account is None else see.one(Domain, account.domain_id)
        row: Row = {"networkid": permission.network_id}
        if account is not None and account.type is AccountType.PROJECT:
            project = see.view.records.first(Project, columns(Project).account_id == account.id)
            if project is not None:
                row |= {"projectid": project.id, "project": project.name}
        elif account is not None:
            row |= {"accountid": account.id, "account": account.name}
        if domain is not None:
            row |= {"domainid": domain.id, "domain": domain.name}
        rows.append(row)
    return rows
