"""OVSDB (RFC 7047 and ovsdb-server(7)) without I/O: connection, transactions, replica, typed rows of Open vSwitch."""
