"""What CloudStack's answers say of tags."""
