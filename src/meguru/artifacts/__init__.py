"""Artifacts: named immutable trees of files, and the graph of what was made from what."""
