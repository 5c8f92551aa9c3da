"""All operations of roles."""

from meguru.governance.roles.kind import ROLE
from meguru.governance.roles.show import list_roles
from meguru.kernel.declarations import operations_of

specs = operations_of(ROLE)

__all__ = ["list_roles", "specs"]
