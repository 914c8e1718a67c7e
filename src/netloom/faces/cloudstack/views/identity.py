"""What CloudStack's answers say of identity."""
