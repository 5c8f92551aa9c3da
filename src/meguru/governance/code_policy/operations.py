"""All operations of policies."""

from meguru.governance.code_policy.attest import attest, attested
from meguru.governance.code_policy.kind import POLICY
from meguru.kernel.declarations import operations_of

specs = operations_of(POLICY)

__all__ = ["attest", "attested", "specs"]
