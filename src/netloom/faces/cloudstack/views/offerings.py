"""What CloudStack's answers say of offerings."""
