"""The cloud's things as values: owners, offerings, networks and their services, addresses, rules, instances, jobs.

Rule 1: a record is frozen and complete; what changes is a new record with the next generation, and the store keeps both.
Rule 2: state words, services, capabilities and providers are CloudStack's; each life is a table beside its record.

Nothing here does I/O, knows the time or draws a number: those are arguments.
"""
