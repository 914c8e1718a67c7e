"""Keeping targets true: compare what is desired with what is there, apply the difference, remember the outcome.

Rule 1: level, not edge: an event only says "look at this key again"; the desired state is looked up when its turn comes.
Rule 2: nothing is removed, and nothing that is there is narrowed, before the inputs are complete.
"""
