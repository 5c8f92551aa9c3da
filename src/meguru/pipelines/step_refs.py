"""How a step of a run is named: ``RUN.STEP``."""

from __future__ import annotations

from meguru.base.names import normal


def split(ref: str) -> tuple[str, str]:
    """Return the run and the step of ``RUN.STEP``, in the spelling that is kept; the step may be empty."""
    bare = normal(ref).removeprefix("step_run/").removeprefix("pipeline_run/")
    run, _, step = bare.partition(".")
    return run, step
