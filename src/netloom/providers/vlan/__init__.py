"""Isolated networks on VLANs."""
