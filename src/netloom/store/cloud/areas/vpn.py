"""The tables of VPNs. Keys and passwords are sealed before they get here, and are no part of the audit."""

from __future__ import annotations

from netloom.model.cloud.vpn import CustomerGateway, RemoteAccessVpn, VpnConnection, VpnGateway, VpnUser
from netloom.store.cloud.table import RecordTable

_OWNER = {"account_id": "account", "domain_id": "domain"}

TABLES: tuple[RecordTable, ...] = (
    RecordTable(
        "vpn_gateway",
        VpnGateway,
        unique=(("vpc_id",),),
        indexes=(("account_id", "number"), ("public_ip_id",)),
        references={**_OWNER, "vpc_id": "vpc", "public_ip_id": "public_ip"},
    ),
    RecordTable(
        "customer_gateway",
        CustomerGateway,
        unique=(("account_id", "name"),),
        references=_OWNER,
        secrets=("key",),
    ),
    RecordTable(
        "vpn_connection",
        VpnConnection,
        unique=(("gateway_id", "customer_gateway_id"),),
        indexes=(("account_id", "number"), ("vpc_id",), ("customer_gateway_id",)),
        references={
            **_OWNER,
            "vpc_id": "vpc",
            "gateway_id": "vpn_gateway",
            "customer_gateway_id": "customer_gateway",
        },
    ),
    RecordTable(
        "remote_access_vpn",
        RemoteAccessVpn,
        unique=(("public_ip_id",), ("network_id",)),
        indexes=(("account_id", "number"), ("vpc_id",)),
        references={**_OWNER, "public_ip_id": "public_ip", "vpc_id": "vpc"},
        natives={"network_id": "networks"},
        secrets=("key",),
    ),
    RecordTable(
        "vpn_user",
        VpnUser,
        unique=(("account_id", "username"),),
        references=_OWNER,
        secrets=("password",),
    ),
)
