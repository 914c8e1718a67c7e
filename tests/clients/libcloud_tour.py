"""What a user of libcloud does with networks, in the order of a day; prints what the driver made of the answers as JSON.

Runs with the clients' Python, which has libcloud and nothing of netloom.
"""

import json
import os
import sys
import urllib.parse

from libcloud.compute.drivers.cloudstack import CloudStackNetwork
from libcloud.compute.providers import get_driver
from libcloud.compute.types import Provider

url = urllib.parse.urlsplit(os.environ["CLOUDSTACK_ENDPOINT"])
driver = get_driver(Provider.CLOUDSTACK)(
    key=os.environ["CLOUDSTACK_KEY"], secret=os.environ["CLOUDSTACK_SECRET"], secure=False, url=url.geturl()
)
told = {}

location = driver.list_locations()[0]
offering = next(
    o for o in driver.ex_list_network_offerings() if o.name.endswith("SourceNatService") and not o.for_vpc
)
network = driver.ex_create_network(
    display_text="libcloud", name="libcloud", network_offering=offering, location=location
)

address = driver.ex_allocate_public_ip(network_id=network.id)
told["address"] = {"listed": any(a.id == address.id for a in driver.ex_list_public_ips())}
rule = driver.ex_create_firewall_rule(address, "198.51.100.0/24", "tcp", start_port=443, end_port=443)
told["firewall"] = {
    "protocol": rule.protocol,
    "start": int(rule.start_port),
    "end": int(rule.end_port),
    "cidr": rule.cidr_list,
    "deleted": driver.ex_delete_firewall_rule(rule),
}
egress = driver.ex_create_egress_firewall_rule(network.id, "10.1.1.0/24", "tcp", start_port=25, end_port=25)
told["egress"] = {
    "protocol": egress.protocol,
    "start": int(egress.start_port),
    "listed": any(e.id == egress.id for e in driver.ex_list_egress_firewall_rules()),
    "deleted": driver.ex_delete_egress_firewall_rule(egress),
}
node = driver.create_node(
    name="libcloud-node",
    image=driver.list_images()[0],
    size=driver.list_sizes()[0],
    location=location,
    networks=[network],
    ex_start_vm=True,
)
listed = next(each for each in driver.list_nodes() if each.id == node.id)
told["node"] = {
    "name": listed.name,
    "state": str(listed.state),
    "addresses": listed.private_ips,
    "stopped": driver.ex_stop(listed),
    "destroyed": driver.destroy_node(listed, ex_expunge=True),
}
told["network"] = {"name": network.name, "listed": any(n.id == network.id for n in driver.ex_list_networks())}
# The first address is what the network is seen as outside: it goes with the network; a second one can be given back.
second = driver.ex_allocate_public_ip(network_id=network.id)
told["address"]["released"] = driver.ex_release_public_ip(second)
told["network"]["deleted"] = driver.ex_delete_network(network)

vpc_offering = next(o for o in driver.ex_list_vpc_offerings() if o.name == "Default VPC offering")
vpc = driver.ex_create_vpc(
    cidr="10.9.0.0/16",
    display_text="libcloud",
    name="libcloud-vpc",
    vpc_offering=vpc_offering,
    zone_id=location.id,
)
tier_offering = next(
    o for o in driver.ex_list_network_offerings() if o.name == "DefaultIsolatedNetworkOfferingForVpcNetworks"
)


def tier(name: str, gateway: str) -> CloudStackNetwork:
    """A tier of the VPC."""
    return driver.ex_create_network(
        display_text=name, name=name, network_offering=tier_offering, location=location, vpc_id=vpc.id, gateway=gateway,
        netmask="255.255.255.0",
    )  # fmt: skip


acl = driver.ex_create_network_acllist("libcloud-list", vpc.id, "for the tour")
item = driver.ex_create_network_acl("tcp", acl.id, "198.51.100.0/24", start_port=8080, end_port=8080, action="Allow",
                                    traffic_type="Ingress")  # fmt: skip
listed = next(each for each in driver.ex_list_network_acl() if each.id == item.id)
web = tier("web", "10.9.1.1")
try:
    tier("elsewhere", "10.10.1.1")
    told["refused"] = "no"
except Exception as error:  # noqa: BLE001 - the driver's own kinds of errors are not this tour's to know
    told["refused"] = str(error)
told["vpc"] = {"name": vpc.name, "cidr": vpc.cidr, "tier": web.name}
driver.ex_delete_network(web)
told["acl"] = {"list": acl.name, "protocol": listed.protocol, "port": int(listed.start_port or 0)}
told["vpc"]["deleted"] = driver.ex_delete_vpc(vpc)

json.dump(told, sys.stdout)
