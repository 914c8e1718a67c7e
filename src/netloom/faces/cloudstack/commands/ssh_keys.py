"""CloudStack's commands for what instances get to know at their start: SSH keys and user data."""

from __future__ import annotations

from typing import TypeVar

from netloom.app.cloud import instances_change as change
from netloom.app.cloud import ssh_keys, user_data
from netloom.base.errors import NotFound
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing, One, Success
from netloom.faces.cloudstack.see import Row, See
from netloom.faces.cloudstack.views.instances import instance_rows
from netloom.faces.cloudstack.views.templates import key_rows, user_data_rows
from netloom.model.cloud.instances import Instance, SshKey, UserData
from netloom.store.cloud.records import columns

K = TypeVar("K", bound=ssh_keys.RegisterSshKey)


def _key(call: Call, request: type[K], public: str) -> K:
    return request(
        name=call.need("name"),
        public_key=public,
        account=call.text("account") or None,
        domain_id=call.uuid("domainid"),
        project_id=call.uuid("projectid"),
    )


async def create_ssh_key_pair(call: Call) -> Row:
    """Makes a pair of SSH keys and tells the private one, this once."""
    private, public = ssh_keys.new_pair()
    made = await call.do(ssh_keys.CREATE, _key(call, ssh_keys.CreateSshKey, public))
    rows = await call.read(lambda view: key_rows([made.record], See(view)))
    return {**rows[0], "privatekey": private}


async def register_ssh_key_pair(call: Call) -> object:
    """Keeps a public SSH key under a name."""
    return await call.do(ssh_keys.REGISTER, _key(call, ssh_keys.RegisterSshKey, call.need("publickey")))


async def list_ssh_key_pairs(call: Call) -> object:
    """Lists SSH keys."""
    c = columns(SshKey)
    return await call.select(
        SshKey,
        call.match(c.id, "id"),
        call.match(c.name, "name"),
        call.match(c.fingerprint, "fingerprint"),
        keyword=("name", "fingerprint"),
    )


async def delete_ssh_key_pair(call: Call) -> object:
    """Deletes an SSH key by its name."""
    return await call.do(
        ssh_keys.DELETE,
        ssh_keys.DeleteSshKey(
            name=call.need("name"),
            account=call.text("account") or None,
            domain_id=call.uuid("domainid"),
            project_id=call.uuid("projectid"),
        ),
    )


async def reset_ssh_key(call: Call) -> object:
    """Gives a stopped instance other SSH keys."""
    return await call.do(
        change.RESET_KEYS,
        change.ResetKeys(
            id=call.need_uuid("id"), key_pairs=(*call.texts("keypair"), *call.texts("keypairs"))
        ),
    )


async def register_user_data(call: Call) -> object:
    """Keeps user data under a name."""
    return await call.do(
        user_data.REGISTER,
        user_data.RegisterUserData(
            name=call.need("name"),
            data=call.need("userdata"),
            params=call.texts("params"),
            account=call.text("account") or None,
            domain_id=call.uuid("domainid"),
            project_id=call.uuid("projectid"),
        ),
    )


async def list_user_data(call: Call) -> object:
    """Lists user data."""
    c = columns(UserData)
    return await call.select(UserData, call.match(c.id, "id"), call.match(c.name, "name"), keyword=("name",))


async def delete_user_data(call: Call) -> object:
    """Deletes user data that nothing uses."""
    return await call.do(user_data.DELETE, user_data.DeleteUserData(id=call.need_uuid("id")))


async def reset_user_data(call: Call) -> object:
    """Gives a stopped instance other user data."""
    return await call.do(
        change.RESET_USER_DATA,
        change.ResetUserData(
            id=call.need_uuid("id"),
            user_data=call.text("userdata") or None,
            user_data_id=call.uuid("userdataid"),
        ),
    )


async def get_user_data(call: Call) -> Row:
    """Tells the user data of an instance."""
    instance_id = call.need_uuid("virtualmachineid")
    instance = await call.read(lambda view: view.get(Instance, instance_id, "virtualmachineid"))
    if instance.user_data is None:
        raise NotFound(
            f"instance {instance.name} ({instance.id}) has no user data of its own",
            code="user-data-not-found",
            subject="virtualmachineid",
        )
    return {"virtualmachineid": instance.id, "userdata": instance.user_data}


COMMANDS: tuple[Command, ...] = (
    Command("createSSHKeyPair", create_ssh_key_pair, One("keypair")),
    Command("registerSSHKeyPair", register_ssh_key_pair, One("keypair", key_rows)),
    Command("listSSHKeyPairs", list_ssh_key_pairs, Listing("sshkeypair", key_rows)),
    Command("deleteSSHKeyPair", delete_ssh_key_pair, Success()),
    Command(
        "resetSSHKeyForVirtualMachine",
        reset_ssh_key,
        JobAnswer(change.RESET_KEYS, "virtualmachine", instance_rows, about="VirtualMachine", with_id=True),
    ),
    Command("registerUserData", register_user_data, One("userdata", user_data_rows)),
    Command("listUserData", list_user_data, Listing("userdata", user_data_rows)),
    Command("deleteUserData", delete_user_data, Success()),
    Command("resetUserDataForVirtualMachine", reset_user_data, One("virtualmachine", instance_rows)),
    Command("getVirtualMachineUserData", get_user_data, One("virtualmachineuserdata")),
)
