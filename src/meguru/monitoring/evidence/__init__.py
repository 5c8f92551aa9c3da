"""What made a monitor ring, kept as it was: distributions, windows before, and what most likely caused it."""
