"""Every flavor times every task goes the whole wheel; what a flavor does not offer is refused when declared.

The wheel: register, gate, promote, serve over HTTP, record, outcome, monitor, roll back, replay to the bit.
"""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from importlib.util import find_spec

import httpx2 as httpx
import numpy as np
import polars as pl
import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.errors import InvalidInput
from meguru.flavors import FLAVORS
from meguru.flavors.bundle import load_bundle
from meguru.flavors.bundle_writer import save_bundle
from meguru.flavors.model import Model
from meguru.flavors.task_support import supported_tasks
from meguru.metrics import metric_of
from meguru.monitoring import operations as monitors
from meguru.predictions.operations import record, show
from meguru.predictions.types import OutcomeInput
from meguru.registry.client import add_model
from meguru.releases import operations as releases
from meguru.serving import operations as endpoints
from meguru.serving.asgi import endpoints_app
from meguru.serving.loaded_model import rehearsed
from meguru.serving.operations import replay
from meguru.serving.service import PredictionService
from meguru.tasks import TASKS, task_of
from meguru.testing import matrix

NETWORKS = {"keras", "pytorch"}
ROWS = matrix.FRAME[:6].to_dicts()
CELLS = [
    pytest.param(
        flavor,
        task,
        id=f"{flavor}-{task}",
        # One process imports each of the heavy libraries, once.
        marks=pytest.mark.xdist_group("torch" if flavor in NETWORKS else "matrix"),
    )
    for flavor in sorted(matrix.FLAVORS)
    for task in matrix.FEW.get(flavor, TASKS.names())
]
OTHERS = [
    pytest.param(flavor, task, id=f"{flavor}-{task}")
    for flavor, few in matrix.FEW.items()
    for task in TASKS.names()
    if task not in few
]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """One workspace for all cells: each has an endpoint of its own."""
    folder = tmp_path_factory.mktemp("matrix") / "workspace"
    with open_local(folder, settings=Settings(sqlite_synchronous="NORMAL")) as ws:
        yield ws


@pytest.fixture(scope="module")
def service(workspace):
    made = PredictionService(workspace)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def predict(workspace, service):
    """Ask an endpoint over HTTP, in process; returns the predictions, and which model answered."""
    app = endpoints_app(service, authenticate=lambda scope: workspace.principal)

    async def within_state(scope, receive, send):
        await app(scope | {"state": {}}, receive, send)

    def predict(name):
        async def send():
            transport = httpx.ASGITransport(app=within_state, root_path="/endpoints")
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.post(f"/endpoints/{name}/predict", content=json.dumps({"rows": ROWS}))

        assert service.wait_until_current(name, timeout=60), service.status(name).fault
        answer = asyncio.run(send())
        assert answer.status_code == 200, answer.text
        return answer.json()["predictions"], answer.json()["model"]

    return predict


def model_of(flavor, task, seed):
    asked = matrix.question(flavor, task)
    labelled = {}
    if asked.labels is not None:
        labelled = {"holdout": matrix.FRAME.with_columns(pl.Series("label", asked.labels)), "label": "label"}
    return Model(
        estimator=matrix.estimator(flavor, asked, seed),
        example=matrix.FRAME[:5],
        baseline=matrix.FRAME,
        task=asked.task,
        **labelled,
    )


def bare(predictions):
    return [{name: each[name] for name in each if name != "id"} for each in predictions]


def expected(folder, rows):
    """Return what the library itself says, in the shape of an answer."""
    bundle = load_bundle(folder, code=True)
    found = bundle.task.answer(bundle.predict(matrix.FRAME[: len(rows)]), len(rows))
    shown = []
    for place in range(len(rows)):
        row = {}
        for output in bundle.task.outputs():
            value = found[output.name][place]
            value = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
            row[output.name] = dict(zip(output.labels, value, strict=True)) if output.labels else value
        shown.append(row)
    return shown


def skip_without(flavor):
    absent = [package for package in matrix.FLAVORS[flavor].packages if find_spec(package) is None]
    if absent:
        pytest.skip(f"{', '.join(absent)} is not installed")


@pytest.mark.parametrize(("flavor", "task"), CELLS)
def test_the_wheel_goes_round(workspace, service, predict, tmp_path, flavor, task):
    skip_without(flavor)
    if task not in supported_tasks(FLAVORS.load(flavor)()):
        with pytest.raises(InvalidInput) as caught:
            save_bundle(model_of(flavor, task, 1), tmp_path / "refused")
        assert caught.value.field == "task"
        return
    asked, name = matrix.question(flavor, task), f"{flavor}-{task}"
    made = []
    for seed in (1, 2):
        save_bundle(model_of(flavor, task, seed), tmp_path / str(seed))
        made.append(add_model(workspace, name, tmp_path / str(seed)))
    assert (made[0].flavor, task_of(made[0].task).key) == (flavor, task)

    endpoints.create(workspace, name=name, model=name, gates=gates_of(asked))
    promote(workspace, name, made[0].ref)
    answered, model = predict(name)
    assert model == made[0].ref
    assert bare(answered) == expected(tmp_path / "1", ROWS)

    truths = asked.labels[: len(ROWS)] if asked.labels else [asked.outcome] * len(ROWS)
    given = [
        OutcomeInput(prediction_id=each["id"], value=truth)
        for each, truth in zip(answered, truths, strict=True)
    ]
    assert record(workspace, endpoint=name, outcomes=given).count == len(ROWS)
    shown = show(workspace, id=answered[1]["id"])
    assert shown.outcome is not None
    checks = [{"check": "psi"}, *([{"check": "performance"}] if metric_for(asked) else [])]
    monitors.create(workspace, name=name, endpoint=name, checks=checks, min_rows=5)
    around = {"start": shown.at - timedelta(hours=1), "end": shown.at + timedelta(hours=1)}
    report = monitors.run(workspace, name=name, **around)
    assert (report.rows, report.outcomes) == (len(ROWS), len(ROWS))
    if metric_for(asked):
        first = report.live.measured(task_of(asked.task).metrics[0])
        assert first.estimate is not None, report.notes
        assert first.reference is not None, report.notes

    promote(workspace, name, made[1].ref)
    assert predict(name)[1] == made[1].ref
    releases.rollback(workspace, endpoint=name, reason="the wheel")
    again, model = predict(name)
    assert (model, bare(again)) == (made[0].ref, bare(answered))
    found = replay(workspace, id=answered[0]["id"].partition(".")[0])
    assert (found.equal, found.rows) == (True, len(ROWS))


def metric_for(asked):
    """Return the metric that judges the models of a task; None of a generic one."""
    names = task_of(asked.task).metrics if asked.labels else ()
    return metric_of(names[0]) if names else None


def gates_of(asked):
    """Return gates that every model of the matrix passes, as far as its task has a metric."""
    metric = metric_for(asked)
    if metric is None:
        return [{"gate": "loads"}]
    name, low, high = task_of(asked.task).metrics[0], max(metric.low, -1e6), min(metric.high, 1e6)
    reached = (
        {"op": ">=", "value": low + 1e-9}
        if metric.direction == "higher"
        else {"op": "<=", "value": high - 1e-9}
    )
    margin = -0.99 * (high - low)
    return [
        {"gate": "loads"},
        {"gate": "metric", "metric": name, **reached},
        {"gate": "champion", "metric": name, "margin": margin},
    ]


def promote(workspace, endpoint, model):
    release = releases.create(workspace, endpoint=endpoint, model=model)
    checked = releases.check(workspace, release=release.ref)
    assert checked.results
    assert all(each.passed for each in checked.results), checked.results
    return releases.promote(workspace, release=release.ref)


@pytest.mark.parametrize(("flavor", "task"), OTHERS)
def test_the_server_answers_as_the_model_does(tmp_path, flavor, task):
    skip_without(flavor)
    made = model_of(flavor, task, 1)
    bundle = save_bundle(made, tmp_path / "model")
    served = rehearsed(bundle, endpoint="matrix", model_ref="model/matrix@1")
    answer = served.answer(served.default.decode(json.dumps({"rows": ROWS}).encode()).rows)
    target = made.estimator.target(**made.estimator.arguments)
    raw = target.predict(matrix.FRAME[: len(ROWS)].to_numpy())
    wanted = bundle.task.answer(raw, len(ROWS))
    for output in bundle.task.outputs():
        assert list(answer.columns[output.name]) == plain(wanted[output.name])
    bundle.predictor.close()


def plain(values):
    return values.tolist() if isinstance(values, np.ndarray) else list(values)


def test_every_flavor_is_in_the_matrix():
    assert set(FLAVORS.names()) <= set(matrix.FLAVORS)
