"""Endpoints: stable names behind which a model answers, and the data plane that serves them."""
