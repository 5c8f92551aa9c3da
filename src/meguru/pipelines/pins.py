"""Which versions of datasets and features a run uses: chosen when it starts, by its pipeline's names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from meguru.base import refs
from meguru.compute.graph import Graph
from meguru.datasets import store as datasets
from meguru.datasets.personal.masking import masked_version
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context
from meguru.kernel.operations.subject import qualify_name
from meguru.pipelines import parameters
from meguru.pipelines.types import Pinned

FEATURES = "pinned features"
"""The family that knows what features mean: ``f(ctx, project, text) -> Pinned``."""


def pin(ctx: Context, pipeline: str, text: str) -> Pinned:
    """Choose the version that a dataset parameter of a pipeline means now.

    Its personal columns are masked unless whoever starts the run may see them in clear.

    Raises
    ------
    NotFound
        If there is no such dataset, or it is of another project in which whoever asks may not read it.
    """
    check_readable(ctx, pipeline, text)
    version = datasets.resolve(ctx.tx, in_full(pipeline, text), ctx.principal.projects("dataset:read"))
    if not ctx.principal.allows("dataset:clear", refs.project_of(version.name)):
        version = masked_version(ctx, version)
    return Pinned(ref=version.ref, digest=version.digest)


def pin_features(ctx: Context, pipeline: str, text: str) -> Pinned:
    """Choose the versions of views and data that a parameter of type `Features` means now.

    Raises
    ------
    NotFound
        If there is no such service or view, or whoever asks may not read it.
    """
    pinned: Pinned = provided(FEATURES).load("feature_service")(ctx, refs.project_of(pipeline), text)
    return pinned


def check_readable(ctx: Context, pipeline: str, text: str) -> None:
    """Refuse a dataset of another project that whoever asks may not read, as if it were not there."""
    full = in_full(pipeline, text)
    if refs.parse(full, kind="dataset").project != refs.project_of(pipeline):
        ctx.check_readable("dataset", full)


def in_full(pipeline: str, text: str) -> str:
    """Return a dataset's name or reference as a pipeline means it: a bare one is of its project."""
    return str(qualify_name(refs.project_of(pipeline), "dataset", text))


def spelled(pipeline: str, pinned: Pinned) -> str:
    """Write a version so that the pipeline, asked again with it, means the same: ``default/x`` for ``x``."""
    kind, name, version = refs.parse(pinned.ref)
    if refs.project_of(name) or not refs.project_of(pipeline):
        return pinned.ref
    return refs.make(kind, f"{refs.DEFAULT}/{name}", version)


def of_datasets(graph: Graph, values: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Yield the dataset parameters among some values: name and value."""
    return _of_type(graph, values, parameters.DATASET)


def of_features(graph: Graph, values: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Yield the parameters of type `Features` among some values: name and value."""
    return _of_type(graph, values, parameters.FEATURES)


def _of_type(graph: Graph, values: Mapping[str, Any], type_: str) -> Iterable[tuple[str, str]]:
    for parameter in graph.parameters:
        if parameter.type == type_ and isinstance(values.get(parameter.name), str):
            yield parameter.name, values[parameter.name]
