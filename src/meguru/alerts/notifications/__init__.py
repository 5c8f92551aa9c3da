"""Notifications: who is told of alerts and of other events, by which channels, at which hours."""
