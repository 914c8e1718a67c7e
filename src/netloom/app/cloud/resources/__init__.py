"""The cloud's records as resources: one table made from the use cases, behind REST, the command line and files alike.

Rule 1: a kind, action or field that a use case has is served without a line here; only what is irregular is declared.
Rule 2: whoever asks is a caller of the use cases: what it may not see is not found, whatever way it is asked for.
"""
