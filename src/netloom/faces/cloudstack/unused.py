"""Parameters of CloudStack's that its commands here do not read, each with the reason.

Rule 1: what would be done otherwise than it was asked is refused in words (`REFUSED`); what asks for nothing that is not
    done anyway, or tells nothing that could be used, is passed over (`PASSED`). Every other parameter is read by its
    command: a test holds the table of parameters, the commands' code and these two lists against each other.
Rule 2: a value that asks for what is done anyway (no, nothing, the default) is never refused: clients send those unasked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from netloom.base.errors import InvalidInput
from netloom.faces.cloudstack.protocol.parameters import Parameters

_NOTHING: Final = frozenset({"", "none", "null", "undefined", "false", "0", "no", "off", "-1"})
"""Values that ask for nothing."""


@dataclass(frozen=True, slots=True)
class Unused:
    """Parameters that commands do not read.

    Attributes:
        names: in lower case, blanks between them.
        commands: whose; as the table spells them, blanks between them.
        why: what is so here; a refusal's words.
        unless: values, in lower case, that ask for what is done anyway.
    """

    names: str
    commands: str
    why: str
    unless: frozenset[str] = frozenset()


_NO_DISKS: Final = "disks and images are the hypervisors': netloom keeps and limits none"
_NO_EFFECT_OF_IDS: Final = "a thing keeps the id that netloom gave it"
_NOT_VMWARE: Final = "there are no hypervisors here that it is about"
_NO_NSX: Final = "there are no such controllers here: providers are named in serviceproviderlist"
_NO_LIMIT_TAGS: Final = "limits and counts hold for all things of a type: there are none by tag"
_NO_BGP: Final = "routes are not announced by BGP"
_AT_REGISTRATION: Final = "it is said when a template is registered, and stays"

REFUSED: Final = (
    Unused(
        "customid",
        "deployVirtualMachine moveNetworkAclItem updateEgressFirewallRule updateFirewallRule updateIpAddress"
        " updateIpv6FirewallRule updateLBHealthCheckPolicy updateLBStickinessPolicy updateLoadBalancer"
        " updateLoadBalancerRule updateNetwork"
        " updateNetworkACLItem updateNetworkACLList updatePortForwardingRule updateRemoteAccessVpn"
        " updateRoutingFirewallRule updateSecurityGroup updateVPC updateVirtualMachine updateVpnConnection updateVpnGateway",
        _NO_EFFECT_OF_IDS,
    ),
    # infrastructure
    Unused(
        "guestvswitchname guestvswitchtype ovm3cluster ovm3pool ovm3vip publicvswitchname publicvswitchtype vsmipaddress"
        " vsmpassword vsmusername",
        "addCluster",
        _NOT_VMWARE,
    ),
    Unused(
        "clustertype", "listClusters updateCluster", "clusters are CloudManaged", frozenset({"cloudmanaged"})
    ),
    Unused("allocationstate", "addCluster", "a new cluster is Enabled", frozenset({"enabled"})),
    Unused("arch", "addCluster", "clusters are x86_64 here", frozenset({"x86_64"})),
    Unused("destinationphysicalnetworkid", "addNetworkServiceProvider", "no provider bridges to another one"),
    Unused(
        "isolationmethod",
        "addTrafficType",
        "the methods are the physical network's; public traffic is on VLANs",
        frozenset({"vlan"}),
    ),
    Unused("vlan", "addTrafficType", _NOT_VMWARE),
    Unused(
        "hypervnetworklabel ovm3networklabel vmwarenetworklabel",
        "addTrafficType updateTrafficType",
        _NOT_VMWARE,
    ),
    Unused("domainid", "createPhysicalNetwork", "physical networks are nobody's in particular"),
    Unused("fornsx", "createVlanIpRange createNetworkOffering createVPCOffering", _NO_NSX),
    Unused("fortungsten nsxsupportsinternallb", "createNetworkOffering", _NO_NSX),
    Unused("nsxsupportlb", "createNetworkOffering createVPCOffering", _NO_NSX),
    Unused(
        "outofbandmanagementenabled outofbandmanagementpowerstate hahost",
        "listHosts",
        "netloom does not switch hosts on and off",
    ),
    Unused(
        "version", "listHosts", "netloom has no agents on hosts; what a host runs, netloom host show tells"
    ),
    Unused("arch", "listHosts", "hosts are not told apart by it; list clusters by arch"),
    Unused(
        "annotation istagarule oscategoryid",
        "updateHost",
        "tags of hosts are words, and netloom keeps neither notes nor preferred operating systems of hosts",
    ),
    Unused("url", "updateHost", "a host's addresses are changed under /v1, or with netloom host"),
    Unused("details dnssearchorder sortkey", "updateZone", "zones have none"),
    Unused("tags", "listZones", "zones have no tags"),
    Unused("tag", "listCapacity", "capacities are of whole zones, whatever tags hosts have"),
    Unused("accountid clusterid domainid zoneid", "listConfigurations", "settings hold for the whole cloud"),
    Unused(
        "group parent subgroup",
        "listConfigurations",
        "settings are in categories, not in groups",
    ),
    # who there is
    Unused("accountdetails", "createAccount updateAccount", "accounts have no details"),
    Unused(
        "apikeyaccess",
        "listAccounts listUsers updateAccount updateUser",
        "keys are everybody's; a user or an account that is disabled signs nothing",
        frozenset({"inherit", "enabled", "true"}),
    ),
    Unused("mandate2fa", "updateUser", "there is no second factor"),
    Unused(
        "tag",
        "listAccounts listDomains listResourceLimits updateResourceCount updateResourceLimit",
        _NO_LIMIT_TAGS,
    ),
    Unused("id", "listResourceLimits", "limits have no ids: they are told by owner and type"),
    Unused("userid", "createProject", "accounts own projects: name one with account or accountid"),
    Unused("token", "updateProjectInvitation", "invitations are by account or user, without tokens"),
    # offerings
    Unused(
        "bytesreadrate bytesreadratemax bytesreadratemaxlength byteswriterate byteswriteratemax byteswriteratemaxlength"
        " cachemode customizediops diskofferingstrictness encryptroot hypervisorsnapshotreserve iopsreadrate iopsreadratemax"
        " iopsreadratemaxlength iopswriterate iopswriteratemax iopswriteratemaxlength maxiops miniops storagepolicy",
        "createServiceOffering",
        _NO_DISKS,
    ),
    Unused("encryptroot", "listServiceOfferings", _NO_DISKS),
    Unused(
        "maxcpunumber maxmemory mincpunumber minmemory",
        "createServiceOffering",
        "a size has its processors and memory, or leaves all of them to each instance",
    ),
    Unused(
        "purgeresources",
        "createServiceOffering updateServiceOffering",
        "what is gone is kept as long as the cloud's settings say",
    ),
    Unused(
        "deploymentplanner",
        "createServiceOffering deployVirtualMachine startVirtualMachine",
        "there is one way to choose a host: the least loaded that fits",
    ),
    Unused("routingmode", "createNetworkOffering createVPCOffering", _NO_BGP, frozenset({"static"})),
    Unused("asnumber bgppeerids", "createVPC", _NO_BGP),
    # networks
    Unused("regionid", "associateIpAddress", "there is one region", frozenset({"1"})),
    Unused("cidrsize", "createNetwork", "a network's CIDR is named: gateway and netmask"),
    Unused("isolatedpvlantype", "createNetwork", "private VLANs are not done"),
    Unused("hideipaddressusage", "createNetwork updateNetwork", "usage tells the addresses of all networks"),
    # instances
    Unused(
        "affinitygroupids affinitygroupnames",
        "deployVirtualMachine",
        "there are no affinity groups; name a host with hostid",
    ),
    Unused("affinitygroupid", "listVirtualMachines", "there are no affinity groups"),
    Unused(
        "clusterid podid",
        "deployVirtualMachine startVirtualMachine",
        "an instance is placed in its zone; name a host with hostid",
    ),
    Unused(
        "bootintosetup",
        "deployVirtualMachine rebootVirtualMachine startVirtualMachine",
        "machines boot what their image holds",
    ),
    Unused(
        "bootmode boottype",
        "deployVirtualMachine",
        "how a machine boots is its image's and hypervisor's",
        frozenset({"bios", "legacy"}),
    ),
    Unused("datadiskofferinglist rootdisksize size", "deployVirtualMachine", _NO_DISKS),
    Unused("datadiskofferinglist", "importUnmanagedInstance", _NO_DISKS),
    Unused("volumeids", "destroyVirtualMachine", _NO_DISKS),
    Unused("maxiops miniops", "changeServiceForVirtualMachine scaleVirtualMachine", _NO_DISKS),
    Unused(
        "copyimagetags iodriverpolicy iothreadsenabled nicmultiqueuenumber nicpackedvirtqueuesenabled properties",
        "deployVirtualMachine",
        "hypervisors' adapters know no such setting",
    ),
    Unused(
        "nicnetworklist",
        "deployVirtualMachine",
        "interfaces are asked for with networkids or iptonetworklist",
    ),
    Unused("extraconfig", "deployVirtualMachine updateVirtualMachine", "hypervisors' adapters take none"),
    Unused(
        "dhcpoptionsnetworklist",
        "deployVirtualMachine updateVirtualMachine",
        "DHCP options of single interfaces are not given to providers",
    ),
    Unused("password", "deployVirtualMachine", "no password is set in machines: give them an SSH key"),
    Unused(
        "userdatadetails",
        "deployVirtualMachine resetUserDataForVirtualMachine updateVirtualMachine",
        "user data is handed out as it is: nothing is put into it",
    ),
    Unused("instancename", "updateVirtualMachine", "the name at the hypervisor stays"),
    Unused("ostypeid", "updateVirtualMachine", "an instance's operating system is its template's"),
    Unused("details", "importUnmanagedInstance", "details are set afterwards, by updateVirtualMachine"),
    Unused("forced", "importUnmanagedInstance", "a MAC address that is taken is not taken twice"),
    Unused("isoid", "linkUserDataToTemplate listVirtualMachines", _NO_DISKS),
    Unused(
        "userdatapolicy",
        "linkUserDataToTemplate",
        "an instance's own user data goes before its template's",
        frozenset({"allowoverride"}),
    ),
    # templates
    Unused("checksum directdownload", "registerTemplate", "netloom fetches no image: it names one"),
    Unused("deployasis", "registerTemplate", _NOT_VMWARE),
    Unused(
        "isrouting templatetype",
        "registerTemplate updateTemplate",
        "templates are of tenants' instances",
        frozenset({"user"}),
    ),
    Unused("issystem", "deleteTemplate", "templates are of tenants' instances"),
    Unused(
        "templatetag", "registerTemplate updateTemplate", "an instance's host is not chosen by its template"
    ),
    Unused("account domainid projectid", "registerTemplate", "templates are the operators'"),
    Unused(
        "passwordenabled isextractable isdynamicallyscalable",
        "registerTemplate",
        "hypervisors' adapters do none of it",
    ),
    Unused("cleanupdetails details", "updateTemplate", _AT_REGISTRATION),
    Unused(
        "bootable isdynamicallyscalable passwordenabled requireshvm sshkeyenabled",
        "updateTemplate",
        _AT_REGISTRATION,
    ),
    Unused("sortkey", "updateTemplate", "templates are listed in the order of their making"),
    Unused(
        "accounts op projectids isextractable",
        "updateTemplatePermissions",
        "a template is everybody's or hidden: ispublic says which",
    ),
    Unused("parenttemplateid", "listTemplates", "templates have no parents"),
)
"""What is refused when it asks for something."""

PASSED: Final = (
    Unused(
        "showicon",
        "listAccounts listDomainChildren listDomains listNetworks listProjects listTemplates listUsers listVPCs"
        " listVirtualMachines listZones",
        "there are no icons",
    ),
    Unused(
        "details",
        "listAccounts listDomains listHosts listProjects listTemplates listVirtualMachines",
        "it asks for less than all of an answer; only min saves something, and that is looked at in every list",
    ),
    Unused("accumulate", "listVirtualMachines", "it is about metrics, which this answer has none of"),
    Unused("showcapacities", "listClusters listPods", "capacities are of whole zones"),
    Unused("fetchlatest", "listCapacity", "capacities are counted each time"),
    Unused("oldformat", "listUsageRecords", "it is about how a description is worded"),
    Unused("showremoved showunique", "listTemplates", "a template is listed once, and not after its end"),
    Unused("email", "addAccountToProject addUserToProject", "netloom sends no mail; who is named is invited"),
    Unused("password url username", "addCluster", "nothing is logged in to: hosts are known by certificates"),
    Unused("password username", "addHost", "nothing is logged in to: hosts are known by certificates"),
    Unused(
        "account domainid",
        "createLoadBalancerRule createRemoteAccessVpn resetVpnConnection updateVpnCustomerGateway deleteUserData"
        " resetSSHKeyForVirtualMachine resetUserDataForVirtualMachine",
        "whose it is follows from the thing that is named by its id",
    ),
    Unused(
        "projectid",
        "deleteUserData resetSSHKeyForVirtualMachine resetUserDataForVirtualMachine",
        "whose it is follows from the thing that is named by its id",
    ),
    Unused("zoneid", "createLoadBalancerRule", "where it is follows from the address"),
    Unused("bypassvlanoverlapcheck", "createNetwork", "what overlaps is refused all the same"),
    Unused("changecidr", "updateNetwork", "the CIDR stays unless guestvmcidr names another"),
    Unused("updateinsequence", "updateNetwork", "changes of a network are in sequence always"),
    Unused(
        "resume",
        "migrateNetwork migrateVPC",
        "a migration that failed is asked for again: it goes on where it stood",
    ),
    Unused("livepatch", "restartNetwork restartVPC", "a restart interrupts nothing that is right"),
    Unused("cleanup", "restartVPC", "a restart has everything anew; machines behind services are providers'"),
    Unused("providertype", "createVirtualRouterElement", "the provider is named by nspid"),
    Unused("podid", "createVlanIpRange", "an address of a range is good in every pod of its zone"),
    Unused(
        "forced forcedestroylocalstorage",
        "deleteHost",
        "a host is deleted when nothing runs on it; that is refused, forced or not",
    ),
    Unused("forced", "deleteTemplate", "a template that instances are of is refused, forced or not"),
    Unused(
        "zoneid zoneids bits requireshvm sshkeyenabled",
        "registerTemplate",
        "a template is wherever a hypervisor knows its image, and as the image is",
    ),
    Unused("domainid", "generateUsageRecords", "usage is there to be read as soon as it was"),
    Unused(
        "automigrate shrinkok",
        "changeServiceForVirtualMachine scaleVirtualMachine",
        "it is about volumes, of which netloom keeps none",
    ),
    Unused("keyboard", "deployVirtualMachine", "there are no consoles"),
    Unused("migrateallowed", "importUnmanagedInstance", "a machine that is taken over stays where it is"),
    Unused("considerlasthost", "startVirtualMachine", "of equal hosts the last one is taken"),
    Unused("templateid", "listServiceOfferings", "every size fits every template"),
    Unused("isrecursive listall", "listResourceLimits", "limits are told of one owner"),
    Unused("enabledrevocationcheck", "uploadSslCert", "nobody is asked about revocations"),
    Unused("fordisplay", "listOsTypes", "all are shown"),
    Unused(
        "keyword",
        "listDedicatedGuestVlanRanges listGuestVlans listInternalLoadBalancerElements listOvsElements listPortableIpRanges"
        " listResourceLimits listStorageNetworkIpRange listUsageRecords listVirtualRouterElements listVpnGateways"
        " listRemoteAccessVpns listVpnConnections listCapacity listProjectInvitations",
        "what is listed has no name",
    ),
)
"""What is passed over."""


def check_stays(name: str, value: str | None, has: str, whose: str) -> None:
    """That a parameter says what is so already, where that cannot be changed; clients send it along with what can.

    Raises:
        InvalidInput: it says something else (`not-done-here`).
    """
    if value and value.strip().lower() != has.lower():
        raise InvalidInput(
            f"the {name} of {whose} is {has} and stays so",
            code="not-done-here",
            subject=name,
            hint="leave it out, or make another one",
        )


def reasons(of: Iterable[Unused]) -> Mapping[tuple[str, str], Unused]:
    """Entries by command and parameter, both in lower case."""
    return {
        (command.lower(), name): entry
        for entry in of
        for command in entry.commands.split()
        for name in entry.names.split()
    }


_REFUSED: Final = reasons(REFUSED)


def check_unused(command: str, names: Iterable[str], given: Parameters) -> None:
    """That nothing is asked for that would silently not be done.

    Args:
        command: in lower case.
        names: its parameters, in lower case.
        given: what was sent.

    Raises:
        InvalidInput: `not-done-here`.
    """
    for name in names:
        entry = _REFUSED.get((command, name))
        if entry is None:
            continue
        value = given.values.get(name, "").strip()
        if given.entries.get(name) or value.lower() not in _NOTHING | entry.unless:
            raise InvalidInput(
                f"{name}: {entry.why}", code="not-done-here", subject=name, hint="leave it out"
            )
