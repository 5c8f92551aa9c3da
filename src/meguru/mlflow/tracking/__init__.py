"""Experiments, runs, metrics: what MLflow's clients track."""
