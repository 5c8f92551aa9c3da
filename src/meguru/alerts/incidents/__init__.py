"""Incidents: what went wrong, from the alert to what was done and the test that stays."""
