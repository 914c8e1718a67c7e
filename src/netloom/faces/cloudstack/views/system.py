"""What CloudStack's answers say of settings and of what a cloud can do."""

from __future__ import annotations

from collections.abc import Mapping

from netloom.faces.cloudstack.protocol.envelopes import VERSION
from netloom.faces.cloudstack.see import Row
from netloom.model.cloud.configuration import Setting


def setting_row(setting: Setting, value: str) -> Row:
    """A setting."""
    return {
        "category": setting.category,
        "name": setting.name,
        "value": value,
        "defaultvalue": setting.default,
        "description": setting.description,
        "isdynamic": True,
        "type": setting.type.value,
        "component": "netloom",
        "scope": "",
        "displaytext": setting.name.replace(".", " "),
    }


def capability_row(*, security_groups: bool, values: Mapping[str, str]) -> Row:
    """What this cloud can do, as clients ask before they show anything."""
    return {
        "securitygroupsenabled": security_groups,
        "dynamicrolesenabled": True,
        "cloudstackversion": VERSION,
        "userpublictemplateenabled": False,
        "supportELB": "false",
        "projectinviterequired": False,
        "allowusercreateprojects": values.get("allow.user.create.projects", "true") == "true",
        "customdiskofferingminsize": 1,
        "customdiskofferingmaxsize": 1024,
        "regionsecondaryenabled": False,
        "kvmsnapshotenabled": False,
        "allowuserviewdestroyedvm": False,
        "allowuserexpungerecovervm": False,
        "allowuserexpungerecovervolume": False,
        "allowuserviewalldomainaccounts": False,
        "allowuserforcestopvm": True,
        "kubernetesserviceenabled": False,
        "kubernetesclusterexperimentalfeaturesenabled": False,
        "customhypervisordisplayname": "Custom",
        "defaultuipagesize": 20,
        "instancesstatsretentiontime": 0,
        "instancesstatsuseronly": False,
        "instancesdisksstatsretentionenabled": False,
        "instancesdisksstatsretentiontime": 0,
        "sharedfsvmmincpucount": 0,
        "sharedfsvmminramsize": 0,
        "dynamicscalingenabled": False,
        "additionalconfigenabled": False,
    }
