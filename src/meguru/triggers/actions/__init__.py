"""What a trigger may start: the family of actions."""

from meguru.base.plugins import Table
from meguru.triggers.actions.base import Action, Occasion, Started

ACTIONS = Table(
    "action",
    {
        "release": "meguru.triggers.actions.release:Release",
        "run_pipeline": "meguru.triggers.actions.run_pipeline:RunPipeline",
    },
)

__all__ = ["ACTIONS", "Action", "Occasion", "Started"]
