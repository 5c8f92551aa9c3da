"""Webhooks: calls to other systems when something happens in the registry."""
