"""Experiments: named groups of runs, with a number for MLflow's clients. A deleted one is only marked."""
