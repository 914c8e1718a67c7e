"""The network that storage is reached by."""
