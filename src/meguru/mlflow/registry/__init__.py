"""Registered models, versions, aliases, webhooks."""
