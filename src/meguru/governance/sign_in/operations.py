"""All operations of providers of identity."""

from meguru.governance.sign_in.kind import IDENTITY_PROVIDER
from meguru.kernel.declarations import operations_of

specs = operations_of(IDENTITY_PROVIDER)

__all__ = ["specs"]
