"""Use cases: what a face can ask of netloom, each authorised, validated, allocated and durable before it is answered.

Rule 1: a use case decides everything that must be remembered in one transaction and answers after it is on the disk.
Rule 2: hosts follow afterwards; nothing here waits for a switch unless the caller asked to.
"""
