"""Start a pipeline run."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from meguru.pipelines.operations import show_pipeline, start
from meguru.runtime.operations import Context
from meguru.triggers.actions.base import Occasion, Started


class RunPipeline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"pipeline": "train_delay", "params": {"flights": "flights@latest"}}``."""

    key: ClassVar[str] = "pipeline"
    exclusive: ClassVar[bool] = True

    pipeline: str
    params: dict[str, Any] = {}

    def check(self, ctx: Context) -> None:
        """Refuse a pipeline that nobody registered."""
        show_pipeline(ctx, ref=self.pipeline)

    def start(self, ctx: Context, occasion: Occasion) -> Started:
        """Start a run of the pipeline's newest version."""
        del occasion
        run = start(ctx, pipeline=self.pipeline, params=self.params)
        return Started(ref=run.ref, job=run.job)
