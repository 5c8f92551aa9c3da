"""Pipelines: typed steps, a static graph, a truthful cache, and an engine that survives kill -9."""
