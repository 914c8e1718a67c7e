"""VPNs between sites and for remote access: what may be, what providers are told, and what goes with what."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator

import msgspec
import pytest
from tests.app.cloud.rules_stage import Stage, staged
from tests.app.cloud.vpcs import VpcStage, vpc_staged

from netloom.app.cloud import (
    addresses,
    configuration_change,
    vpc_life,
    vpn_connections,
    vpn_customers,
    vpn_gateways,
)
from netloom.app.cloud import vpn_remote as remote
from netloom.app.cloud import vpn_users as users
from netloom.app.cloud.configuration import UpdateConfiguration
from netloom.app.cloud.vpc_life import DeleteVpc
from netloom.app.cloud.vpn_connections import CreateVpnConnection, NameVpnConnection, observed
from netloom.app.cloud.vpn_customers import CreateCustomerGateway, UpdateCustomerGateway
from netloom.app.cloud.vpn_gateways import CreateVpnGateway
from netloom.app.cloud.vpn_secrets import customer_key_place, remote_key_place
from netloom.base.errors import Conflict, Exhausted, InvalidInput, NetloomError, NotFound, PeerError
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Caller
from netloom.model.cloud.jobs import Audit
from netloom.model.cloud.rules import FirewallRule
from netloom.model.cloud.vpc import Vpc
from netloom.model.cloud.vpn import (
    CONNECTION_TABLE,
    ConnectionEvent,
    ConnectionState,
    CustomerGateway,
    RemoteAccessVpn,
    RemoteVpnState,
    VpnConnection,
    VpnGateway,
    VpnUser,
)
from netloom.plan.elements import Outcome, RuleStage
from netloom.plan.vpc_elements import VpcPart

SECRET = "s3cret-of-the-customer"


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[VpcStage]:
    async with vpc_staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


@pytest.fixture
async def flat(tmp_path: pathlib.Path) -> AsyncIterator[Stage]:
    async with staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


def customer(name: str = "paris", **other: object) -> CreateCustomerGateway:
    fields = {
        "name": name,
        "gateway": "198.51.100.7",
        "cidrs": ["172.30.0.0/16"],
        "key": SECRET,
        "ike_policy": "aes128-sha1;modp1536",
        "esp_policy": "aes128-sha1",
    }
    return msgspec.convert(fields | other, CreateCustomerGateway)


async def gateway(stage: VpcStage, vpc: Vpc) -> VpnGateway:
    return await stage.stage.do(vpn_gateways.CREATE_GATEWAY, CreateVpnGateway(vpc_id=Uuid(vpc.id)))


async def far(stage: VpcStage, name: str = "paris", **other: object) -> CustomerGateway:
    return await stage.stage.do(vpn_customers.CREATE_CUSTOMER, customer(name, **other))


async def connect(stage: VpcStage, near: VpnGateway, end: CustomerGateway) -> VpnConnection:
    request = CreateVpnConnection(gateway_id=Uuid(near.id), customer_gateway_id=Uuid(end.id))
    return await stage.stage.do(vpn_connections.CREATE, request)


async def configure(stage: Stage, name: str, value: str) -> None:
    await stage.do(configuration_change.UPDATE, UpdateConfiguration(name=name, value=value), stage.who.root)


# -- between sites ---------------------------------------------------------------------------------------------------


async def test_a_connection_is_brought_to_the_vpcs_router_with_both_ends(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    near, end = await gateway(stage, vpc), await far(stage)
    made = await connect(stage, near, end)
    assert made.state is ConnectionState.CONNECTING
    told = stage.told_part(vpc.id, VpcPart.SITE_TO_SITE_VPN)
    assert {type(record) for record in told} == {VpnGateway, CustomerGateway, VpnConnection}
    assert [record.key for record in told if isinstance(record, CustomerGateway)] == [SECRET]
    assert near.public_ip_id == next(each.public_ip_id for each in told if isinstance(each, VpnGateway))


async def test_a_vpc_has_one_gateway_and_two_ends_one_connection(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    near, end = await gateway(stage, vpc), await far(stage)
    with pytest.raises(Conflict) as caught:
        await gateway(stage, vpc)
    assert caught.value.stable_code == "vpn-gateway-taken"
    made = await connect(stage, near, end)
    with pytest.raises(Conflict) as caught:
        await connect(stage, near, end)
    assert caught.value.stable_code == "vpn-connection-taken"
    assert made.id in str(caught.value)


async def test_networks_that_are_reached_twice_are_refused(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    near = await gateway(stage, vpc)
    for cidr in ("10.50.128.0/24", "10.0.0.0/8"):
        end = await far(stage, f"c{cidr[:4]}{cidr[-1]}", cidrs=[cidr])
        with pytest.raises(Conflict) as caught:
            await connect(stage, near, end)
        assert caught.value.stable_code == "vpn-networks-overlap"
    await connect(stage, near, await far(stage))
    rival = await far(stage, "lyon", cidrs=["172.30.5.0/24"])
    with pytest.raises(Conflict, match=r"172\.30"):
        await connect(stage, near, rival)
    apart = await far(stage, "rome", cidrs=["172.31.0.0/16"])
    await connect(stage, near, apart)
    # What is described anew is looked at as well: it would reach Paris' networks a second time.
    changed = {**msgspec.to_builtins(customer("rome")), "id": apart.id, "cidrs": ["172.30.0.0/16"]}
    for field in ("account", "domain_id", "project_id"):
        changed.pop(field)
    with pytest.raises(Conflict):
        await stage.stage.do(vpn_customers.UPDATE_CUSTOMER, msgspec.convert(changed, UpdateCustomerGateway))


async def test_a_gateway_has_no_more_connections_than_the_setting_says(stage: VpcStage) -> None:
    await configure(stage.stage, "site2site.vpn.vpngateway.connection.limit", "1")
    near = await gateway(stage, await stage.vpc())
    await connect(stage, near, await far(stage))
    with pytest.raises(Exhausted) as caught:
        await connect(stage, near, await far(stage, "lyon", cidrs=["172.31.0.0/16"]))
    assert caught.value.stable_code == "vpn-connection-limit"


@pytest.mark.parametrize(
    ("wrong", "subject"),
    [
        ({"gateway": "127.0.0.1"}, "gateway"),
        ({"gateway": "not a name"}, "gateway"),
        ({"cidrs": []}, "cidrlist"),
        ({"cidrs": ["fd00::/64"]}, "cidrlist"),
        ({"cidrs": [f"172.{number}.0.0/16" for number in range(16, 27)]}, "cidrlist"),
        ({"key": "with blank"}, "ipsecpsk"),
        ({"ike_policy": "rot13"}, "ikepolicy"),
        ({"ike_policy": "aes128-sha1"}, "ikepolicy"),
        ({"esp_policy": "aes128-sha1;modp9"}, "esppolicy"),
        ({"ike_lifetime": 86401}, "ikelifetime"),
        ({"esp_lifetime": 0}, "esplifetime"),
        ({"ike_version": "ikev3"}, "ikeversion"),
    ],
)
async def test_customer_gateways_that_cannot_be(
    stage: VpcStage, wrong: dict[str, object], subject: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await far(stage, **wrong)
    assert caught.value.subject == subject
    assert SECRET not in str(caught.value)


async def test_a_key_is_nowhere_in_clear(stage: VpcStage) -> None:
    end = await far(stage)
    assert SECRET not in end.key
    assert stage.stage.cloud.backends.vault.open(end.key, customer_key_place(end.id)) == SECRET
    told = [audit for audit in await stage.stage.all(Audit) if audit.resource_id == end.id]
    assert told
    assert not any(SECRET in f"{audit.before} {audit.after}" or end.key in f"{audit.after}" for audit in told)


async def test_what_a_router_says_moves_a_connection_and_old_words_do_not(stage: VpcStage) -> None:
    made = await connect(stage, await gateway(stage, await stage.vpc()), await far(stage))

    async def say(event: ConnectionEvent) -> ConnectionState:
        await stage.stage.write(lambda work: observed(work, Uuid(made.id), event))
        (now,) = await stage.stage.all(VpnConnection)
        return now.state

    assert await say(ConnectionEvent.UP) is ConnectionState.CONNECTED
    assert await say(ConnectionEvent.UP) is ConnectionState.CONNECTED  # said twice
    assert await say(ConnectionEvent.DOWN) is ConnectionState.DISCONNECTED
    assert await say(ConnectionEvent.FAIL) is ConnectionState.ERROR
    assert await say(ConnectionEvent.UP) is ConnectionState.ERROR
    reset = await stage.stage.do(vpn_connections.RESET, NameVpnConnection(id=Uuid(made.id)))
    assert reset.state is ConnectionState.CONNECTING


async def test_a_connection_that_its_router_refuses_stays_and_can_begin_anew(stage: VpcStage) -> None:
    near, end = await gateway(stage, await stage.vpc()), await far(stage)
    refusals = stage.stage.notebook.refusals
    refusals[VpcPart.SITE_TO_SITE_VPN] = Outcome(done=False, reason="no strongSwan")
    with pytest.raises(PeerError):
        await connect(stage, near, end)
    (made,) = await stage.stage.all(VpnConnection)
    assert made.state is ConnectionState.ERROR
    del refusals[VpcPart.SITE_TO_SITE_VPN]
    again = await stage.stage.do(vpn_connections.RESET, NameVpnConnection(id=Uuid(made.id)))
    assert again.state is ConnectionState.CONNECTING


async def test_what_is_used_stays_and_a_vpc_takes_its_own_along(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    near, end = await gateway(stage, vpc), await far(stage)
    made = await connect(stage, near, end)
    for use_case, request in (
        (vpn_gateways.DELETE_GATEWAY, vpn_gateways.DeleteVpnGateway(id=Uuid(near.id))),
        (vpn_customers.DELETE_CUSTOMER, vpn_customers.DeleteCustomerGateway(id=Uuid(end.id))),
    ):
        with pytest.raises(Conflict) as caught:
            await stage.stage.do(use_case, request)  # type: ignore[arg-type]
        assert caught.value.stable_code == "vpn-in-use"
    await stage.stage.do(vpn_connections.DELETE, NameVpnConnection(id=Uuid(made.id)))
    assert stage.told_part(vpc.id, VpcPart.SITE_TO_SITE_VPN) == ()
    await connect(stage, near, end)
    await stage.stage.do(vpc_life.DELETE, DeleteVpc(id=Uuid(vpc.id)))
    for record_type in (Vpc, VpnConnection, VpnGateway):
        assert await stage.stage.all(record_type) == []
    assert await stage.stage.all(CustomerGateway) == [end]


async def test_vpns_of_others_are_not_found(stage: VpcStage) -> None:
    near, end = await gateway(stage, await stage.vpc()), await far(stage)
    mallory: Caller = stage.stage.who.mallory
    for use_case, request in (
        (vpn_gateways.CREATE_GATEWAY, CreateVpnGateway(vpc_id=Uuid(near.vpc_id))),
        (vpn_gateways.DELETE_GATEWAY, vpn_gateways.DeleteVpnGateway(id=Uuid(near.id))),
        (vpn_customers.DELETE_CUSTOMER, vpn_customers.DeleteCustomerGateway(id=Uuid(end.id))),
        (
            vpn_connections.CREATE,
            CreateVpnConnection(gateway_id=Uuid(near.id), customer_gateway_id=Uuid(end.id)),
        ),
    ):
        with pytest.raises(NotFound):
            await stage.stage.do(use_case, request, mallory)  # type: ignore[arg-type]


def test_every_state_can_be_left_and_removed_ones_stay() -> None:
    for state in ConnectionState:
        assert (state, ConnectionEvent.REMOVE) in CONNECTION_TABLE
    leaving = {after for (before, _), after in CONNECTION_TABLE.items() if before is ConnectionState.REMOVED}
    assert leaving == {ConnectionState.REMOVED}


# -- remote access ---------------------------------------------------------------------------------------------------


async def vpn_on(flat: Stage, **other: object) -> RemoteAccessVpn:
    ip = await flat.extra()
    request = msgspec.convert({"public_ip_id": ip.id} | other, remote.CreateRemoteAccessVpn)
    return await flat.do(remote.CREATE, request)


def told(flat: Stage) -> list[str]:
    found = flat.notebook.rules[flat.network.id, RuleStage.REMOTE_ACCESS_VPN]
    return [type(record).__name__ for record in found]


async def test_a_remote_access_vpn_runs_with_its_ports_opened_and_its_users(flat: Stage) -> None:
    await flat.do(users.ADD, users.AddVpnUser(username="ann", password="pw-of-ann"))
    made = await vpn_on(flat)
    assert made.state is RemoteVpnState.RUNNING
    assert made.clients == "10.1.2.1-10.1.2.8"
    key = flat.cloud.backends.vault.open(made.key, remote_key_place(made.id))
    assert len(key) >= 8
    opened = [rule for rule in await flat.all(FirewallRule) if rule.related_id == made.id]
    assert sorted(rule.traffic.ports.first for rule in opened if rule.traffic.ports) == [500, 1701, 4500]
    assert told(flat) == ["PublicIp", "RemoteAccessVpn", "VpnUser"]
    router = flat.notebook.rules[flat.network.id, RuleStage.REMOTE_ACCESS_VPN]
    assert [record.key for record in router if isinstance(record, RemoteAccessVpn)] == [key]
    assert [record.password for record in router if isinstance(record, VpnUser)] == ["pw-of-ann"]
    await flat.do(users.ADD, users.AddVpnUser(username="bob", password="pw-of-bob"))
    assert told(flat).count("VpnUser") == 2
    await flat.do(users.REMOVE, users.RemoveVpnUser(username="ann"))
    assert told(flat).count("VpnUser") == 1
    await flat.do(remote.DELETE, remote.DeleteRemoteAccessVpn(public_ip_id=made.public_ip_id))
    assert told(flat) == []
    assert await flat.all(RemoteAccessVpn) == []
    assert [rule for rule in await flat.all(FirewallRule) if rule.related_id == made.id] == []


async def test_an_address_and_a_network_have_one_vpn(flat: Stage) -> None:
    made = await vpn_on(flat)
    with pytest.raises(Conflict):
        await flat.do(remote.CREATE, remote.CreateRemoteAccessVpn(public_ip_id=made.public_ip_id))
    with pytest.raises(Conflict):
        await vpn_on(flat)


@pytest.mark.parametrize("clients", ["10.1.2.8", "10.1.2.8-10.1.2.1", "10.1.2.1-10.9.2.8", "fd00::1-fd00::8"])
async def test_ranges_of_clients_that_cannot_be(flat: Stage, clients: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await vpn_on(flat, clients=clients)
    assert caught.value.subject == "iprange"


async def test_clients_are_apart_from_the_network(flat: Stage) -> None:
    assert flat.network.cidr is not None
    start = flat.network.cidr.rpartition(".")[0]
    with pytest.raises(Conflict) as caught:
        await vpn_on(flat, clients=f"{start}.240-{start}.248")
    assert caught.value.stable_code == "vpn-networks-overlap"


async def test_a_vpn_that_its_provider_refuses_leaves_nothing(flat: Stage) -> None:
    flat.notebook.refusals[RuleStage.REMOTE_ACCESS_VPN] = Outcome(done=False, reason="no xl2tpd")
    with pytest.raises(PeerError):
        await vpn_on(flat)
    assert await flat.all(RemoteAccessVpn) == []
    assert await flat.all(FirewallRule) == []


async def test_an_address_that_is_given_back_takes_its_vpn_along(flat: Stage) -> None:
    made = await vpn_on(flat)
    await flat.do(addresses.DISASSOCIATE_IP, addresses.NamedIp(id=made.public_ip_id))
    assert await flat.all(RemoteAccessVpn) == []
    assert told(flat) == []


async def test_users_are_unique_in_an_account_and_bounded(flat: Stage) -> None:
    ann = users.AddVpnUser(username="ann", password="pw-of-ann")
    made = await flat.do(users.ADD, ann)
    assert "pw-of-ann" not in made.password
    with pytest.raises(Conflict) as caught:
        await flat.do(users.ADD, ann)
    assert caught.value.stable_code == "vpn-user-taken"
    await flat.do(users.ADD, ann, flat.who.bob)
    await configure(flat, "remote.access.vpn.user.limit", "1")
    with pytest.raises(Exhausted):
        await flat.do(users.ADD, users.AddVpnUser(username="bob", password="pw-of-bob"))
    wrong: list[type[NetloomError]] = []
    for name, password in (("x", "pw-of-x"), ("xavier", "pw"), ("-xavier", "pw-of-x"), ("xavier", "pw of x")):
        with pytest.raises(InvalidInput) as refused:
            await flat.do(users.ADD, users.AddVpnUser(username=name, password=password), flat.who.carol)
        wrong.append(type(refused.value))
    assert len(wrong) == 4
    with pytest.raises(NotFound):
        await flat.do(users.REMOVE, users.RemoveVpnUser(username="nobody"))
    assert len(await flat.all(VpnUser)) == 2
