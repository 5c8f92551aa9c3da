"""Pipelines as users of models: see `meguru.registry.usage`, which is beside them and not below."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, select

from meguru.base import refs
from meguru.pipelines.products import model_of
from meguru.pipelines.schema import pipeline, pipeline_version


class ProducedModel(NamedTuple):
    """A pipeline that makes versions of a model."""

    ref: str
    how: str = "produces"
    version: str = ""


def uses(tx: Connection, name: str) -> list[ProducedModel]:
    """Return the pipelines whose newest version produces a model."""
    is_newest = (pipeline_version.c.name == pipeline.c.name) & (
        pipeline_version.c.version == pipeline.c.latest
    )
    query = select(pipeline.c.name, pipeline_version.c.graph).join(pipeline_version, is_newest)
    produced = {row.name: row.graph.get("produces") for row in tx.execute(query)}
    return [
        ProducedModel(refs.make("pipeline", each))
        for each, made in produced.items()
        if (model := model_of(made)) and refs.within(refs.project_of(each), model) == name
    ]
