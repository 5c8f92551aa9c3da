"""Datasets: named, versioned, immutable files with a schema and a profile."""
