"""Alerts: what needs a person, from the event that says so to the one that answers it; and who is told."""
