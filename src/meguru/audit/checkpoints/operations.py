"""All operations of checkpoints."""

from meguru.audit.checkpoints.kind import CHECKPOINT
from meguru.audit.checkpoints.take import list_checkpoints, list_heads, take
from meguru.audit.proof import prove
from meguru.audit.verify import verify
from meguru.kernel.declarations import operations_of

specs = operations_of(CHECKPOINT)

__all__ = ["list_checkpoints", "list_heads", "prove", "specs", "take", "verify"]
