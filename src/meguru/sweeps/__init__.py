"""Sweeps: many runs of one pipeline, each with other parameters, to find the best."""
