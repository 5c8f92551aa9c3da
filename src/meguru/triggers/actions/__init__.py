"""What a trigger may start: the family of actions."""

from meguru.base.plugins import PluginFamily
from meguru.triggers.actions.base import Action, Occasion, Started

ACTIONS = PluginFamily(
    "action",
    {
        "release": "meguru.triggers.actions.release:ReleaseModel",
        "run_pipeline": "meguru.triggers.actions.run_pipeline:RunPipeline",
    },
)

__all__ = ["ACTIONS", "Action", "Occasion", "Started"]
