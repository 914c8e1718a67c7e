"""`make demo-cloud`: what a cloud's operator and its tenants are promised, measured on four hosts with real Open vSwitch.

Rule 1: what is made is made by the example files and the public API; the lab is the hypervisor that runs the machines.
Rule 2: what no installed provider does is measured as a refusal that says so, never passed over.
"""
