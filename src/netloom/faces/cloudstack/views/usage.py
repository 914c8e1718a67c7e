"""What CloudStack's answers say of usage."""
