"""What a step returned and nothing can store: kept in quarantine with the run, and said in its failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from meguru.base import refs
from meguru.base.ids import new_id
from meguru.compute.executors.work import Failure
from meguru.compute.graph import FromStep, Graph
from meguru.compute.materializers.unstorable import KeptObject
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context
from meguru.kernel.workspace import Workspace
from meguru.pipelines.products import model_of
from meguru.pipelines.types import PipelineRun

KEEPERS = "lost output"
"""The family that keeps such an object: ``f(ws, id=…, project=…, model=…, kept=…, run=…, step=…)`` returns
what writes it down in an open transaction, or None when it is not kept."""
_MAX_MESSAGE = 2000


class KeepDraft(NamedTuple):
    """What is to be written of a kept object, and how it is called; without `write`, `lost` says why not."""

    ref: str = ""
    write: Callable[[Context], None] | None = None
    lost: str = ""


def keep(ws: Workspace, graph: Graph, run: PipelineRun, key: str, kept_object: KeptObject) -> KeepDraft:
    """Prepare the keeping of an object of a run's step."""
    if kept_object.lost or not kept_object.tree:
        return KeepDraft(lost=kept_object.lost)
    project = refs.project_of(run.pipeline)
    models = filter(None, map(model_of, _products(graph, key)))
    model = next((refs.within(project, name) for name in models), "")
    for name in provided(KEEPERS).names():
        id = new_id("q")
        keeper = provided(KEEPERS).load(name)
        write = keeper(ws, id=id, project=project, model=model, kept=kept_object, run=run.ref, step=key)
        if write is not None:
            return KeepDraft(ref=refs.make(name, id), write=write)
    return KeepDraft(lost="nothing is kept here")


def explained(failure: Failure, draft: KeepDraft) -> Failure:
    """Return a step's failure with what became of the object."""
    if draft.write is None:
        text, hint = f"what it returned could not be kept: {draft.lost}", failure.error.get("try", "")
    else:
        id = draft.ref.partition("/")[2]
        text = f"what it returned is not lost: it is kept as {draft.ref}"
        hint = f"meguru quarantine show {id}; {failure.error.get('try', '')}".rstrip("; ")
    error = failure.error | ({"try": hint} if hint else {})
    return msgspec.structs.replace(failure, message=f"{failure.message} ({text})"[:_MAX_MESSAGE], error=error)


def _products(graph: Graph, key: str) -> Iterator[str]:
    """Yield what a step makes, as the pipelines say it."""
    if graph.produces and isinstance(graph.result, FromStep) and graph.result.step == key:
        yield graph.produces
    for product in graph.also:
        if product.result.step == key:
            yield product.name
