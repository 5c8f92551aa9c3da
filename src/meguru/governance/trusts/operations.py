"""All operations of trusts."""

from meguru.governance.trusts.kind import TRUST
from meguru.kernel.declarations import operations_of

specs = operations_of(TRUST)

__all__ = ["specs"]
