"""What CloudStack's answers say of system."""
