"""Who may post to a hook: forges and senders of CloudEvents, each with its signature and its shape."""

from meguru.base.plugins import PluginFamily
from meguru.triggers.kinds.forges.base import Forge, HookContent

FORGES = PluginFamily(
    "hook sender",
    {
        "cloudevents": "meguru.triggers.kinds.forges.cloudevents:CloudEvents",
        "gitea": "meguru.triggers.kinds.forges.gitea:Gitea",
        "github": "meguru.triggers.kinds.forges.github:GitHub",
        "gitlab": "meguru.triggers.kinds.forges.gitlab:GitLab",
    },
)

__all__ = ["FORGES", "Forge", "HookContent"]
