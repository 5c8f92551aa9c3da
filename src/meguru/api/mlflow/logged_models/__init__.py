"""Models that runs saved."""
