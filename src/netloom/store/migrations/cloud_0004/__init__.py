"""The tables of the cloud's records as migration 0004 makes them: written once, never changed after a release.

Rule 1: nothing here looks at record types: they go on, this stays.
"""
