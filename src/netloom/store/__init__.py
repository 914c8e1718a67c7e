"""Persistence of intent: SQL tables, transactions, allocation by constraint, the change log.

Rule 1: what was acknowledged is on the disk; what failed left nothing behind.
Rule 2: both databases run the same code; what differs (a driver, a pragma, a lock) stands in one place each.
"""
