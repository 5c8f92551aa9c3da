"""All operations on principals and tokens."""

from meguru.governance import principals, tokens, whoami
from meguru.governance.kind import PRINCIPAL
from meguru.kernel.declarations import operations_of

specs = operations_of(PRINCIPAL)

__all__ = ["principals", "specs", "tokens", "whoami"]
