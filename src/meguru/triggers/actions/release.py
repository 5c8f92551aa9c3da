"""Make a release of a model, check it and promote it if its gates pass."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.base import refs
from meguru.errors import InvalidInput
from meguru.kernel import jobs
from meguru.kernel.operations import Context
from meguru.registry.operations import show as show_model
from meguru.serving.operations import show as show_endpoint
from meguru.triggers.actions.base import Occasion, Started


class ReleaseModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"endpoint": "delay"}``: release the model version that the event is about."""

    key: ClassVar[str] = "endpoint"
    names: ClassVar[dict[str, tuple[str, str]]] = {"endpoint": ("endpoint", "release:write")}
    exclusive: ClassVar[bool] = False  # every new model gets its own verdict

    endpoint: str

    def check(self, ctx: Context) -> None:
        """Refuse an endpoint that nobody declared."""
        show_endpoint(ctx, name=self.endpoint)

    def start(self, ctx: Context, occasion: Occasion) -> Started:
        """Enqueue the job that creates, checks and promotes the release."""
        show_endpoint(ctx, name=self.endpoint)
        model = show_model(ctx, ref=_model_of(occasion)).ref
        payload = {"endpoint": self.endpoint, "model": model}
        job = jobs.enqueue(ctx, kind="release", key=occasion.key, payload=payload, cause=ctx.cause)
        return Started(ref=refs.make("job", job.id), job=job.id)


def _model_of(occasion: Occasion) -> str:
    event = occasion.event
    candidates = [occasion.subject, *((event.subject, *event.produced) if event else ())]
    for candidate in candidates:
        if candidate.startswith("model/") and "@" in candidate:
            return candidate
    raise InvalidInput(
        "this names no model version to release",
        why="the release action wants an event about one, such as model_version.registered",
        hint="when you fire by hand, say which: subject=model/NAME@VERSION",
        field="subject",
    )
