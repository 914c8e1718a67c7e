"""What netloom has none of is listed as none, and as any list: with a page, and to who may ask."""

from __future__ import annotations

import pytest
from tests.faces.cloudstack.replay.client import Client

from netloom.faces.cloudstack.commands.appliances import COMMANDS
from netloom.faces.cloudstack.protocol.envelopes import response_key


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
async def test_there_is_none_of_it(admin: Client, stranger: Client, command: str) -> None:
    assert await admin.call(command) == (200, {response_key(command): {}})
    assert await admin.call(command, page="2", pagesize="10") == (200, {response_key(command): {}})
    assert (await admin.call(command, page="1"))[0] == 431
    assert (await stranger.call(command))[0] == 401


async def test_an_id_of_what_there_is_none_of_leads_nowhere(admin: Client) -> None:
    """Passed over, it would have the list show everything, and a machine come without the disk that was asked for."""
    nowhere = "3f2b8c1e-5d0a-4c7e-9b1f-0123456789ab"
    for command, name in (
        ("listVolumes", "id"),
        ("listVirtualMachines", "backupofferingid"),
        ("listTemplates", "storageid"),
    ):
        status, body = await admin.call(command, **{"templatefilter": "all", name: nowhere})
        told = body[response_key(command)]
        assert (status, told["cserrorcode"]) == (431, 9999)
        assert f"Invalid parameter {name} value={nowhere} due to incorrect long value" in told["errortext"]
        assert (await admin.call(command, **{"templatefilter": "all", name: ""}))[0] == 200


async def test_terraforms_look_at_the_root_volume_of_an_instance_is_answered_to_tenants(
    admin: Client,
) -> None:
    made = await admin.result(
        "createAccount", username="alice", password="long enough", email="a@example.org", firstname="A", lastname="L",
        accounttype="0",
    )  # fmt: skip
    pair = (await admin.result("registerUserKeys", id=made["account"]["user"][0]["id"]))["userkeys"]
    alice = admin.signing(pair["apikey"], pair["secretkey"])
    sent = {"type": "ROOT", "virtualmachineid": "3f2b8c1e-5d0a-4c7e-9b1f-0123456789ab"}
    assert await alice.call("listVolumes", **sent) == (200, {"listvolumesresponse": {}})
