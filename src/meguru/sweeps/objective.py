"""What a trial came to: where its metric is looked for, and in which order.

1. the metrics of the pipeline run: those of the model that the pipeline returned;
2. the value that the pipeline returned: the number itself, or the entry of this name in a dict;
3. the last value that a step logged under this name (`meguru.log`). A step that was taken from the cache
   logged nothing this time: then it is what it logged when it ran.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from meguru.errors import InvalidInput
from meguru.pipelines import metrics_ingest, runs, store
from meguru.pipelines.transitions import result_of
from meguru.pipelines.types import PipelineRun
from meguru.storage.blobs import BlobStore
from meguru.tracking import series

MAX_RESULT_BYTES = 1 << 20
MAX_VALUES = 1000


def value_of(tx: Connection, blobs: BlobStore, run: PipelineRun, metric: str) -> float:
    """Return a succeeded run's value.

    Raises
    ------
    InvalidInput
        If the run has no such metric, or its value is no finite number; the message names what there is.
    """
    known: set[str] = set(run.metrics)
    if metric in run.metrics:
        return _finite(run.metrics[metric], metric)
    returned = _returned(tx, blobs, run)
    if _is_number(returned):
        return _finite(returned, metric)
    if isinstance(returned, dict):
        known |= {key for key, value in returned.items() if _is_number(value)}
        if _is_number(returned.get(metric)):
            return _finite(returned[metric], metric)
    for tracked in _tracked(tx, run.id):
        summaries = series.summaries(tx, [tracked]).get(tracked, {})
        known |= summaries.keys()
        if metric in summaries:
            return _finite(summaries[metric].value, metric)
    why = f"it has {', '.join(sorted(known)[:8])}" if known else "it has no metrics at all"
    hint = "return the number, a dict or a Model from the pipeline, or call meguru.log in a step"
    raise InvalidInput(f"the run has no metric {metric!r}", why=why, hint=hint)


def logged(tx: Connection, run_id: str, metric: str) -> dict[int, float]:
    """Return the values that a run's steps logged so far, by step; of very many the last."""
    ingest_state = metrics_ingest.find(tx, run_id)
    if ingest_state is None or metric not in ingest_state.series:
        return {}
    points = series.tail(tx, ingest_state.run, metric, limit=MAX_VALUES)
    return {step: value for step, value in points if value is not None}


def count(tx: Connection, run_id: str, metric: str) -> int:
    """Return how many values a run's steps logged so far."""
    ingest_state = metrics_ingest.find(tx, run_id)
    summary = (
        series.summaries(tx, [ingest_state.run]).get(ingest_state.run, {}).get(metric)
        if ingest_state
        else None
    )
    return summary.count if summary else 0


def _tracked(tx: Connection, run_id: str) -> Iterator[str]:
    own = metrics_ingest.find(tx, run_id)
    if own is not None:
        yield own.run
    reused = {run.reused.partition(".")[0] for run in runs.steps(tx, run_id).values() if run.reused}
    for earlier in sorted(reused, reverse=True):
        ingest_state = metrics_ingest.find(tx, earlier)
        if ingest_state is not None:
            yield ingest_state.run


def _returned(tx: Connection, blobs: BlobStore, run: PipelineRun) -> Any:
    value = result_of(store.get(tx, run.pipeline, run.version).graph, runs.steps(tx, run.id))
    if value is None or value.kind != "plain" or value.size > MAX_RESULT_BYTES:
        return None
    return json.loads(blobs.get_bytes(value.digest))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _finite(value: Any, metric: str) -> float:
    if value is None or not math.isfinite(value):
        raise InvalidInput(f"the metric {metric!r} is no finite number", why=f"it is {value}")
    return float(value)
