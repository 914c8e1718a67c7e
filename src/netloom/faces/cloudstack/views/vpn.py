"""What CloudStack's answers say of vpn."""
