"""Demonstrations: real data, played through the whole system from outside."""
