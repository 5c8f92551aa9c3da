"""All operations on principals and tokens."""

from meguru.governance import principals, tokens, whoami
from meguru.governance.kind import PRINCIPAL
from meguru.governance.logins import device
from meguru.kernel.declarations import operations_of

specs = operations_of(PRINCIPAL)

__all__ = ["device", "principals", "specs", "tokens", "whoami"]
