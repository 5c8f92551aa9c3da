"""What a frozen model answers to recorded inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meguru.errors import InvalidInput
from meguru.predictions.columns import column_name, output_columns, series
from meguru.predictions.outputs import joined
from meguru.registry.load import load_model
from meguru.serving.loaded_model import LoadedModel, ModelFailed
from meguru.serving.threads import one_thread_each

if TYPE_CHECKING:
    import polars as pl

    from meguru.kernel.workspace import Workspace

MAX_REPLAYED_ROWS = 20_000
"""Rows of a span that a frozen model is asked again."""
BATCH_ROWS = 5000


def frozen_model(ws: Workspace, endpoint: str, model: str) -> LoadedModel:
    """Load a model so that it can be asked what an endpoint was asked; nothing is recorded.

    Raises
    ------
    NotFound, UnsafeModel
        If there is no such version, or it is not verified.
    """
    one_thread_each()
    return LoadedModel(
        load_model(ws, model), endpoint=endpoint, model_ref=model, release_ref="", record=False
    )


def replayed(served: LoadedModel, frame: pl.DataFrame) -> pl.DataFrame:
    """Return a sample of a window's rows, with what a model answers to them as if it had scored along.

    The sample is every so manieth row, in the order of event time: the same rows get the same sample.

    Raises
    ------
    InvalidInput
        If the model takes other columns than were recorded, or can't answer.
    """
    rows = frame.gather_every(max(1, -(-frame.height // MAX_REPLAYED_ROWS)))
    model = served.model_ref
    columns = [column_name(name) for name in served.types]
    if missing := [column for column in columns if column not in rows.columns]:
        why = f"it takes {', '.join(missing[:5])}"
        raise InvalidInput(f"{model} takes other columns than were recorded", why=why)
    answer = joined([_answer(served, part) for part in rows.select(columns).iter_slices(BATCH_ROWS)])
    named = zip(answer.outputs, output_columns(answer.outputs, model), strict=True)
    return rows.with_columns(series(name, answer.columns[each.name], each) for each, name in named)


def _answer(served: LoadedModel, part: pl.DataFrame) -> Any:
    try:
        return served.answer(list(served.rows([column.to_list() for column in part.iter_columns()])))
    except ModelFailed as failed:
        cause = failed.__cause__ or failed
        why = f"{type(cause).__name__}: {cause}"[:300]
        raise InvalidInput(f"{served.model_ref} can't answer what was recorded", why=why) from failed
