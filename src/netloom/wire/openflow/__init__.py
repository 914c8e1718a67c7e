"""OpenFlow 1.3 to 1.5 with what Open vSwitch adds to it."""
