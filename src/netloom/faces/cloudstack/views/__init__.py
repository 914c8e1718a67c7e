"""What the cloud's records look like in CloudStack's answers, a file per area."""
