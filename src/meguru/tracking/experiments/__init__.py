"""Experiments: named groups of runs, with a number for other protocols. A deleted one is only marked."""
