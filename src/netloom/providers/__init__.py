"""Providers: what turns intent into the desired state of a data plane. Independent of each other."""
