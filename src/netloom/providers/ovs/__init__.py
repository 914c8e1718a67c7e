"""The native SDN provider: tenants' networks as OpenFlow tables and tunnel ports of Open vSwitch."""
