"""Everything at one glance: what is live, what is at work, what failed and what waits for a person."""
