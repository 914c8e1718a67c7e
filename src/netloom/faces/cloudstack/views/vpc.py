"""What CloudStack's answers say of vpc."""
