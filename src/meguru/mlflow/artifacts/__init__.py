"""Files of runs and models."""
