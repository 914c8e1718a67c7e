"""netloom: tenant networks for KVM and Xen clouds on Open vSwitch."""

__version__ = "0.1.0"
