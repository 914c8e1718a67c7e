"""What CloudStack's answers say of security groups."""
