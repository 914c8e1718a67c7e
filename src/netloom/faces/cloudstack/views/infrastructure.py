"""What CloudStack's answers say of infrastructure."""
