"""Experiments in MLflow's protocol."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote, urlparse, urlsplit

from sqlalchemy import Connection, Row, select

from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace
from meguru.mlflow.protocol.calls import JsonObject, permit
from meguru.mlflow.protocol.errors import Refusal, invalid
from meguru.mlflow.protocol.params import Params
from meguru.mlflow.tracking import experiment_operations as experiments
from meguru.mlflow.tracking import inputs, limits
from meguru.mlflow.tracking.experiments_search import search_experiments
from meguru.tracking.client_schema import experiment_entry as table
from meguru.tracking.client_schema import experiment_tag as tag_table
from meguru.tracking.milliseconds import millis
from meguru.tracking.show import list_experiments


def create(ws: Workspace, params: Params) -> JsonObject:
    """Create an experiment."""
    number_all(ws)
    name = params.text("name", required=True)
    location = params.text("artifact_location", most=4000)
    tags = dict(_tag(key, value) for key, value in params.pairs("tags"))
    _check_location(location)
    if location and not urlsplit(location).scheme:
        # As MLflow does it: a path is one of a disk that the server and its clients share.
        location = os.path.abspath(location)  # noqa: PTH100 - a Path keeps the dots
    number = experiments.create(ws, name=name, artifact_location=location, tags=tags)
    return {"experiment_id": str(number)}


def get(ws: Workspace, params: Params) -> JsonObject:
    """Show an experiment by its number."""
    number = params.text("experiment_id", required=True)
    permit(ws, list_experiments, "experiment", number)
    number_all(ws)
    with ws.read() as tx:
        return {"experiment": shown(tx, [experiments.find(tx, number, ws.home)])[0]}


def get_by_name(ws: Workspace, params: Params) -> JsonObject:
    """Show an experiment by its name."""
    name = params.text("experiment_name", required=True)
    permit(ws, list_experiments, "experiment", name)
    number_all(ws)
    with ws.read() as tx:
        row = tx.execute(select(table).where(table.c.name == name, table.c.project == ws.home)).first()
        if row is None:
            raise Refusal("RESOURCE_DOES_NOT_EXIST", f"Could not find experiment with name '{name[:500]}'")
        return {"experiment": shown(tx, [row])[0]}


def search(ws: Workspace, params: Params) -> JsonObject:
    """Find experiments."""
    permit(ws, list_experiments)
    number_all(ws)
    with ws.read() as tx:
        numbers, token = search_experiments(tx, params, ws.home)
        found: dict[int, Row[Any]] = {}
        for start in range(0, len(numbers), 500):
            query = select(table).where(table.c.id.in_(numbers[start : start + 500]))
            found |= {row.id: row for row in tx.execute(query)}
        answer: JsonObject = {"experiments": shown(tx, [found[number] for number in numbers])}
    return answer | ({"next_page_token": token} if token else {})


def update(ws: Workspace, params: Params) -> JsonObject:
    """Rename an experiment."""
    number = _number(ws, params)
    if params.given.get("new_name") is not None:
        experiments.change(ws, experiment=number, name=params.text("new_name", required=True))
    return {}


def delete(ws: Workspace, params: Params) -> JsonObject:
    """Mark an experiment as deleted."""
    experiments.change(ws, experiment=_number(ws, params), stage="deleted")
    return {}


def restore(ws: Workspace, params: Params) -> JsonObject:
    """Take the mark away."""
    experiments.change(ws, experiment=_number(ws, params), stage="active")
    return {}


def set_tag(ws: Workspace, params: Params) -> JsonObject:
    """Set a tag."""
    key, value = _tag(params.text("key", required=True), params.value())
    experiments.change(ws, experiment=_number(ws, params), tags={key: value})
    return {}


def delete_tag(ws: Workspace, params: Params) -> JsonObject:
    """Take a tag off."""
    experiments.change(ws, experiment=_number(ws, params), untag=params.text("key", required=True))
    return {}


def search_datasets(ws: Workspace, params: Params) -> JsonObject:
    """List the datasets that runs of some experiments used."""
    numbers = params.texts("experiment_ids")
    if not numbers:
        raise invalid("SearchDatasets request must specify at least one experiment_id.")
    if len(numbers) > 20:
        raise invalid(
            f"SearchDatasets request cannot specify more than 20 experiment_ids. Received {len(numbers)}."
        )
    permit(ws, list_experiments)
    with ws.read() as tx:
        return {"dataset_summaries": inputs.summaries(tx, experiments.here(tx, numbers, ws.home))}


def shown(tx: Connection, rows: Iterable[Row[Any] | experiments.ExperimentEntry]) -> list[JsonObject]:
    """Return experiments as the protocol writes them."""
    found = list(rows)
    tags: dict[int, list[dict[str, str]]] = {}
    for start in range(0, len(found), 500):
        some = [row.id for row in found[start : start + 500]]
        query = select(tag_table).where(tag_table.c.experiment.in_(some)).order_by(tag_table.c.key)
        for tag in tx.execute(query):
            tags.setdefault(tag.experiment, []).append({"key": tag.key, "value": tag.value})
    return [
        {
            "experiment_id": str(row.id),
            "name": row.name,
            "artifact_location": row.artifact_location or f"mlflow-artifacts:/{row.id}",
            "lifecycle_stage": row.stage,
            "creation_time": millis(row.created_at),
            "last_update_time": millis(row.updated_at),
            "tags": tags.get(row.id, []),
        }
        for row in found
    ]


def number_all(ws: Workspace) -> None:
    """Number the experiments that were made elsewhere; whoever may look sees them, so the system does it."""
    with ws.read() as tx:
        if not experiments.needs_adoption(tx, ws.home):
            return
    experiments.adopt(ws.with_(principal=system("mlflow")))


def _number(ws: Workspace, params: Params) -> int:
    text = params.text("experiment_id", required=True)
    permit(ws, experiments.change, "experiment", text)
    number_all(ws)
    with ws.read() as tx:
        return int(experiments.find(tx, text, ws.home).id)


def _tag(key: str, value: str) -> tuple[str, str]:
    limits.check_key("tag", key)
    if len(value) > experiments.MAX_TAG:
        raise invalid(f"'value' exceeds the maximum length of {experiments.MAX_TAG} characters")
    return key, value


def _check_location(location: str) -> None:
    parsed = urlparse(location)
    if parsed.fragment or parsed.params:
        raise invalid("'artifact_location' URL can't include fragments or params.")
    if ".." in unquote(parsed.query):
        raise invalid(f"Invalid query string: {parsed.query[:300]}")
