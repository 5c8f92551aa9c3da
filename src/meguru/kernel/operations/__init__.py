"""Operations: one typed function, and every door to it."""

from meguru.kernel.operations.context import Context
from meguru.kernel.operations.internal import InternalOperation
from meguru.kernel.operations.operation import Door, Operation, native, operation, registered

__all__ = ["Context", "Door", "InternalOperation", "Operation", "native", "operation", "registered"]
