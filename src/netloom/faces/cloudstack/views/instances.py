"""What CloudStack's answers say of instances."""
