"""What CloudStack's answers say of rules."""
