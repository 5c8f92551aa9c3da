"""Start a pipeline run."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import msgspec

from meguru.base import refs
from meguru.compute.graph import Graph
from meguru.kernel.operations import Context
from meguru.pipelines import pins
from meguru.pipelines.deployments import deployed
from meguru.pipelines.deployments.deploy import deployed_version, ensure
from meguru.pipelines.deployments.spec import default_params, default_priority
from meguru.pipelines.operations import show_pipeline, start
from meguru.pipelines.types import PipelineVersion
from meguru.triggers.actions.base import Occasion, Started
from meguru.triggers.actions.placeholders import fill, moment_of, spell

SCHEDULED = "scheduled_at"


class RunPipeline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"pipeline": "train_delay", "params": {"flights": "flights@latest", "day": "{date}"}}``.

    ``{scheduled_at}``, ``{date}`` and ``{month}`` in a text of `params` stand for the moment of the calendar
    (of an event, the event's); a parameter called ``scheduled_at`` gets it without being named.
    """

    key: ClassVar[str] = "pipeline"
    names: ClassVar[dict[str, tuple[str, str]]] = {"pipeline": ("pipeline", "pipeline:write")}
    needs: ClassVar[tuple[str, ...]] = ()
    exclusive: ClassVar[bool] = True

    pipeline: str
    params: dict[str, Any] = {}
    priority: int | None = None

    def check(self, ctx: Context) -> None:
        """Refuse a pipeline that nobody registered, and data that whoever declares this may not read.

        If none of its versions is deployed, the newest is, by whoever declares this.
        """
        if not _has_version(self.pipeline):
            ensure(ctx, refs.parse(self.pipeline, kind="pipeline").name, why="the trigger")
        version = self._planned(ctx)
        given = {
            parameter.name: parameter.default for parameter in version.graph.parameters
        } | default_params(ctx.tx, version)
        for _, dataset in pins.of_datasets(version.graph, given | self.params):
            pins.check_readable(ctx, version.name, dataset)

    def start(self, ctx: Context, occasion: Occasion) -> Started:
        """Start a run of the version that is deployed."""
        version = self._version(ctx)
        moment = moment_of(ctx, occasion)
        params = fill(default_params(ctx.tx, version) | self.params, moment)
        if SCHEDULED not in params:
            params |= scheduled(version.graph, moment)
        run = start(
            ctx,
            pipeline=version.ref,
            params=params,
            priority=default_priority(ctx.tx, version.name) if self.priority is None else self.priority,
            origin=f"trigger/{occasion.trigger}",
        )
        return Started(ref=run.ref, job=run.job)

    def _version(self, ctx: Context) -> PipelineVersion:
        if _has_version(self.pipeline):
            return show_pipeline(ctx, ref=self.pipeline)
        return deployed_version(ctx, refs.parse(self.pipeline, kind="pipeline").name)

    def _planned(self, ctx: Context) -> PipelineVersion:
        """Return what would be run; while one only asks, the newest when none is deployed yet."""
        known = refs.parse(self.pipeline, kind="pipeline").name
        nothing = not _has_version(self.pipeline) and deployed(ctx.tx, known) is None
        return show_pipeline(ctx, ref=known) if nothing else self._version(ctx)


def _has_version(pipeline: str) -> bool:
    return refs.parse(pipeline, kind="pipeline").version not in {None, "latest"}


def scheduled(graph: Graph, moment: datetime) -> dict[str, str]:
    """Return the parameter that wants to know the moment, as its type has it; empty if there is none."""
    for parameter in graph.parameters:
        if parameter.name == SCHEDULED:
            return {SCHEDULED: spell(moment)["date" if parameter.type == "date" else SCHEDULED]}
    return {}
