"""All operations of release policies."""

from meguru.governance.release_policies.kind import RELEASE_POLICY
from meguru.governance.release_policies.show import list_policies
from meguru.kernel.declarations import operations_of

specs = operations_of(RELEASE_POLICY)

__all__ = ["list_policies", "specs"]
