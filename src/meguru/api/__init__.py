"""Protocols in which others talk to Meguru; each is an adapter that calls operations."""
