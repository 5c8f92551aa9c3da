"""Signing keys: those of the server, sealed, and the public keys of people; which were valid when."""
