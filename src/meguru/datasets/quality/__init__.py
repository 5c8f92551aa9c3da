"""How good the rows of a version are: what is missing, repeated, odd, or not what it seems."""
