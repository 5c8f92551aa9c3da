"""Tracking: experiments, and runs with their params, metric series, tags and artifacts."""
