"""What may wake a trigger: the family of kinds."""

from meguru.base.plugins import PluginFamily
from meguru.triggers.kinds.base import TriggerKind

KINDS = PluginFamily(
    "trigger kind",
    {
        "code": "meguru.triggers.kinds.code:OnCode",
        "cron": "meguru.triggers.kinds.cron:Cron",
        "data": "meguru.triggers.kinds.data:Data",
        "folder": "meguru.triggers.kinds.folder:OnFolder",
        "fresh": "meguru.triggers.kinds.freshness:OnFreshness",
        "hook": "meguru.triggers.kinds.hook:OnHook",
        "objects": "meguru.triggers.kinds.objects:OnObjects",
        "reached": "meguru.triggers.kinds.pipeline:OnPipelineCode",
        "table": "meguru.triggers.kinds.table:OnTable",
        "event": "meguru.triggers.kinds.event:OnEvent",
        "message": "meguru.triggers.kinds.message:OnMessage",
        "monitor": "meguru.triggers.kinds.monitor:OnMonitor",
    },
)

__all__ = ["KINDS", "TriggerKind"]
