"""What a trigger may start: the family of actions."""

from meguru.base.plugins import PluginFamily
from meguru.triggers.actions.base import Action, Occasion, Started

ACTIONS = PluginFamily(
    "action",
    {
        "backfill": "meguru.triggers.actions.backfill:StartBackfill",
        "call_webhook": "meguru.triggers.actions.call_webhook:CallWebhook",
        "evaluate_monitor": "meguru.triggers.actions.evaluate_monitor:EvaluateMonitor",
        "notify": "meguru.triggers.actions.notify:Notify",
        "promote": "meguru.triggers.actions.promote:PromoteRelease",
        "release": "meguru.triggers.actions.release:ReleaseModel",
        "roll_back": "meguru.triggers.actions.roll_back:RollBack",
        "run_pipeline": "meguru.triggers.actions.run_pipeline:RunPipeline",
        "start_sweep": "meguru.triggers.actions.start_sweep:StartSweep",
    },
)

__all__ = ["ACTIONS", "Action", "Occasion", "Started"]
