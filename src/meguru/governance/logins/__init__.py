"""Logins of command lines: a person lets one in from their browser (RFC 8628)."""
