"""Predictions that were answered, and the outcomes that arrive for them later."""
