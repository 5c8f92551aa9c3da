"""Runs in MLflow's protocol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from meguru.errors import NotFound
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace
from meguru.mlflow.protocol.calls import JsonObject, permit
from meguru.mlflow.protocol.errors import invalid
from meguru.mlflow.protocol.params import Params, bad, limit_of
from meguru.mlflow.tracking import experiment_operations as experiments
from meguru.mlflow.tracking import inputs, limits, run_names
from meguru.mlflow.tracking import run_operations as runs
from meguru.mlflow.tracking.answers import info_of, new_run, parts, shown
from meguru.mlflow.tracking.experiments_search import stages
from meguru.tracking import milliseconds, show
from meguru.tracking.search.runs import RunQuery, search_runs
from meguru.tracking.states import STATES

MAX_INPUTS = 10_000
MAX_SCHEMA, MAX_PROFILE, MAX_INPUT_KEY, MAX_INPUT_VALUE = 2**20 - 1, 2**24 - 1, 255, 500


def create(ws: Workspace, params: Params) -> JsonObject:
    """Start a run."""
    experiment = params.text("experiment_id") or "0"
    tags = read_tags(params)
    name = params.text("run_name") or tags.get("mlflow.runName", "")
    if tags.get("mlflow.runName", name) != name:
        raise invalid(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values "
            f"(run_name='{name[:250]}', mlflow.runName='{tags['mlflow.runName'][:250]}')."
        )
    name = name or run_names.generate()
    start = _moment(params, "start_time")
    wanted: dict[str, Any] = {
        "experiment": experiment,
        "name": name[:250],
        "user": params.text("user_id")[:250],
        "start": milliseconds.millis(ws.clock.now()) if start is None else start,
        "tags": tags | {"mlflow.runName": name},
    }
    try:
        made = runs.create(ws, **wanted)
    except NotFound:
        # Only now looked at: every run but the first would ask in vain whether experiment 0 is there.
        if experiment != "0":
            raise
        experiments.adopt(ws.with_(principal=system("mlflow")))
        made = runs.create(ws, **wanted)
    return {"run": new_run(made, wanted)}


def get(ws: Workspace, params: Params) -> JsonObject:
    """Show a run."""
    return {"run": _one(ws, params.run())}


def update(ws: Workspace, params: Params) -> JsonObject:
    """End, reopen or rename a run."""
    run = params.run()
    status = params.word("status", tuple(STATES))
    runs.change(
        ws,
        run=run,
        status=status or None,  # type: ignore[arg-type]
        end=_moment(params, "end_time"),
        name=params.text("run_name") or None,
    )
    permit(ws, show.show, "run", run)
    with ws.read() as tx:
        return {"run_info": info_of(tx, runs.check_here(tx, run, ws.home))}


def delete(ws: Workspace, params: Params) -> JsonObject:
    """Mark a run as deleted."""
    runs.move(ws, run=params.text("run_id", required=True, most=256), stage="deleted")
    return {}


def restore(ws: Workspace, params: Params) -> JsonObject:
    """Take the mark away."""
    runs.move(ws, run=params.text("run_id", required=True, most=256), stage="active")
    return {}


def search(ws: Workspace, params: Params) -> bytes | Iterator[bytes]:
    """Find runs; those with very many metrics are written while they are read."""
    permit(ws, show.list_runs)
    with ws.read() as tx:
        ids, token = search_runs(tx, _asked(tx, params, ws.home))
        cut = list(parts(tx, ids))
    written = _written(ws, cut, token)
    return b"".join(written) if len(cut) == 1 else written


def _asked(tx: Connection, params: Params, project: str) -> RunQuery:
    return RunQuery(
        list(experiments.here(tx, params.texts("experiment_ids"), project).values()),
        params.text("filter"),
        params.texts("order_by"),
        stages(params, "run_view_type"),
        limit_of(params, default=1000, most=50_000),
        params.text("page_token"),
    )


def _written(ws: Workspace, cut: list[Sequence[str]], token: str) -> Iterator[bytes]:
    mark = b'{"runs":['
    for ids in cut:
        with ws.read() as tx:
            found = shown(tx, ids)
        if found:  # they may have been removed for good since they were found
            yield mark + msgspec.json.encode(found)[1:-1]
            mark = b","
    start = b"" if mark == b"," else mark
    yield start + (b'],"next_page_token":"%s"}' % token.encode() if token else b"]}")


def log_inputs(ws: Workspace, params: Params) -> JsonObject:
    """Tell which datasets and logged models a run took in."""
    datasets = [_dataset(each) for each in params.objects("datasets")]
    if len(datasets) > MAX_INPUTS:
        raise invalid(f"At most {MAX_INPUTS} datasets may be logged at once, not {len(datasets)}")
    links = [_link(each) for each in params.objects("models")]
    inputs.log_inputs(ws, run=params.run(), datasets=datasets, models=links)
    return {}


def log_outputs(ws: Workspace, params: Params) -> JsonObject:
    """Tell which logged models a run gave out."""
    links = [_link(each) for each in params.objects("models")]
    inputs.log_inputs(ws, run=params.run(), outputs=links)
    return {}


def delete_tag(ws: Workspace, params: Params) -> JsonObject:
    """Take one tag off."""
    runs.delete_tag(ws, run=params.run(), key=params.text("key", required=True))
    return {}


def read_tags(params: Params) -> dict[str, str]:
    """Return the tags of a request, checked and cut."""
    return {
        limits.check_key("tag", key): limits.cut(value, limits.MAX_TAG) for key, value in params.pairs("tags")
    }


def _one(ws: Workspace, run: str) -> JsonObject:
    permit(ws, show.show, "run", run)
    with ws.read() as tx:
        return shown(tx, [runs.check_here(tx, run, ws.home)])[0]


def _moment(params: Params, name: str) -> int | None:
    value = params.integer(name)
    if value is not None and not milliseconds.MIN_MILLIS <= value <= milliseconds.MAX_MILLIS:
        raise bad(name, value, "milliseconds since 1970 are wanted, of the years 1 to 9999")
    return value


def _dataset(each: Params) -> inputs.DatasetInput:
    given = each.nested("dataset")
    return inputs.DatasetInput(
        name=given.text("name", required=True, most=500),
        digest=given.text("digest", required=True, most=36),
        source_type=given.text("source_type", required=True, most=255),
        source=given.text("source", required=True, most=65_535),
        schema=given.optional("schema", most=MAX_SCHEMA),
        profile=given.optional("profile", most=MAX_PROFILE),
        tags=dict(_input_tag(key, value) for key, value in each.pairs("tags")),
    )


def _input_tag(key: str, value: str) -> tuple[str, str]:
    limits.check_length("key", key, MAX_INPUT_KEY)
    limits.check_length("value", value, MAX_INPUT_VALUE)
    return key, value


def _link(each: Params) -> inputs.ModelLink:
    return inputs.ModelLink(
        model_id=each.text("model_id", required=True, most=64), step=each.integer("step", 0) or 0
    )
