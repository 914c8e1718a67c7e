"""What the roles that every cloud has may do, as patterns of commands.

Rule 1: a role for tenants names what it allows; what is new is not theirs until it is added here.
Rule 2: a role that only looks never sees secrets: what shows keys is denied before what shows everything is allowed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from netloom.base.ids import Uuid
from netloom.model.cloud.identity import AccountType
from netloom.model.cloud.permissions import (
    DOMAIN_ADMIN_ROLE,
    RESOURCE_ADMIN_ROLE,
    ROOT_ADMIN_ROLE,
    USER_ROLE,
    Permission,
)

_SELF: Final = [
    "listApis",
    "listCapabilities",
    "logout",
    "queryAsyncJobResult",
    "listAsyncJobs",
    "listEvents",
    "listEventTypes",
    "archiveEvents",
    "deleteEvents",
    "listAccounts",
    "listUsers",
    "getUser",
    "updateUser",
    "getUserKeys",
    "registerUserKeys",
    "listResourceLimits",
    "updateResourceCount",
    "createProject",
    "updateProject",
    "deleteProject",
    "activateProject",
    "suspendProject",
    "listProjects",
    "listProjectAccounts",
    "addAccountToProject",
    "deleteAccountFromProject",
    "listZones",
    "listRegions",
    "listHypervisors",
    "listOsTypes",
    "listOsCategories",
    "listNetworkIsolationMethods",
    "listNetworkProtocols",
    "listNetworkOfferings",
    "listVPCOfferings",
    "listServiceOfferings",
    "listDiskOfferings",
    "listSupportedNetworkServices",
    "listTemplates",
    "createTags",
    "deleteTags",
    "listTags",
    "listResourceDetails",
    "addResourceDetail",
    "removeResourceDetail",
]

_NETWORKS: Final = [
    "createNetwork",
    "listNetworks",
    "updateNetwork",
    "deleteNetwork",
    "restartNetwork",
    "createNetworkPermissions",
    "listNetworkPermissions",
    "removeNetworkPermissions",
    "resetNetworkPermissions",
    "associateIpAddress",
    "disassociateIpAddress",
    "listPublicIpAddresses",
    "updateIpAddress",
    "reserveIpAddress",
    "releaseIpAddress",
    "createFirewallRule",
    "listFirewallRules",
    "updateFirewallRule",
    "deleteFirewallRule",
    "createEgressFirewallRule",
    "listEgressFirewallRules",
    "updateEgressFirewallRule",
    "deleteEgressFirewallRule",
    "createIpv6FirewallRule",
    "listIpv6FirewallRules",
    "updateIpv6FirewallRule",
    "deleteIpv6FirewallRule",
    "createDnsRecord",
    "listDnsRecords",
    "deleteDnsRecord",
    "createPortForwardingRule",
    "listPortForwardingRules",
    "updatePortForwardingRule",
    "deletePortForwardingRule",
    "createIpForwardingRule",
    "listIpForwardingRules",
    "deleteIpForwardingRule",
    "enableStaticNat",
    "disableStaticNat",
    "createLoadBalancerRule",
    "listLoadBalancerRules",
    "updateLoadBalancerRule",
    "deleteLoadBalancerRule",
    "assignToLoadBalancerRule",
    "removeFromLoadBalancerRule",
    "listLoadBalancerRuleInstances",
    "createLoadBalancer",
    "listLoadBalancers",
    "updateLoadBalancer",
    "deleteLoadBalancer",
    "createLBStickinessPolicy",
    "listLBStickinessPolicies",
    "updateLBStickinessPolicy",
    "deleteLBStickinessPolicy",
    "createLBHealthCheckPolicy",
    "listLBHealthCheckPolicies",
    "updateLBHealthCheckPolicy",
    "deleteLBHealthCheckPolicy",
    "uploadSslCert",
    "listSslCerts",
    "deleteSslCert",
    "assignCertToLoadBalancer",
    "removeCertFromLoadBalancer",
    "createVPC",
    "listVPCs",
    "updateVPC",
    "deleteVPC",
    "restartVPC",
    "createPrivateGateway",
    "listPrivateGateways",
    "deletePrivateGateway",
    "createNetworkACL",
    "listNetworkACLs",
    "updateNetworkACLItem",
    "deleteNetworkACL",
    "moveNetworkAclItem",
    "createNetworkACLList",
    "listNetworkACLLists",
    "updateNetworkACLList",
    "deleteNetworkACLList",
    "replaceNetworkACLList",
    "createStaticRoute",
    "listStaticRoutes",
    "deleteStaticRoute",
    "createRemoteAccessVpn",
    "listRemoteAccessVpns",
    "updateRemoteAccessVpn",
    "deleteRemoteAccessVpn",
    "addVpnUser",
    "listVpnUsers",
    "removeVpnUser",
    "createVpnGateway",
    "listVpnGateways",
    "updateVpnGateway",
    "deleteVpnGateway",
    "createVpnCustomerGateway",
    "listVpnCustomerGateways",
    "updateVpnCustomerGateway",
    "deleteVpnCustomerGateway",
    "createVpnConnection",
    "listVpnConnections",
    "updateVpnConnection",
    "deleteVpnConnection",
    "resetVpnConnection",
    "createSecurityGroup",
    "listSecurityGroups",
    "updateSecurityGroup",
    "deleteSecurityGroup",
    "authorizeSecurityGroupIngress",
    "authorizeSecurityGroupEgress",
    "revokeSecurityGroupIngress",
    "revokeSecurityGroupEgress",
]

_INSTANCES: Final = [
    "deployVirtualMachine",
    "listVirtualMachines",
    "updateVirtualMachine",
    "startVirtualMachine",
    "stopVirtualMachine",
    "rebootVirtualMachine",
    "destroyVirtualMachine",
    "recoverVirtualMachine",
    "expungeVirtualMachine",
    "resetPasswordForVirtualMachine",
    "getVMPassword",
    "resetSSHKeyForVirtualMachine",
    "resetUserDataForVirtualMachine",
    "getVirtualMachineUserData",
    "addNicToVirtualMachine",
    "removeNicFromVirtualMachine",
    "updateDefaultNicForVirtualMachine",
    "updateVmNicIp",
    "addIpToNic",
    "removeIpFromNic",
    "listNics",
    "createSSHKeyPair",
    "registerSSHKeyPair",
    "listSSHKeyPairs",
    "deleteSSHKeyPair",
    "registerUserData",
    "listUserData",
    "deleteUserData",
    "createAffinityGroup",
    "listAffinityGroups",
    "listAffinityGroupTypes",
    "deleteAffinityGroup",
    "updateVMAffinityGroup",
    "listInstanceGroups",
    "createInstanceGroup",
    "updateInstanceGroup",
    "deleteInstanceGroup",
]

_DOMAIN_ADMINS: Final = [
    "createAccount",
    "updateAccount",
    "deleteAccount",
    "enableAccount",
    "disableAccount",
    "lockAccount",
    "createUser",
    "deleteUser",
    "enableUser",
    "disableUser",
    "lockUser",
    "moveUser",
    "createDomain",
    "updateDomain",
    "deleteDomain",
    "listDomains",
    "listDomainChildren",
    "listRoles",
    "listRolePermissions",
    "updateResourceLimit",
    "listUsageRecords",
    "listUsageTypes",
    "listQuarantinedIps",
    "updateQuarantinedIp",
    "removeQuarantinedIp",
    "listRouters",
    "listInternalLoadBalancerVMs",
    "listUserKeys",
]

_LOOKS: Final = ("list*", "get*", "queryAsyncJobResult", "logout")
_SECRETS: Final = ("getUserKeys", "getVMPassword", "getVirtualMachineUserData")
_SUPPORT: Final = [
    "start*",
    "stop*",
    "reboot*",
    "restart*",
    "prepareHostForMaintenance",
    "cancelHostMaintenance",
    "reconnectHost",
    "createTags",
    "deleteTags",
    "updateResourceCount",
]


class DefaultRole(msgspec.Struct, frozen=True, kw_only=True):
    """A role of the first start; `id` None: any."""

    name: str
    description: str
    type: AccountType
    rules: tuple[tuple[Permission, str], ...]
    id: Uuid | None = None


def _allow(*groups: Iterable[str]) -> tuple[tuple[Permission, str], ...]:
    return tuple((Permission.ALLOW, pattern) for group in groups for pattern in group)


def _deny(patterns: Iterable[str]) -> tuple[tuple[Permission, str], ...]:
    return tuple((Permission.DENY, pattern) for pattern in patterns)


_TENANT: Final = (*_SELF, *_NETWORKS, *_INSTANCES)
_TENANT_LOOKS: Final = tuple(
    name for name in _TENANT if name.startswith(("list", "get", "query", "logout")) and name not in _SECRETS
)
_TENANT_SUPPORT: Final = tuple(
    name for name in _TENANT if name.startswith(("start", "stop", "reboot", "restart"))
)

DEFAULT_ROLES: Final = (
    DefaultRole(
        id=ROOT_ADMIN_ROLE,
        name="Root Admin",
        description="Administers the cloud: may do everything",
        type=AccountType.ADMIN,
        rules=(),
    ),
    DefaultRole(
        id=RESOURCE_ADMIN_ROLE,
        name="Resource Admin",
        description="Administers a domain and sees the infrastructure",
        type=AccountType.RESOURCE_ADMIN,
        rules=_allow(_TENANT, _DOMAIN_ADMINS, ("list*",)),
    ),
    DefaultRole(
        id=DOMAIN_ADMIN_ROLE,
        name="Domain Admin",
        description="Administers a domain and those under it",
        type=AccountType.DOMAIN_ADMIN,
        rules=_allow(_TENANT, _DOMAIN_ADMINS),
    ),
    DefaultRole(
        id=USER_ROLE,
        name="User",
        description="Uses the cloud for an account",
        type=AccountType.USER,
        rules=_allow(_TENANT),
    ),
    DefaultRole(
        name="Read-Only Admin - Default",
        description="Sees everything but secrets and changes nothing",
        type=AccountType.ADMIN,
        rules=_deny(_SECRETS) + _allow(_LOOKS),
    ),
    DefaultRole(
        name="Read-Only User - Default",
        description="Sees what an account has, but no secrets, and changes nothing",
        type=AccountType.USER,
        rules=_allow(_TENANT_LOOKS),
    ),
    DefaultRole(
        name="Support Admin - Default",
        description="Sees everything but secrets; starts, stops and restarts",
        type=AccountType.ADMIN,
        rules=_deny(_SECRETS) + _allow(_LOOKS, _SUPPORT),
    ),
    DefaultRole(
        name="Support User - Default",
        description="Sees what an account has, but no secrets; starts, stops and restarts",
        type=AccountType.USER,
        rules=_allow(_TENANT_LOOKS, _TENANT_SUPPORT),
    ),
)
