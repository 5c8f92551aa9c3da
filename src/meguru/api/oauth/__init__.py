"""Tokens by the standard ways: token exchange (RFC 8693) and the device flow (RFC 8628)."""

from meguru.api.oauth.routes import oauth_routes

__all__ = ["oauth_routes"]
