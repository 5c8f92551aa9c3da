"""All operations of signing keys."""

from meguru.governance.signing_keys.people import add, list_keys, revoke, show
from meguru.governance.signing_keys.server import rotate

__all__ = ["add", "list_keys", "revoke", "rotate", "show"]
