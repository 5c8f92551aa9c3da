"""What a run took in and gave out: datasets and logged models."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select

from meguru.base import refs
from meguru.kernel.operations import Context, operation
from meguru.mlflow.tracking.experiment_operations import DOOR
from meguru.mlflow.tracking.run_operations import lock_run
from meguru.storage.db.raw import RawSql
from meguru.storage.statements import marks
from meguru.tracking.client_schema import (
    experiment_entry,
    input_dataset,
    run_input,
    run_model,
)

CONTEXT = "mlflow.data.context"
"""The tag of an input that tells what the run used it for."""


class DatasetInput(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset as an MLflow client describes it, and what the run used it for."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None = None
    profile: str | None = None
    tags: dict[str, str] = {}


class ModelLink(msgspec.Struct, frozen=True, kw_only=True):
    """A logged model of a run."""

    model_id: str
    step: int = 0


@operation("mlflow.log_inputs", permission="run:write", door=DOOR, on="run", refers={"run": "run"})
def log_inputs(
    ctx: Context,
    *,
    run: str,
    datasets: list[DatasetInput] | None = None,
    models: list[ModelLink] | None = None,
    outputs: list[ModelLink] | None = None,
) -> None:
    """Tell which datasets and logged models a run took in, and which models it gave out."""
    row = lock_run(ctx.tx, ctx.principal, run, project=ctx.home)
    for each in datasets or []:
        _link(ctx.tx, row.id, _dataset(ctx.tx, row.experiment, each), each.tags)
    for direction, links in (("input", models or []), ("output", outputs or [])):
        for link in links:
            _link_model(ctx.tx, row.id, direction, link)
    data = {
        "datasets": [f"{each.name}#{each.digest}" for each in datasets or []][:100],
        "models": [each.model_id for each in models or []][:100],
        "outputs": [each.model_id for each in outputs or []][:100],
    }
    ctx.emit("run.inputs_logged", refs.make("run", row.id), data=data)


def dataset_inputs(tx: Connection, runs: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the dataset inputs of some runs as MLflow shows them."""
    names = ("name", "digest", "source_type", "source", "schema", "profile")
    sql = (
        f"SELECT i.run, i.tags, {', '.join(f'd.{name}' for name in names)} FROM mlflow_input i "  # noqa: S608
        f"JOIN mlflow_dataset d ON d.id = i.dataset WHERE i.run IN ({marks(len(runs))}) ORDER BY d.id"
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for run, text, *values in RawSql(tx).execute(sql, runs):
        given = zip(names, values, strict=True)
        tags = [{"key": key, "value": value} for key, value in msgspec.json.decode(text).items()]
        shown = {name: value for name, value in given if value is not None}
        found.setdefault(run, []).append({"tags": tags, "dataset": shown})
    return found


def models(tx: Connection, runs: Sequence[str]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return the logged models of some runs, by run and direction."""
    sql = (
        "SELECT run, direction, model_id, step FROM mlflow_run_model "  # noqa: S608 - names of ours
        f"WHERE run IN ({marks(len(runs))}) ORDER BY model_id"
    )
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for run, direction, model_id, step in RawSql(tx).execute(sql, runs):
        shown = {"model_id": model_id} | ({"step": step} if direction == "output" else {})
        found.setdefault((run, direction), []).append(shown)
    return found


def summaries(tx: Connection, numbers: Iterable[int]) -> list[dict[str, str]]:
    """Return the datasets of some experiments with the contexts in which runs used them."""
    joined = input_dataset.join(
        experiment_entry, experiment_entry.c.experiment == input_dataset.c.experiment
    ).join(run_input, run_input.c.dataset == input_dataset.c.id)
    query = (
        select(experiment_entry.c.id, input_dataset.c.name, input_dataset.c.digest, run_input.c.context)
        .select_from(joined)
        .where(experiment_entry.c.id.in_(list(numbers)))
        .order_by(input_dataset.c.id)
    )
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for row in tx.execute(query.limit(10_000)):
        shown = {"experiment_id": str(row.id), "name": row.name, "digest": row.digest}
        if row.context:
            shown["context"] = row.context
        found.setdefault(tuple(shown.values()), shown)
    return list(found.values())[:1000]


def _dataset(tx: Connection, experiment: str, given: DatasetInput) -> int:
    table = input_dataset
    same = (table.c.experiment == experiment) & (table.c.name == given.name)
    known = tx.execute(select(table.c.id).where(same, table.c.digest == given.digest)).scalar()
    if known is not None:
        return int(known)
    values = {name: getattr(given, name) for name in given.__struct_fields__ if name != "tags"}
    done = tx.execute(insert(table).values(experiment=experiment, **values))
    return int(done.inserted_primary_key[0])  # type: ignore[index]


def _link(tx: Connection, run: str, dataset: int, tags: dict[str, str]) -> None:
    table = run_input
    row = tx.execute(select(table.c.dataset).where(table.c.run == run, table.c.dataset == dataset)).first()
    if row is None:
        tx.execute(insert(table).values(run=run, dataset=dataset, context=tags.get(CONTEXT, ""), tags=tags))


def _link_model(tx: Connection, run: str, direction: str, link: ModelLink) -> None:
    table = run_model
    mine = (table.c.run == run) & (table.c.direction == direction) & (table.c.model_id == link.model_id)
    tx.execute(delete(table).where(mine))
    tx.execute(insert(table).values(run=run, direction=direction, model_id=link.model_id, step=link.step))
