"""Automation: when an event matches, start an action, and never twice for the same event."""
