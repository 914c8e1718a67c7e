"""What CloudStack's answers say of VPNs.

Rule 1: shared keys are opened for whoever may see their record; passwords are told to nobody.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from netloom.app.cloud.vpn_secrets import customer_key_place, remote_key_place
from netloom.base.errors import Unavailable
from netloom.faces.cloudstack.see import Row, See
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.vpc import Vpc
from netloom.model.cloud.vpn import (
    CustomerGateway,
    RemoteAccessVpn,
    VpnConnection,
    VpnGateway,
    VpnUser,
    parse_clients,
)


def vpn_gateway_rows(gateways: Sequence[VpnGateway], see: See) -> list[Row]:
    """VPN gateways of VPCs."""
    addresses = see.many(PublicIp, [gateway.public_ip_id for gateway in gateways])
    vpcs = see.many(Vpc, [gateway.vpc_id for gateway in gateways])
    see.owners(gateways)
    see.pending([gateway.id for gateway in gateways])
    rows: list[Row] = []
    for gateway in gateways:
        address, vpc = addresses.get(gateway.public_ip_id), vpcs.get(gateway.vpc_id)
        rows.append(
            {
                "id": gateway.id,
                "publicip": None if address is None else address.address,
                "vpcid": gateway.vpc_id,
                "vpcname": None if vpc is None else vpc.name,
                **see.owner(gateway),
                "fordisplay": gateway.for_display,
                **see.job(gateway.id),
            }
        )
    return rows


def customer_gateway_rows(gateways: Sequence[CustomerGateway], see: See) -> list[Row]:
    """Customer gateways with their keys."""
    see.owners(gateways)
    see.pending([gateway.id for gateway in gateways])
    return [
        {
            "id": gateway.id,
            "name": gateway.name,
            **_described(gateway, see),
            **see.owner(gateway),
            "hasannotations": False,
            **see.job(gateway.id),
        }
        for gateway in gateways
    ]


def vpn_connection_rows(connections: Sequence[VpnConnection], see: See) -> list[Row]:
    """Connections, with what both of their ends are."""
    gateways = see.many(VpnGateway, [connection.gateway_id for connection in connections])
    customers = see.many(CustomerGateway, [connection.customer_gateway_id for connection in connections])
    addresses = see.many(PublicIp, [gateway.public_ip_id for gateway in gateways.values()])
    see.owners(connections)
    see.pending([connection.id for connection in connections])
    rows: list[Row] = []
    for connection in connections:
        gateway = gateways.get(connection.gateway_id)
        customer = customers.get(connection.customer_gateway_id)
        address = None if gateway is None else addresses.get(gateway.public_ip_id)
        rows.append(
            {
                "id": connection.id,
                "s2svpngatewayid": connection.gateway_id,
                "publicip": None if address is None else address.address,
                "s2scustomergatewayid": connection.customer_gateway_id,
                **({} if customer is None else _described(customer, see)),
                "state": connection.state.value,
                "passive": connection.passive,
                **see.owner(connection),
                "created": see.time(connection.created_at),
                "fordisplay": connection.for_display,
                **see.job(connection.id),
            }
        )
    return rows


def remote_access_vpn_rows(vpns: Sequence[RemoteAccessVpn], see: See) -> list[Row]:
    """Remote access VPNs; the clients' range is told without the first address, which is the server's."""
    addresses = see.many(PublicIp, [vpn.public_ip_id for vpn in vpns])
    see.owners(vpns)
    see.pending([vpn.id for vpn in vpns])
    rows: list[Row] = []
    for vpn in vpns:
        address = addresses.get(vpn.public_ip_id)
        first, last = parse_clients(vpn.clients)
        rows.append(
            {
                "id": vpn.id,
                "publicipid": vpn.public_ip_id,
                "publicip": None if address is None else address.address,
                "iprange": f"{ipaddress.IPv4Address(int(first) + 1)}-{last}",
                "presharedkey": _opened(see, vpn.key, remote_key_place(vpn.id)),
                **see.owner(vpn),
                "state": vpn.state.value,
                "fordisplay": vpn.for_display,
                **see.job(vpn.id),
            }
        )
    return rows


def vpn_user_rows(users: Sequence[VpnUser], see: See) -> list[Row]:
    """Users; nobody is told their passwords."""
    see.owners(users)
    see.pending([user.id for user in users])
    return [
        {
            "id": user.id,
            "username": user.username,
            **see.owner(user),
            "state": user.state.value,
            **see.job(user.id),
        }
        for user in users
    ]


def _described(gateway: CustomerGateway, see: See) -> Row:
    return {
        "gateway": gateway.gateway,
        "cidrlist": ",".join(gateway.cidrs),
        "ipsecpsk": _opened(see, gateway.key, customer_key_place(gateway.id)),
        "ikepolicy": gateway.ike_policy,
        "esppolicy": gateway.esp_policy,
        "ikelifetime": gateway.ike_lifetime,
        "esplifetime": gateway.esp_lifetime,
        "dpd": gateway.dead_peer_detection,
        "forceencap": gateway.force_encapsulation,
        "splitconnections": gateway.split_connections,
        "ikeversion": gateway.ike_version.value,
    }


def _opened(see: See, sealed: str, place: str) -> str | None:
    """A key; None when it was sealed with another file than the one that is there now: the rest is told all the same."""
    try:
        return see.view.backends.vault.open(sealed, place)
    except Unavailable:
        return None
