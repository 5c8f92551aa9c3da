"""Releases: everything that goes live together, under one digest, with the verdicts that let it."""
