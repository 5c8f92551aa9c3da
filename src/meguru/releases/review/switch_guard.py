"""What a policy says when somebody switches an endpoint past its releases."""

from __future__ import annotations

from meguru.base import refs
from meguru.errors import ApprovalMissing
from meguru.governance.release_policies.store import applicable_policies
from meguru.kernel.operations import Context


def check(ctx: Context, endpoint: str, model: str) -> None:
    """Refuse to put a model live without a promotion, where a policy asks for people.

    Raises
    ------
    ApprovalMissing
        It says which policies ask.
    """
    asked = [policy.ref for policy in applicable_policies(ctx.tx, endpoint)]
    if asked:
        raise ApprovalMissing(
            f"{model} can't go live at {endpoint} past a release",
            where=refs.make("endpoint", endpoint),
            why=f"people agree to releases there: {', '.join(asked)}",
            hint=f"meguru release request {endpoint} {model.removeprefix('model/')}",
        )
