"""`make demo`: every claim of netloom's, measured before your eyes on three hosts with real Open vSwitch.

Rule 1: a claim holds because of packets that were counted, never because an API said so.
Rule 2: what must not arrive is always sent together with what must: silence alone proves nothing.
"""
