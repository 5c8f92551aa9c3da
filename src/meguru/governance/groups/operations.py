"""All operations of groups."""

from meguru.governance.groups.kind import GROUP
from meguru.governance.groups.show import list_groups
from meguru.kernel.declarations import operations_of

specs = operations_of(GROUP)

__all__ = ["list_groups", "specs"]
