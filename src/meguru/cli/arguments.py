"""Kinds of arguments that the shell can complete: ids, and the names of things."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace

    _Text = click.ParamType[str]
else:
    _Text = click.ParamType  # has no brackets in click 8.1


class Completed(_Text):
    """A text whose possible values are asked of the workspace while it is typed."""

    name = "text"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return what may be meant; nothing when the workspace can't be asked: a shell shows no errors."""
        del param
        from click.shell_completion import CompletionItem

        from meguru.app import open_workspace
        from meguru.errors import MeguruError

        try:
            with open_workspace(ctx.params.get("workspace"), create=False) as ws:
                found = [each for each in self.known(ws, incomplete) if each.startswith(incomplete)]
        except (MeguruError, OSError):
            return []
        return [CompletionItem(each) for each in found]

    def known(self, ws: Workspace | RemoteWorkspace, begin: str) -> Iterable[str]:
        """Return values that may begin with what was typed."""
        raise NotImplementedError


class Id(Completed):
    """An id of one of these prefixes; `with_session` writes out what is short for one."""

    def __init__(self, *kinds: str, as_ref: bool = False) -> None:
        self.kinds, self.as_ref = kinds, as_ref

    def known(self, ws: Workspace | RemoteWorkspace, begin: str) -> Iterable[str]:
        """Return the newest ids, and `@last`."""
        from meguru.cli.ids import begins

        prefix, _, letters = begin.rpartition("-")
        kinds = [prefix] if prefix in self.kinds else self.kinds
        return ["@last", *begins(ws, kinds, letters if prefix in self.kinds else "")]


class ListedName(Completed):
    """The name of a thing, as an operation lists them."""

    def __init__(self, operation: str, attribute: str = "name") -> None:
        self.operation, self.attribute = operation, attribute

    def known(self, ws: Workspace | RemoteWorkspace, begin: str) -> Iterable[str]:
        """Return the names."""
        del begin
        from operator import attrgetter

        from meguru.app import calls

        found: Any = getattr(calls, self.operation)(ws)
        items = found if isinstance(found, list) else found.items
        return sorted({str(attrgetter(self.attribute)(one)) for one in items})


RUN = Id("prun")
TRACKED = Id("run")
ANY_RUN = Id("prun", "run")
REF = Id("prun", "run", "sweep", "bf", as_ref=True)
EXPERIMENT = ListedName("experiment_list")
PIPELINE = ListedName("pipeline_list")
MODEL = ListedName("model_list")
DATASET = ListedName("dataset_list")
FEATURES = ListedName("feature_view_list")
ENDPOINT = ListedName("endpoint_list")
CARD = ListedName("card_list")
BUSINESS_METRIC = ListedName("business_metric_list", "metric.name")
MONITOR = ListedName("monitor_list", "monitor.name")
TRIGGER = ListedName("trigger_list")
NOTIFICATION = ListedName("notification_list")
POOL = ListedName("pool_list")
PRINCIPAL = ListedName("principal_list")
PROJECT = ListedName("project_list")
COMPONENT = ListedName("component_list")
ROLE = ListedName("role_list")
GROUP = ListedName("group_list")
GRANT = ListedName("grant_list")
SIGNING_KEY = ListedName("signing_key_list", "id")
