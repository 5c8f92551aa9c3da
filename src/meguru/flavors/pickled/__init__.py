"""Pickles, looked at from outside: what one would import is listed, and nothing of it is built here."""
