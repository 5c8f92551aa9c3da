"""OpenID Connect: what a provider says of itself, its keys, and what it signed. Needs the extra ``oidc``."""
