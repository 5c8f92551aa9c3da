"""What may wake a trigger: the family of kinds."""

from meguru.base.plugins import PluginFamily
from meguru.triggers.kinds.base import TriggerKind

KINDS = PluginFamily(
    "trigger kind",
    {
        "cron": "meguru.triggers.kinds.cron:Cron",
        "data": "meguru.triggers.kinds.data:Data",
        "event": "meguru.triggers.kinds.event:OnEvent",
        "message": "meguru.triggers.kinds.message:OnMessage",
        "monitor": "meguru.triggers.kinds.monitor:OnMonitor",
    },
)

__all__ = ["KINDS", "TriggerKind"]
