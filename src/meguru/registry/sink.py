"""Where pipelines hand the models they made."""

from __future__ import annotations

from meguru.compute.materializers.base import Value
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context
from meguru.registry.facts import facts_of
from meguru.registry.register import record


def register_output(ctx: Context, *, name: str, value: Value, source: str) -> str:
    """Register the model that a pipeline run made, in the run's last transaction; return its reference.

    The folder was written and loaded by the step's own process, so here only its files are looked at (no
    pickle among them, a readable description): the transaction must stay short. It is loaded again, with all
    checks, by the gate of every release and by every server.

    Raises
    ------
    InvalidInput
        If what it made is no model.
    """
    if value.kind != "model":
        raise InvalidInput(
            f"{source} produces the model {name!r}, but returned no model",
            hint="return a meguru.Model from its last step",
        )
    facts = facts_of(ctx.ws, value.digest, load=False)
    return record(ctx, name, facts, metrics={}, params={}, run=source, used=[], note="").ref
