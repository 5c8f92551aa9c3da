"""All predictions of a span of event time, with what is known about them: what monitoring reads."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, select

from meguru.base.timestamps import check_time_zone
from meguru.kernel.operations import Context, operation
from meguru.predictions import ids, outcome_store, payload, store
from meguru.predictions.schema import prediction_batch
from meguru.predictions.types import (
    ID_COLUMN,
    MODEL_COLUMN,
    OUTCOME_COLUMN,
    SCORE_COLUMN,
    SHADOW_PREFIX,
    TIME_COLUMN,
    ModelCount,
    WindowSummary,
)
from meguru.tasks.base import OUTPUT_PREFIX

if TYPE_CHECKING:
    import polars as pl

MAX_ROWS = 100_000
"""Predictions that are in memory at a time, with their inputs, where a span is only counted."""


def frame(
    tx: Connection, endpoint: str, start: datetime, end: datetime, *, features: Sequence[str] | None = None
) -> "pl.DataFrame":
    """Return the predictions with event times in ``[start, end)``, in order of event time.

    Columns: the features (only those in `features`, if given), ``_score``, ``_output:NAME`` for each other
    output, the same for each model that shadowed (see `columns`), ``_time``, ``_id``, ``_model`` and
    ``_outcome`` (null until it is known). What some of the models did not take or give is null in their rows.
    All fixed columns are there even when no row is. Outcomes are numbers; where they are not, text, truth
    values, or lists of text or numbers if all are, and else the text of their JSON. So are outputs of which
    two models have different types.
    """
    import polars as pl

    batches = store.overlapping(tx, endpoint, start, end)
    whole = answered(batches)
    time = pl.col(TIME_COLUMN)
    whole = whole.filter((time >= start) & (time < end)).sort(TIME_COLUMN, maintain_order=True)
    if features is not None:
        whole = whole.select([name for name in whole.columns if name.startswith("_") or name in features])
    return with_outcomes(whole, outcome_store.outcomes_within(tx, endpoint, start, end))


def frame_of(batches: Sequence[Any], known: Sequence[Any]) -> "pl.DataFrame":
    """Return some requests' predictions with some outcomes, in order of event time; see `frame`."""
    return with_outcomes(answered(batches).sort(TIME_COLUMN, maintain_order=True), known)


def answered(batches: Sequence[Any], *, with_ids: bool = True) -> "pl.DataFrame":
    """Return some requests' predictions in the order of the requests and their rows; see `frame`."""
    import polars as pl

    found = pl.concat(
        agreeing([_empty(), *_parts(batches, with_ids=with_ids)]), how="diagonal_relaxed", rechunk=True
    )
    return found if with_ids else found.drop(ID_COLUMN)


def with_outcomes(whole: "pl.DataFrame", known: Sequence[Any]) -> "pl.DataFrame":
    """Return predictions with what is known of them, which may be of others too."""
    import polars as pl

    values = pl.DataFrame(
        [
            pl.Series(ID_COLUMN, [ids.join(row.batch_id, row.row) for row in known], dtype=pl.String),
            outcome_series(known),
        ]
    )
    return whole.join(values, on=ID_COLUMN, how="left", maintain_order="left")


@operation(
    "prediction.window",
    permission="prediction:read",
    query=True,
    on="endpoint",
    refers={"endpoint": "endpoint"},
)
def window(ctx: Context, *, endpoint: str, start: datetime, end: datetime) -> WindowSummary:
    """Count the predictions and outcomes of a span of event time."""
    import polars as pl

    check_time_zone(start, field="start")
    check_time_zone(end, field="end")
    # A span may be all that was ever recorded: it is read in parts, of which only the counts are kept.
    parts = [_counted(part) for part in _in_parts(ctx.tx, endpoint, start, end)]
    counted = pl.concat(parts or [_counted(frame_of([], []))])
    whole = counted.group_by(MODEL_COLUMN).agg(
        pl.col("predictions", "outcomes", "scored", "scores").sum(),
        pl.col("first").min(),
        pl.col("last").max(),
    )
    rows = list(whole.sort(MODEL_COLUMN).iter_rows(named=True))
    models = [
        ModelCount(
            model=row[MODEL_COLUMN],
            predictions=row["predictions"],
            outcomes=row["outcomes"],
            mean_score=row["scores"] / row["scored"] if row["scored"] else None,
        )
        for row in rows
    ]
    return WindowSummary(
        endpoint=endpoint,
        start=start,
        end=end,
        predictions=sum(model.predictions for model in models),
        outcomes=sum(model.outcomes for model in models),
        first_time=min((row["first"] for row in rows), default=None),
        last_time=max((row["last"] for row in rows), default=None),
        models=models,
    )


def _in_parts(tx: Connection, endpoint: str, start: datetime, end: datetime) -> Iterator["pl.DataFrame"]:
    import polars as pl

    table, time = prediction_batch.c, pl.col(TIME_COLUMN)
    batches = select(table.id, table.n).where(*store.within(endpoint, start, end)).order_by(table.id)
    for part in store.in_parts(tx, batches, MAX_ROWS):
        known = outcome_store.of_batches(tx, [row.id for row in part])
        yield frame_of(part, known).filter((time >= start) & (time < end))


def _counted(rows: "pl.DataFrame") -> "pl.DataFrame":
    """Return by model how many rows there are, how many outcomes, and what their mean score is made of."""
    import polars as pl

    score = pl.col(SCORE_COLUMN).drop_nans()
    return rows.group_by(MODEL_COLUMN).agg(
        pl.len().alias("predictions").cast(pl.Int64),
        pl.col(OUTCOME_COLUMN).count().alias("outcomes").cast(pl.Int64),
        score.count().alias("scored").cast(pl.Int64),
        score.sum().alias("scores"),
        pl.col(TIME_COLUMN).min().alias("first"),
        pl.col(TIME_COLUMN).max().alias("last"),
    )


def _parts(batches: Sequence[Any], *, with_ids: bool) -> Iterator["pl.DataFrame"]:
    """Make one frame of each large batch, and one of each run of small ones with the same columns."""
    # A frame costs half a millisecond however few its rows: a frame for each small request would be most of
    # the time.
    import polars as pl

    read = [(batch, payload.packed_rows(batch.payload)) for batch in batches]
    for (model, header), run in groupby(read, key=_shape):
        group = list(run)
        if header:
            rows = [row for _, each in group if each is not None for row in each.rows]
            made = payload.frame(payload.content_of(header, rows))
        else:
            made = pl.concat([payload.frame_of(batch.payload) for batch, _ in group], how="diagonal_relaxed")
        made = made.with_columns(pl.lit(model).alias(MODEL_COLUMN))
        yield made.with_columns(_ids(group)) if with_ids else made


def _ids(group: Sequence[tuple[Any, Any]]) -> "pl.Series":
    import polars as pl

    return pl.Series(ID_COLUMN, [ids.join(batch.id, row) for batch, _ in group for row in range(batch.n)])


def _shape(pair: tuple[Any, payload.StoredRows | None]) -> tuple[str, bytes]:
    batch, rows = pair
    return batch.model_ref, rows.header if rows is not None else b""


def agreeing(parts: list["pl.DataFrame"]) -> list["pl.DataFrame"]:
    """Return frames whose outputs of one name have one type."""
    import polars as pl

    types: dict[str, set[Any]] = {}
    for part in parts:
        for name, dtype in part.schema.items():
            if name.startswith((OUTPUT_PREFIX, SHADOW_PREFIX)):
                types.setdefault(name, set()).add(dtype)
    odd = [name for name, found in types.items() if len(found) > 1]
    return [
        part.with_columns(
            pl.Series(name, [_text(value) for value in part[name]], dtype=pl.String)
            for name in odd
            if name in part.columns
        )
        for part in parts
    ]


def outcome_series(known: Sequence[Any]) -> "pl.Series":
    """Return outcomes as a column of the type that all of them have."""
    import polars as pl

    if all(row.json is None for row in known):
        return pl.Series(OUTCOME_COLUMN, [row.value for row in known], dtype=pl.Float64)
    values = [outcome_store.read(row) for row in known]
    dtype = _type_of(values)
    if dtype is None:
        return pl.Series(OUTCOME_COLUMN, [_text(value) for value in values], dtype=pl.String)
    return pl.Series(OUTCOME_COLUMN, values, dtype=dtype)


def _type_of(values: Sequence[Any]) -> Any:
    """Return the type of a column that holds such values; None when there is none."""
    import polars as pl

    alike = {type(value) for value in values}
    if alike == {list}:
        entries = {type(each) for value in values for each in value} - {type(None)}
        of = pl.String if entries <= {str} else pl.Float64 if entries <= {int, float} else None
        return None if of is None else pl.List(of)
    return {str: pl.String, bool: pl.Boolean}.get(alike.pop()) if len(alike) == 1 else None


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    plain = value.to_list() if hasattr(value, "to_list") else value
    return msgspec.json.encode(plain).decode()


def _empty() -> "pl.DataFrame":
    import polars as pl

    return pl.DataFrame(
        schema={
            SCORE_COLUMN: pl.Float64,
            TIME_COLUMN: pl.Datetime("us", "UTC"),
            ID_COLUMN: pl.String,
            MODEL_COLUMN: pl.String,
        }
    )
