"""CloudStack's commands for remote access VPNs and their users."""

from __future__ import annotations

from netloom.app.cloud import vpn_remote as remote
from netloom.app.cloud import vpn_users as users
from netloom.app.cloud.display import UpdateDisplay
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing
from netloom.faces.cloudstack.views.vpn import remote_access_vpn_rows, vpn_user_rows
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.vpn import RemoteAccessVpn, VpnUser
from netloom.store.cloud.records import columns


async def create_remote_access_vpn(call: Call) -> object:
    """Lets people's machines into a network or a VPC by one of its public addresses."""
    return await call.do(
        remote.CREATE,
        remote.CreateRemoteAccessVpn(
            public_ip_id=call.need_uuid("publicipid"),
            clients=call.text("iprange") or None,
            open_firewall=call.flag("openfirewall"),
            for_display=call.flag("fordisplay", default=True),
        ),
    )


def display_asked(call: Call) -> UpdateDisplay:
    """Whether lists shall show something."""
    return UpdateDisplay(id=call.need_uuid("id"), for_display=call.flag("fordisplay"))


async def update_remote_access_vpn(call: Call) -> object:
    """Changes whether a remote access VPN is shown."""
    return await call.do(remote.UPDATE, display_asked(call))


async def delete_remote_access_vpn(call: Call) -> object:
    """Ends the remote access VPN of a public address."""
    request = remote.DeleteRemoteAccessVpn(public_ip_id=call.need_uuid("publicipid"))
    return await call.do(remote.DELETE, request)


async def list_remote_access_vpns(call: Call) -> object:
    """Lists remote access VPNs."""
    c = columns(RemoteAccessVpn)
    return await call.select(
        RemoteAccessVpn,
        call.match(c.id, "id"),
        call.match(c.public_ip_id, "publicipid", PublicIp),
        call.match(c.network_id, "networkid", GuestNetwork),
        call.match(c.for_display, "fordisplay"),
    )


async def add_vpn_user(call: Call) -> object:
    """Adds somebody who may use the remote access VPNs of an account."""
    return await call.do(
        users.ADD,
        users.AddVpnUser(
            username=call.need("username"),
            password=call.need("password"),
            account=call.text("account") or None,
            domain_id=call.uuid("domainid"),
            project_id=call.uuid("projectid"),
        ),
    )


async def remove_vpn_user(call: Call) -> object:
    """Takes somebody off the remote access VPNs of an account."""
    return await call.do(
        users.REMOVE,
        users.RemoveVpnUser(
            username=call.need("username"),
            account=call.text("account") or None,
            domain_id=call.uuid("domainid"),
            project_id=call.uuid("projectid"),
        ),
    )


async def list_vpn_users(call: Call) -> object:
    """Lists who may use the remote access VPNs of an account."""
    c = columns(VpnUser)
    return await call.select(
        VpnUser, call.match(c.id, "id"), call.match(c.username, "username"), keyword=("username",)
    )


_VPN, _USER = "remoteaccessvpn", "vpnuser"

REMOTE_COMMANDS: tuple[Command, ...] = (
    Command(
        "createRemoteAccessVpn",
        create_remote_access_vpn,
        JobAnswer(remote.CREATE, _VPN, remote_access_vpn_rows, made=True),
    ),
    Command(
        "updateRemoteAccessVpn",
        update_remote_access_vpn,
        JobAnswer(remote.UPDATE, _VPN, remote_access_vpn_rows),
    ),
    Command("deleteRemoteAccessVpn", delete_remote_access_vpn, JobAnswer(remote.DELETE)),
    Command("listRemoteAccessVpns", list_remote_access_vpns, Listing(_VPN, remote_access_vpn_rows)),
    Command("addVpnUser", add_vpn_user, JobAnswer(users.ADD, _USER, vpn_user_rows, made=True)),
    Command("removeVpnUser", remove_vpn_user, JobAnswer(users.REMOVE)),
    Command("listVpnUsers", list_vpn_users, Listing(_USER, vpn_user_rows)),
)
