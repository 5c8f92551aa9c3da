"""All operations on principals and tokens."""

from meguru.governance import principals, tokens

__all__ = ["principals", "tokens"]
