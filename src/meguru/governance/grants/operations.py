"""All operations of grants."""

from meguru.governance.grants.kind import GRANT
from meguru.governance.grants.show import list_grants
from meguru.kernel.declarations import operations_of

specs = operations_of(GRANT)

__all__ = ["list_grants", "specs"]
