"""What CloudStack's answers say of networks."""
