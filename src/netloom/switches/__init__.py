"""Sessions to the hosts' Open vSwitch: both protocols of a host under one owner, and the switch as a target.

Rule 1: a peer that sends garbage, stalls or floods costs its own session and nobody else's.
Rule 2: what is not ours by its mark (flows by cookie, ports and rows by external_ids) is never touched.
"""
