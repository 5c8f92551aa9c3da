"""Show one prediction."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from meguru.base import refs
from meguru.errors import NotFound
from meguru.kernel.operations import Context, operation
from meguru.predictions import ids, outcome_store, payload, store
from meguru.predictions.columns import output_columns, read_value
from meguru.predictions.outputs import AnswerOutput
from meguru.predictions.types import TIME_COLUMN, Prediction, PredictionBatch


@operation("prediction.show", permission="prediction:read", query=True, on="id")
def show(ctx: Context, *, id: str) -> Prediction:
    """Show one prediction: what came in, what was answered by which model, and what really happened."""
    return find(ctx.tx, refs.parse(id, kind="prediction").name)


def find(tx: Connection, id: str) -> Prediction:
    """Return one prediction, in an open transaction; NotFound if nothing was answered under this id."""
    key = ids.split(id)
    batch = store.get(tx, key[0]) if key else None
    if key is None or batch is None or key[1] >= batch.n:
        whole = store.get(tx, id) if key is None else None
        hint = f"it is a request of {whole.n} rows; the first is {ids.join(id, 0)}" if whole else ""
        raise NotFound.of("prediction", id[:80], hint=hint)
    return predictions_of(tx, [(batch, [key[1]])])[0]


def predictions_of(
    tx: Connection, wanted: Sequence[tuple[PredictionBatch, Sequence[int]]]
) -> list[Prediction]:
    """Return rows of requests as predictions, with what is known of them; each request is read once."""
    keys = store.keys_of(tx, [batch.id for batch, _ in wanted])
    outcomes, earlier = outcome_store.of_many(tx, [(batch.id, row) for batch, rows in wanted for row in rows])
    found = []
    for batch, rows in wanted:
        # Once for all rows: a request may have ten thousand, and a page would decode it a hundred times.
        frame, kinds = payload.frame_of(batch.payload), payload.outputs_of(batch.payload)
        for row in rows:
            place = (batch.id, row)
            made = _prediction(batch, row, frame.row(row, named=True), kinds)
            found.append(
                msgspec.structs.replace(
                    made,
                    key=keys.get(place),
                    outcome=outcomes.get(place),
                    earlier=earlier.get(place, []),
                )
            )
    return found


def _prediction(
    batch: PredictionBatch,
    row: int,
    values: dict[str, Any],
    kinds: tuple[Sequence[AnswerOutput], Mapping[str, Sequence[AnswerOutput]]],
) -> Prediction:
    own, others = kinds
    outputs = _taken(values, own)
    shadows = {ref: _taken(values, theirs, ref) for ref, theirs in others.items()}
    return Prediction(
        id=ids.join(batch.id, row),
        endpoint=batch.endpoint,
        model=batch.model_ref,
        release=batch.release_ref,
        at=values.pop(TIME_COLUMN),
        received_at=batch.received_at,
        features=values,
        score=outputs.get("score"),
        outputs=outputs,
        shadows={ref: each["score"] if [*each] == ["score"] else each for ref, each in shadows.items()},
    )


def _taken(values: dict[str, Any], outputs: Sequence[AnswerOutput], shadow: str = "") -> dict[str, Any]:
    """Take the outputs of a model out of a row, as an answer shows them."""
    columns = output_columns(outputs, shadow)
    return {
        output.name: output.shown(read_value(output, values.pop(column)))
        for output, column in zip(outputs, columns, strict=True)
    }
