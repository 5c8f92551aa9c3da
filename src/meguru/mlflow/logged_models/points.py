"""Points that speak of a logged model: kept beside the run's series, as the model shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from meguru.storage.db.raw import RawSql
from meguru.storage.statements import marks
from meguru.tracking.client_schema import model_point as table
from meguru.tracking.run_ids import to_hex

_COLUMNS = ("model_id", "key", "ms", "step", "run", "value", "dataset_name", "dataset_digest")
_UPSERT = (
    f"INSERT INTO mlflow_model_metric ({', '.join(_COLUMNS)}) VALUES ({marks(8)}) "  # noqa: S608 - names of ours
    "ON CONFLICT (model_id, key, ms, step, run) DO UPDATE SET value = excluded.value, "
    "dataset_name = excluded.dataset_name, dataset_digest = excluded.dataset_digest"
)


class ModelPoint(NamedTuple):
    """One measurement of a logged model, perhaps on a dataset; None is NaN."""

    model_id: str
    key: str
    ms: int
    step: int
    value: float | None
    dataset_name: str
    dataset_digest: str


def add(tx: Connection, run: str, points: Sequence[ModelPoint]) -> None:
    """Keep points of a run that is held; the last of those at one time and step stays."""
    in_order = sorted(points, key=lambda each: each[:4])
    rows = [(point.model_id, point.key, point.ms, point.step, run, *point[4:]) for point in in_order]
    RawSql(tx).executemany(_UPSERT, rows)


def of_models(tx: Connection, models: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the points of some logged models in the protocol's shape, by model."""
    found: dict[str, list[dict[str, Any]]] = {}
    query = select(table).where(table.c.model_id.in_(models))
    for row in tx.execute(query.order_by(table.c.model_id, table.c.key, table.c.step, table.c.ms)):
        shown = {
            "key": row.key,
            "value": "NaN" if row.value is None else row.value,
            "timestamp": row.ms,
            "step": row.step,
            "run_id": to_hex(row.run),
            "model_id": row.model_id,
        }
        named = {"dataset_name": row.dataset_name, "dataset_digest": row.dataset_digest}
        found.setdefault(row.model_id, []).append(shown | {key: text for key, text in named.items() if text})
    return found
