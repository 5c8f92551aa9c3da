"""What steps print: read while they run, kept when they end, without the secrets that were printed."""
