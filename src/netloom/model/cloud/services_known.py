"""What the providers that netloom knows by name are able to do, whether their plug-in is installed or not.

An offering may name a provider before it is there (the built-in offerings do); it can be validated, and answers can say what
is missing. Whether a provider *is* there is the registry's to say.

Rule 1: an installed plug-in's own facts take the place of these.
Rule 2: only capabilities that are kept: what the appliance, the controller or the switch really does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from netloom.model.cloud.services import NO_CAPABILITIES, Capability, ProviderFacts, Service, ServiceMap

OVS: Final = "Ovs"
VIRTUAL_ROUTER: Final = "VirtualRouter"
VPC_VIRTUAL_ROUTER: Final = "VpcVirtualRouter"
INTERNAL_LB: Final = "InternalLbVm"
SECURITY_GROUP: Final = "SecurityGroupProvider"
CONFIG_DRIVE: Final = "ConfigDrive"
OPENDAYLIGHT: Final = "Opendaylight"
NICIRA_NVP: Final = "NiciraNvp"


def _method(name: str, description: str, **parameters: bool) -> dict[str, object]:
    """A stickiness method; each parameter with whether it is a flag."""
    return {
        "methodname": name,
        "paramlist": [
            {"paramname": word.replace("_", "-"), "required": False, "isflag": flag, "description": " "}
            for word, flag in parameters.items()
        ],
        "description": description,
    }


STICKINESS: Final = json.dumps(
    [
        _method(
            "LbCookie",
            "The balancer sets a cookie that names the instance.",
            cookie_name=False,
            mode=False,
            nocache=True,
            indirect=True,
            postonly=True,
            domain=False,
        ),
        _method(
            "AppCookie",
            "A cookie of the application keeps a session on its instance; HTTP only.",
            cookie_name=False,
            length=False,
            holdtime=False,
            request_learn=True,
            prefix=True,
            mode=False,
        ),
        _method(
            "SourceBased",
            "A client's address keeps it on an instance; any protocol.",
            tablesize=False,
            expire=False,
        ),
    ],
    separators=(",", ":"),
)
"""The stickiness methods of a balancer run by netloom, as the API shows them."""

_LB: Final = {
    Capability.VM_AUTO_SCALING: "true",
    Capability.SUPPORTED_LB_ALGORITHMS: "roundrobin,leastconn,source",
    Capability.LB_SCHEMES: "Public",
    Capability.SUPPORTED_STICKINESS_METHODS: STICKINESS,
    Capability.SUPPORTED_PROTOCOLS: "tcp, udp, tcp-proxy",
    Capability.SUPPORTED_LB_ISOLATION: "dedicated",
}
_FIREWALL: Final = {
    Capability.TRAFFIC_STATISTICS: "per public ip",
    Capability.MULTIPLE_IPS: "true",
    Capability.SUPPORTED_TRAFFIC_DIRECTION: "ingress, egress",
    Capability.SUPPORTED_EGRESS_PROTOCOLS: "tcp,udp,icmp, all",
    Capability.SUPPORTED_PROTOCOLS: "tcp,udp,icmp",
}
_SOURCE_NAT: Final = {
    Capability.SUPPORTED_SOURCE_NAT_TYPES: "peraccount",
    Capability.REDUNDANT_ROUTER: "true",
}
_ROUTER: Final[ServiceMap] = {
    Service.DHCP: {Capability.DHCP_ACROSS_MULTIPLE_SUBNETS: "true", Capability.EXTRA_DHCP_OPTIONS: "true"},
    Service.DNS: {Capability.ALLOW_DNS_SUFFIX_MODIFICATION: "true"},
    Service.GATEWAY: {Capability.REDUNDANT_ROUTER: "true"},
    Service.LB: _LB,
    Service.USER_DATA: NO_CAPABILITIES,
    Service.SOURCE_NAT: _SOURCE_NAT,
    Service.STATIC_NAT: NO_CAPABILITIES,
    Service.PORT_FORWARDING: {Capability.SUPPORTED_PROTOCOLS: "tcp,udp"},
}
_VPN_TYPES: Final = "pptp,l2tp,ipsec"


def _vpn(kind: str) -> Mapping[Capability, str]:
    return {Capability.VPN_TYPES: kind, Capability.SUPPORTED_VPN_TYPES: _VPN_TYPES}


KNOWN_PROVIDERS: Final[Mapping[str, ProviderFacts]] = {
    facts.name: facts
    for facts in (
        ProviderFacts(
            name=VIRTUAL_ROUTER,
            services={**_ROUTER, Service.FIREWALL: _FIREWALL, Service.VPN: _vpn("remoteaccessvpn")},
            in_vpc=False,
            egress_default_deny=True,
        ),
        ProviderFacts(
            name=VPC_VIRTUAL_ROUTER,
            services={
                **_ROUTER,
                Service.VPN: _vpn("s2svpn"),
                Service.NETWORK_ACL: {Capability.SUPPORTED_PROTOCOLS: "tcp,udp,icmp"},
            },
            in_vpc=True,
        ),
        ProviderFacts(
            name=INTERNAL_LB,
            services={
                Service.LB: {
                    Capability.SUPPORTED_LB_ALGORITHMS: "roundrobin,leastconn,source",
                    Capability.SUPPORTED_LB_ISOLATION: "dedicated",
                    Capability.SUPPORTED_PROTOCOLS: "tcp, udp",
                    Capability.LB_SCHEMES: "Internal",
                }
            },
        ),
        ProviderFacts(
            name=SECURITY_GROUP, services={Service.SECURITY_GROUP: NO_CAPABILITIES}, single_services=False
        ),
        ProviderFacts(
            name=CONFIG_DRIVE,
            services={
                Service.USER_DATA: NO_CAPABILITIES,
                Service.DHCP: {Capability.DHCP_ACROSS_MULTIPLE_SUBNETS: "true"},
                Service.DNS: {Capability.ALLOW_DNS_SUFFIX_MODIFICATION: "true"},
            },
        ),
        ProviderFacts(
            name=OVS,
            services={Service.CONNECTIVITY: {Capability.STRETCHED_L2_SUBNET: "true"}},
            needs_connectivity=True,
        ),
        ProviderFacts(
            name=OPENDAYLIGHT,
            services={Service.CONNECTIVITY: NO_CAPABILITIES},
            single_services=False,
            only_connectivity=True,
        ),
        ProviderFacts(
            name=NICIRA_NVP,
            services={
                Service.CONNECTIVITY: NO_CAPABILITIES,
                Service.GATEWAY: NO_CAPABILITIES,
                Service.SOURCE_NAT: {
                    Capability.SUPPORTED_SOURCE_NAT_TYPES: "peraccount",
                    Capability.REDUNDANT_ROUTER: "false",
                },
                Service.STATIC_NAT: NO_CAPABILITIES,
                Service.PORT_FORWARDING: {Capability.SUPPORTED_PROTOCOLS: "tcp,udp"},
            },
            needs_connectivity=True,
        ),
    )
}
"""By name. (Netscaler, Tungsten, Nsx, Netris and other appliances of vendors are not: nobody could run them here.)"""
