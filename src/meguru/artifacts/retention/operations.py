"""Every operation of rules of retention; importing this registers them."""

from meguru.artifacts.retention.apply import due
from meguru.artifacts.retention.kind import RETENTION
from meguru.kernel.declarations import SpecOperations, operations_of

specs: SpecOperations = operations_of(RETENTION)

__all__ = ["due", "specs"]
