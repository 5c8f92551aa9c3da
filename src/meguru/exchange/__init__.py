"""To and from other systems: what they keep comes over whole, and goes back whole."""
