"""Webhooks: calls to other systems when something happens."""
