"""Make a release of a model, check it and promote it if its gates pass."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.base import refs
from meguru.errors import Conflict, InvalidInput
from meguru.governance.standing import standing
from meguru.kernel import jobs
from meguru.kernel.operations import Context
from meguru.pipelines import runs
from meguru.pipelines.deployments import store as deployments
from meguru.registry.operations import show as show_model
from meguru.registry.types import ModelVersion
from meguru.serving.operations import show as show_endpoint
from meguru.triggers.actions.base import Occasion, Started

_RELEASES = "release:write"


class ReleaseModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"endpoint": "delay"}``: release the model version that the event is about.

    With ``"promote": false`` it is put together and checked; if it passes, it waits for a person.
    """

    key: ClassVar[str] = "endpoint"
    names: ClassVar[dict[str, tuple[str, str]]] = {"endpoint": ("endpoint", "release:write")}
    exclusive: ClassVar[bool] = False  # every new model gets its own verdict

    endpoint: str
    promote: bool = True

    @property
    def needs(self) -> tuple[str, ...]:
        """To put it live takes another right than to put it together."""
        return ("release:promote",) if self.promote else ()

    def check(self, ctx: Context) -> None:
        """Refuse an endpoint that nobody declared."""
        show_endpoint(ctx, name=self.endpoint)

    def start(self, ctx: Context, occasion: Occasion) -> Started:
        """Enqueue the job that creates, checks and promotes the release."""
        show_endpoint(ctx, name=self.endpoint)
        model = show_model(ctx, ref=_model_of(occasion))
        _check_maker(ctx, model, self.endpoint)
        payload = {"endpoint": self.endpoint, "model": model.ref, "promote": self.promote}
        job = jobs.enqueue(ctx, kind="release", key=occasion.key, payload=payload, cause=ctx.cause)
        return Started(ref=refs.make("job", job.id), job=job.id)


def _check_maker(ctx: Context, model: ModelVersion, endpoint: str) -> None:
    """Refuse a model that nobody who may release has made, nor a pipeline that such a person deployed.

    Else who may only train could put a model live, by a trigger of somebody else.
    """
    project = refs.project_of(endpoint)
    by_hand = ctx.principal.kind != "system" and ctx.principal.allows(_RELEASES, project)
    maker = standing(ctx.tx, model.created_by)
    by_system = "/" in model.created_by  # such as trigger/retrain: nobody else has such a name
    if by_hand or by_system or (maker is not None and maker.allows(_RELEASES, project)):
        return
    run = refs.parse(model.run_ref) if model.run_ref else None
    if run is not None and run.kind == "pipeline_run":
        made_by = runs.get(ctx.tx, str(run), ctx.now())
        if deployments.was_deployed(ctx.tx, made_by.pipeline, made_by.version):
            return
    raise Conflict(
        f"{model.ref} is not released by a trigger",
        where=model.ref,
        why=f"{model.created_by} made it, who lacks {_RELEASES}, and not with a deployed pipeline",
        hint=f"somebody who may: meguru release create {endpoint} {model.ref}",
    )


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
