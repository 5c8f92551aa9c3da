"""Signing in: who a person is, as an OpenID provider says."""
