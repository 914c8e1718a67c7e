"""The network that public addresses are on."""
