"""What CloudStack's answers say of jobs."""
