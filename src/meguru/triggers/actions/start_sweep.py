"""Start a sweep: a new cycle of experiments."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from meguru.base import refs
from meguru.kernel.operations import Context
from meguru.pipelines.deployments.deploy import deployed_version, ensure
from meguru.sweeps import space as spaces
from meguru.sweeps.operations import start
from meguru.sweeps.types import Search, Space
from meguru.triggers.actions.base import Occasion, Started
from meguru.triggers.actions.placeholders import fill, moment_of


class StartSweep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"sweep": "train", "space": {"depth": {"kind": "int", "low": 2, "high": 9}}, "search": {…}}``.

    Its trials run the version of the pipeline that is deployed; `params` as of a run.
    """

    key: ClassVar[str] = "sweep"
    names: ClassVar[dict[str, tuple[str, str]]] = {"sweep": ("pipeline", "pipeline:write")}
    needs: ClassVar[tuple[str, ...]] = ()
    exclusive: ClassVar[bool] = True

    sweep: str
    space: dict[str, Space]
    search: Search
    params: dict[str, Any] = {}

    def check(self, ctx: Context) -> None:
        """Refuse a pipeline that nobody registered, and a space that can't be searched."""
        ensure(ctx, refs.parse(self.sweep, kind="pipeline").name, why="the trigger")
        spaces.check(self.space)

    def start(self, ctx: Context, occasion: Occasion) -> Started:
        """Start the sweep."""
        version = deployed_version(ctx, refs.parse(self.sweep, kind="pipeline").name)
        params = fill(self.params, moment_of(ctx, occasion))
        sweep = start(ctx, pipeline=version.ref, space=self.space, search=self.search, params=params)
        return Started(ref=sweep.ref, job=sweep.job)
