"""Networks of frames only: no addresses, no router."""
