"""Where pipelines hand the models they made."""

from __future__ import annotations

from meguru.kernel.operations import Context
from meguru.registry.facts import facts_of
from meguru.registry.register import record


def register_output(ctx: Context, *, name: str, tree: str, source: str) -> str:
    """Register the model that a pipeline run made, in the run's last transaction; return its reference.

    The folder was written and loaded by the step's own process, so here only its files are looked at (no
    pickle among them, a readable description): the transaction must stay short. It is loaded again, with all
    checks, by the gate of every release and by every server.
    """
    facts = facts_of(ctx.ws, tree, load=False)
    return record(ctx, name, facts, metrics={}, params={}, run=source, used=[], note="").ref
