"""What CloudStack's answers say of addresses."""
