"""Wake when the code that a pipeline reaches has changed."""

from __future__ import annotations

from typing import ClassVar

from meguru.base import digests, refs
from meguru.kernel.events import Event
from meguru.kernel.operations import Context
from meguru.pipelines import store as pipelines
from meguru.pipelines.operations import show_pipeline
from meguru.pipelines.types import PipelineVersion
from meguru.triggers.kinds.event import ByEvents
from meguru.triggers.types import Trigger


class OnPipelineCode(ByEvents, frozen=True, kw_only=True):
    """``{"reached": "train"}``: a version of the pipeline was registered whose steps reach other code.

    What only changes beside them (a comment, a file that no step reaches) does not wake.
    """

    key: ClassVar[str] = "reached"
    names: ClassVar[dict[str, tuple[str, str]]] = {"reached": ("pipeline", "pipeline:read")}

    reached: str

    @property
    def about(self) -> str:  # type: ignore[override]
        """The pipeline."""
        return refs.make("pipeline", self.reached)

    def check(self, ctx: Context) -> None:
        """Refuse a pipeline that nobody registered."""
        show_pipeline(ctx, ref=self.about)

    def may_match(self, type: str) -> bool:
        """Tell whether the type is that of a new version."""
        return type == "pipeline.registered"

    def matches(self, event: Event) -> bool:
        """Tell whether the event is a new version of the pipeline."""
        return self.may_match(event.type) and event.subject.partition("@")[0] == self.about

    def why_not_enough(self, ctx: Context, trigger: Trigger, event: Event) -> str:
        """Return why a version is no news: its steps reach the code that those of the one before do."""
        del trigger
        version = int(refs.parse(event.subject).version or 1)
        if version == 1:
            return ""
        versions = pipelines.get_many(ctx.tx, self.reached, [version - 1, version])
        if len(versions) == 2 and reach_of(versions[version - 1]) == reach_of(versions[version]):
            return f"its steps reach the code that they reached in version {version - 1}"
        return ""


def reach_of(version: PipelineVersion) -> str:
    """Return the digest of all code that a version's steps reach."""
    return digests.of_value({step: code.code.digest for step, code in version.codes.items()})
