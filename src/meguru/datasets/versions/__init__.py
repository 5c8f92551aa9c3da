"""Versions cost what changed: files that stay, positions of rows that are gone, and what is new."""
