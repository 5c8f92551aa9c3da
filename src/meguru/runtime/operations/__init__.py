"""Operations: one typed function, and every door to it."""

from meguru.runtime.operations.context import Context
from meguru.runtime.operations.operation import Door, Operation, operation, registered

__all__ = ["Context", "Door", "Operation", "operation", "registered"]
