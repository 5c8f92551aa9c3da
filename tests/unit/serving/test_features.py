"""An endpoint that takes keys and raw fields: views give the model the rest, by the code of training."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from sqlalchemy import update

from meguru.app.jobs import HANDLERS
from meguru.app.open import open_local
from meguru.artifacts.log import list_events
from meguru.base.settings import Settings
from meguru.datasets.client import add_files
from meguru.features.client import training
from meguru.features.materialization.operations import start as materialize
from meguru.features.materialization.runner import see_through
from meguru.flavors import ColumnType, SignatureColumn
from meguru.flavors.model import Model, save_bundle
from meguru.kernel import jobs
from meguru.kernel.jobs import JobState, Worker
from meguru.kernel.jobs.schema import job
from meguru.kernel.operations import Context, Operation
from meguru.predictions import payload, store
from meguru.predictions.operations import show
from meguru.project.plan_apply import apply_plan, plan_project
from meguru.project.read import read_project
from meguru.registry.client import add_model
from meguru.releases import store as releases
from meguru.releases.gate_inputs import trial_of
from meguru.releases.gates.latency import Latency
from meguru.releases.operations import check, promote, rollback
from meguru.releases.operations import create as release
from meguru.releases.types import ReleaseState
from meguru.serving.contracts.create import create as add_contract
from meguru.serving.features.parity import parity
from meguru.serving.operations import replay
from meguru.serving.service import PredictionService
from meguru.testing.events import declare_events

declare_events("test.asked")

CODE = """
import polars as pl
import meguru

@meguru.on_demand(
    request={"price": "double", "quantity": "long"},
    inputs=["activity:spend"],
    features={"total": "double", "share": "double"},
)
def basket(asked: pl.DataFrame) -> pl.DataFrame:
    total = pl.col("price") * pl.col("quantity")
    return asked.select(total=total, share=total / pl.col("spend"))
"""
TOML = """
[project]
name = "shop"

[entity.user]
key = "user"

[feature_view.activity]
entity = "user"
source = "spending"
time = "at"
ttl = "{ttl}"
features = {{ spend = "Float64", visits = "Float64" }}
missing = "{missing}"
defaults = {{ visits = 0.5, spend = 10.0 }}

[feature_service.buys]
views = ["basket", "activity:visits"]

[endpoint.buys]
model = "buys"
features = "feature_service/buys"
"""
NOW = datetime.now(UTC).replace(microsecond=0)
NAMES = ["total", "share", "visits"]


def declare(workspace, folder, ttl="2h", missing="default"):
    (folder / "features.py").write_text(CODE)
    (folder / "meguru.toml").write_text(TOML.format(ttl=ttl, missing=missing))
    project = read_project(folder / "meguru.toml")
    plan = plan_project(workspace, project)
    if plan.actions:
        apply_plan(workspace, plan, project)


def bring(workspace, view="activity"):
    return see_through(workspace, materialize(workspace, view=view))


def set_up(workspace, folder):
    """Ann spent 40 an hour ago and 20 two hours before; Bob long ago."""
    from sklearn.linear_model import LogisticRegression

    table = pl.DataFrame(
        {
            "user": ["ann", "ann", "bob"],
            "at": [NOW - timedelta(hours=3), NOW - timedelta(hours=1), NOW - timedelta(days=9)],
            "spend": [20.0, 40.0, 8.0],
            "visits": [2.0, 3.0, 1.0],
        }
    )
    table.write_parquet(folder / "spending.parquet")
    add_files(workspace, "spending", folder / "spending.parquet")
    declare(workspace, folder)
    for number, sign in enumerate((1, -1), 1):
        frame = pl.DataFrame({name: [0.0, 1.0, 2.0, 3.0] for name in NAMES})
        fitted = LogisticRegression().fit(frame.to_numpy(), [0, 0, 1, 1][::sign])
        save_bundle(Model(estimator=fitted, example=frame), folder / f"model-{number}")
        add_model(workspace, "buys", folder / f"model-{number}")


def put_live(workspace, service, model="buys@1"):
    made = check(workspace, release=release(workspace, endpoint="buys", model=model).ref)
    assert made.state is ReleaseState.PASSED, made.reasons
    promote(workspace, release=made.ref)
    assert service.wait_until_current("buys", timeout=60)
    return made


@contextmanager
def serving(folder, http_client):
    with open_local(folder / "workspace", settings=Settings(sqlite_synchronous="NORMAL")) as ws:
        service = PredictionService(ws)
        service.start()
        yield ws, service, http_client(service, authenticate=lambda scope: ws.principal)
        service.stop()


@pytest.fixture(scope="module")
def shop(tmp_path_factory, http_client):
    """A shop whose first model is live; no test changes what is declared."""
    folder = tmp_path_factory.mktemp("shop")
    with serving(folder, http_client) as (ws, service, http):
        set_up(ws, folder)
        bring(ws)
        put_live(ws, service)
        yield ws, http


def ask(http, rows, query="", **beside):
    body = json.dumps({"rows": rows, **beside}, default=str).encode()
    return http.request("POST", f"/endpoints/buys/predict{query}", content=body)


def test_clients_send_what_they_know_and_the_model_is_given_the_rest(shop):
    workspace, http = shop
    known = http.request("GET", "/endpoints/buys").json()
    sent = [(each["name"], each["type"]) for each in known["signature"]["inputs"]]
    assert sent == [("user", "string"), ("price", "double"), ("quantity", "long")]
    row = http.request("GET", "/endpoints/buys/openapi.json").json()["paths"]["/endpoints/buys/predict"]
    row = row["post"]["requestBody"]["content"]["application/json"]["schema"]["oneOf"][1]["properties"]["row"]
    assert row["required"] == ["user", "price", "quantity"]
    assert "total" in row["propertyNames"]["enum"]

    found = ask(http, [{"user": "ann", "price": 2.5, "quantity": 4}], "?explain=features")
    assert found.status_code == 200, found.text
    (answer,) = found.json()["predictions"]
    told = answer["features"]
    assert {name: each["value"] for name, each in told.items()} == {
        "total": 10.0, "share": 0.25, "visits": 3.0,
    }  # fmt: skip
    assert told["visits"]["status"] == "PRESENT"
    assert told["visits"]["view"] == "feature_view/activity@1"
    assert told["visits"]["age"] >= 3600
    assert told["share"]["status"] == "COMPUTED"

    full = ask(http, [{"total": 10.0, "share": 0.25, "visits": 3.0}])
    assert full.json()["predictions"][0]["score"] == answer["score"]
    kept = show(workspace, id=answer["id"]).features
    assert {name: kept[name] for name in NAMES} == {"total": 10.0, "share": 0.25, "visits": 3.0}
    assert kept["user"] == "ann"
    assert kept["_view:activity@1"] == NOW - timedelta(hours=1)
    assert replay(workspace, id=answer["id"]).equal


def test_the_same_code_gives_the_same_values_in_training_and_in_serving_to_the_bit(shop):
    workspace, http = shop
    rows = [
        {"user": user, "price": price, "quantity": 3}
        for user in ("ann", "bob", "eve")
        for price in (0.1, 7.7)
    ]
    times = [NOW - timedelta(minutes=minutes) for minutes in (0, 90, 0, 1, 5, 5)]
    found = ask(http, rows, times=[each.isoformat() for each in times]).json()
    labels = pl.DataFrame(rows).with_columns(pl.Series("when", times))
    truth = training(workspace, labels, "feature_service/buys", time="when").frame
    with workspace.read() as tx:
        batch = store.get(tx, found["predictions"][0]["id"].rpartition(".")[0])
    used = payload.features_of(batch.payload)
    for name in NAMES:
        assert pl.Series(used[name], dtype=pl.Float64).equals(truth[name], null_equal=True), name


def test_a_request_that_says_when_it_was_is_given_what_was_known_then(shop):
    _, http = shop
    row = {"user": "ann", "price": 1.0, "quantity": 1}
    then = NOW - timedelta(hours=2)
    told = ask(http, [row], "?explain=features", times=[then.isoformat()]).json()
    assert told["predictions"][0]["features"]["visits"]["value"] == 2.0
    assert told["predictions"][0]["features"]["visits"]["age"] == 3600.0
    long_ago = (NOW - timedelta(days=100)).isoformat()
    none = ask(http, [row], "?explain=features", times=[long_ago]).json()["predictions"][0]["features"]
    assert none["visits"] == {"value": 0.5, "status": "NOT_FOUND", "view": "feature_view/activity@1"}


def test_one_value_may_be_sent_and_what_is_computed_of_it_follows(shop):
    workspace, http = shop
    row = {"user": "ann", "price": 2.5, "quantity": 4, "visits": 9.0}
    (answer,) = ask(http, [row], "?explain=features").json()["predictions"]
    assert answer["features"]["visits"] == {"value": 9.0, "status": "SENT"}
    assert answer["features"]["share"]["value"] == 0.25
    assert show(workspace, id=answer["id"]).features["sent:visits"] == 9.0


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"price": 1.0, "quantity": 1}, "rows[0].user"),
        ({"user": "ann", "quantity": 1}, "rows[0].price"),
        ({"user": "ann", "price": "x", "quantity": 1}, "rows[0].price"),
        ({"user": "ann", "prize": 1.0, "quantity": 1}, "rows[0].prize"),
        ({"user": "ann", "price": 1.0, "quantity": 1, "visits": "many"}, "rows[0].visits"),
    ],
)
def test_what_is_wrong_is_said_of_the_field_that_was_sent(shop, row, field):
    _, http = shop
    found = ask(http, [row])
    assert found.status_code == 422
    assert found.json()["error"]["field"] == field


def test_requests_that_are_filled_in_together_are_answered_apart(shop):
    _, http = shop
    good, bad = {"user": "ann", "price": 1.0, "quantity": 1}, {"user": "ann"}
    bodies = [json.dumps({"rows": [each]}).encode() for each in (good, bad, good)]
    found = [http.predict(body, name="buys").status_code for body in bodies]
    assert found == [200, 422, 200]


def test_an_unknown_thing_to_explain_is_refused(shop):
    _, http = shop
    found = ask(http, [{"user": "ann", "price": 1.0, "quantity": 1}], "?explain=all")
    assert found.status_code == 422
    assert found.json()["error"]["field"] == "explain"


def _enqueue(ctx: Context, *, model: str) -> str:
    told = ctx.emit("test.asked", model)
    return jobs.enqueue(
        ctx, kind="release", key=model, payload={"endpoint": "buys", "model": model}, cause=told.id
    ).id


ASK = Operation(_enqueue, "test.ask", "test:write", query=False, evented=True)


def test_views_change_and_come_late_and_models_move_to_them_by_release(tmp_path, http_client):
    """One story in one workspace, for each chapter needs what came before."""
    with serving(tmp_path, http_client) as (ws, service, http):
        set_up(ws, tmp_path)
        waits_for_its_views(ws, service)
        tells_what_came_late(ws, http, tmp_path)
        moves_by_release_and_back_by_rollback(ws, http, service, tmp_path)
        refuses_where_the_view_says_so(ws, http, service, tmp_path)


def waits_for_its_views(ws, service):
    made = check(ws, release=release(ws, endpoint="buys", model="buys@1").ref)
    assert made.state is ReleaseState.UNDECIDED
    assert "meguru features materialize activity@1" in made.reasons[0]

    job_id = ws.execute(ASK, {"model": "model/buys@1"})
    for _ in range(6):  # more often than a job that fails is tried
        look(ws, job_id)
    with ws.read() as tx:
        assert jobs.find(tx, job_id).state is JobState.PARKED
    told = list_events(ws, type="release.undecided", subject="release/buys@2").items
    assert len(told) == 1

    bring(ws)
    assert check(ws, release=made.ref).state is ReleaseState.PASSED
    look(ws, job_id)
    with ws.read() as tx:
        assert jobs.find(tx, job_id).state is JobState.DONE
    assert service.wait_until_current("buys", timeout=60)
    assert service.status("buys").release == "release/buys@2"


def look(ws, job_id):
    with ws.db.write() as tx:
        tx.execute(update(job).where(job.c.id == job_id).values(not_before=ws.clock.now()))
    assert Worker(ws, HANDLERS).run_job(job_id)


def tells_what_came_late(ws, http, folder):
    rows = [{"user": user, "price": 2.5, "quantity": 4} for user in ("ann", "bob", "eve")]
    assert ask(http, rows).status_code == 200
    all_sent = {"columns": [SignatureColumn(name=name, type=ColumnType.DOUBLE) for name in NAMES]}
    add_contract(ws, endpoint="buys", **all_sent)
    until = time.monotonic() + 60
    while ask(http, [dict.fromkeys(NAMES, 7.0)], "?contract=2").status_code != 200:
        assert time.monotonic() < until
        time.sleep(0.02)
    found = parity(ws, "buys")  # what clients sent themselves is not what views gave
    assert (found.equal, found.rows, found.values) == (True, 3, 9)

    late = pl.DataFrame(
        {"user": ["ann"], "at": [NOW - timedelta(minutes=5)], "spend": [99.0], "visits": [4.0]}
    )
    late.write_parquet(folder / "late.parquet")
    add_files(ws, "spending", folder / "late.parquet", mode="append")
    found = parity(ws, "buys")
    assert {(each.feature, each.cause.value, each.rows) for each in found.differences} == {
        ("share", "late data", 1),
        ("visits", "late data", 1),
    }
    visits = next(each for each in found.differences if each.feature == "visits")
    assert (visits.served, visits.truth, visits.view) == (3.0, 4.0, "feature_view/activity@1")
    told = list_events(ws, type="endpoint.parity_checked").items
    assert [each.data["differing"] for each in told] == [0, 2]


def moves_by_release_and_back_by_rollback(ws, http, service, folder):
    declare(ws, folder, ttl="30d")
    bring(ws)
    row = {"user": "bob", "price": 1.0, "quantity": 1}

    def visits():
        (answer,) = ask(http, [row], "?explain=features").json()["predictions"]
        return answer["features"]["visits"]["value"], answer["features"]["visits"]["view"]

    assert visits() == (0.5, "feature_view/activity@1")
    second = put_live(ws, service, "buys@2")
    assert second.content.features.ref == "feature_service/buys@2"
    assert visits() == (1.0, "feature_view/activity@2")
    rollback(ws, endpoint="buys")
    assert service.wait_until_current("buys", timeout=60)
    assert visits() == (0.5, "feature_view/activity@1")


def refuses_where_the_view_says_so(ws, http, service, folder):
    declare(ws, folder, missing="refuse")
    bring(ws)
    put_live(ws, service, "buys@2")
    unknown = ask(http, [{"user": "eve", "price": 1.0, "quantity": 1}])
    assert (unknown.status_code, unknown.json()["error"]["field"]) == (422, "rows[0].user")
    old = ask(http, [{"user": "bob", "price": 1.0, "quantity": 1}])
    assert old.status_code == 503
    assert "feature_view/activity@3" in old.json()["error"]["what"]


def test_how_fast_a_model_is_is_measured_with_what_its_views_give(shop):
    ws = shop[0]
    with ws.read() as tx:
        live = releases.get(tx, "release/buys@1")
    found = Latency(at_most_ms=60_000).judge(trial_of(ws, live, None))
    assert found.passed, found.reason
