"""Networks shared by many accounts, on a VLAN of the operator's."""
