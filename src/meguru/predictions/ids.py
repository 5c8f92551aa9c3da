"""Ids of predictions: the batch's id, a dot, the row's number."""

from __future__ import annotations

from meguru.base.ids import new_id


def new_batch_id() -> str:
    """Return the id of a new batch."""
    return new_id("pred")


def join(batch_id: str, row: int) -> str:
    """Return the id of one row's prediction."""
    return f"{batch_id}.{row}"


def split(prediction_id: str) -> tuple[str, int] | None:
    """Return batch id and row; None if this can't be the id of a prediction."""
    batch_id, dot, row = prediction_id.rpartition(".")
    if not dot or not row.isascii() or not row.isdigit() or len(row) > 9 or (row[0] == "0" and row != "0"):
        return None
    return batch_id, int(row)
