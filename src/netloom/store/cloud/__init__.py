"""The cloud's records in tables made from their types: one place for rows, conditions, and constraints.

Rule 1: a table follows from its record; an area says only what the type cannot: what is unique, indexed, referring to what.
Rule 2: records are read and written through `Records`, in the caller's transaction; nothing here knows who asks.
"""
