"""Meguru."""
