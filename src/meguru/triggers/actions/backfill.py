"""Start a backfill: a pipeline for each part of a range."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from meguru.backfills.operations import start
from meguru.backfills.types import OnFailure, Width
from meguru.base import refs
from meguru.kernel.operations import Context
from meguru.pipelines.deployments.deploy import ensure
from meguru.triggers.actions.base import Occasion, Started
from meguru.triggers.actions.placeholders import fill, moment_of


class StartBackfill(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"backfill": "daily", "param": "day", "first": "2026-01-01", "last": "{date}"}``.

    ``{date}`` and ``{month}`` stand for the moment as in the params of a run.
    """

    key: ClassVar[str] = "backfill"
    names: ClassVar[dict[str, tuple[str, str]]] = {"backfill": ("pipeline", "backfill:write")}
    needs: ClassVar[tuple[str, ...]] = ()
    exclusive: ClassVar[bool] = False  # its runs wait for their place; another range is another backfill

    backfill: str
    param: str = ""
    first: str = ""
    last: str = ""
    step: Width = "day"
    values: list[str] = []
    params: dict[str, Any] = {}
    parallel: int = 4
    on_failure: OnFailure = "stop"

    def check(self, ctx: Context) -> None:
        """Refuse a pipeline that nobody registered."""
        ensure(ctx, refs.parse(self.backfill, kind="pipeline").name, why="the trigger")

    def start(self, ctx: Context, occasion: Occasion) -> Started:
        """Start the backfill."""
        given = msgspec.structs.asdict(self)
        given.pop("backfill")
        given = fill(given, moment_of(ctx, occasion))
        backfill = start(ctx, pipeline=self.backfill, **given)
        return Started(ref=backfill.ref)
