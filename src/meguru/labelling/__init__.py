"""Labelling: people say what really happened to a sample of predictions."""
