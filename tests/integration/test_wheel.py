"""The wheel, without a server: alert, retraining, gates, release; every link caused by the one before."""

from __future__ import annotations

import tempfile
import threading
from contextlib import contextmanager
from textwrap import dedent

import polars as pl
import pytest

from meguru.app.jobs import HANDLERS
from meguru.app.open import open_local
from meguru.artifacts.why import show as why
from meguru.base.settings import Settings
from meguru.datasets import operations as datasets
from meguru.datasets.client import add_files, frame
from meguru.errors import Conflict, NotFound
from meguru.kernel.jobs import Worker
from meguru.kernel.operations import Context, Operation
from meguru.monitoring.operations import create as create_monitor
from meguru.pipelines.load import register_file
from meguru.releases import operations as releases
from meguru.serving import operations as endpoints
from meguru.triggers import operations as triggers
from meguru.triggers.evaluate import Evaluator

CHAIN = [
    "monitor.alerted",
    "trigger.fired",
    "pipeline_run.started",
    "pipeline_run.succeeded",
    "model_version.registered",
    "trigger.fired",
    "release.created",
    "release.gates_passed",
    "release.promoted",
]
TRAIN = dedent(
    """
    from meguru import Dataset, Model, pipeline, step
    from meguru.testing.models import make_model

    @step
    def train(skills: Dataset) -> Model:
        skill = skills.frame()["skill"][0]
        return make_model(knows=("hour", "wind")[:skill], seed=5 * skill)

    @pipeline(produces="delay")
    def train_delay(skills: Dataset):
        return train(skills)
    """
)


def _alert(ctx: Context) -> str:
    return ctx.emit("monitor.alerted", "monitor/delay-watch", data=FELL).id


FELL = {
    "report": "report/r", "endpoint": "endpoint/delay", "model": "model/delay@1", "verdict": "alert",
    "start": "2026-03-01", "end": "2026-04-01", "reasons": ["AUC fell"],
    "rows": 9, "outcomes": 9, "drifted": [], "drift_share": 0.0, "auc": None, "reference": None,
}  # fmt: skip
ALERT = Operation(_alert, "test.alert", "test:write", query=False, evented=True)


@contextmanager
def turning(workspace):
    """Let a worker and an evaluator run."""
    stop, worker = threading.Event(), Worker(workspace, HANDLERS, threads=2)
    evaluator = threading.Thread(target=Evaluator(workspace).run, args=(stop,))
    evaluator.start()
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.stop()
        workspace.notify()
        evaluator.join()


def wait_until_settled(workspace):
    assert triggers.settled(workspace, timeout=60).settled or triggers.settled(workspace, timeout=60).settled


def teach(workspace, folder, skill):
    """Register data from which a model learns as much as `skill` says."""
    file = folder / "skills.csv"
    pl.DataFrame({"skill": [skill]}).write_csv(file)
    return add_files(workspace, "skills", [file])


@pytest.fixture(params=["embedded", pytest.param("shared", marks=pytest.mark.integration)])
def workspace(request, tmp_path, monkeypatch):
    """SQLite and a folder, or PostgreSQL and S3."""
    where, settings = str(tmp_path / "workspace"), Settings(sqlite_synchronous="NORMAL")
    if request.param == "shared":
        where = request.getfixturevalue("postgres_url")
        settings = Settings(blobs=request.getfixturevalue("s3_url"))
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where the read cache goes
    with open_local(where, settings=settings) as ws:
        yield ws


@pytest.fixture
def wheel(workspace, tmp_path):
    """An endpoint with gates, its monitor, its pipeline, and the two triggers that make it go round."""
    (tmp_path / "train.py").write_text(TRAIN)
    teach(workspace, tmp_path, 1)
    register_file(workspace, f"{tmp_path}/train.py:train_delay")
    gates = [{"gate": "metric", "metric": "auc", "value": 0.6}, {"gate": "champion"}]
    endpoints.create(workspace, name="delay", model="delay", gates=gates)
    create_monitor(workspace, name="delay-watch", endpoint="delay")
    triggers.create(
        workspace,
        name="retrain",
        on={"monitor": "delay-watch", "state": "alert"},
        action={"pipeline": "train_delay", "params": {"skills": "skills@latest"}},
    )
    triggers.create(
        workspace,
        name="ship",
        on={"event": "model_version.registered", "subject": "model/delay@*"},
        action={"endpoint": "delay"},
    )
    return workspace


def test_an_alert_leads_to_a_release_and_why_tells_the_whole_chain(wheel, tmp_path):
    with turning(wheel):
        for skill in (1, 2):
            teach(wheel, tmp_path, skill)
            alert = wheel.execute(ALERT, {})
            wait_until_settled(wheel)
    found = why(wheel, ref="endpoint/delay")
    assert [link.type for link in found.chain] == CHAIN
    assert found.chain[0].event == alert
    live = releases.show(wheel, ref="release/delay@latest")
    assert (live.version, live.state.value, live.model) == (2, "live", "model/delay@2")
    assert all(
        getattr(live.hashes, part) for part in ("pipeline", "data", "model", "endpoint", "policies", "gates")
    )
    assert [part.ref for part in live.content.datasets] == ["dataset/skills@2"]
    assert live.content.run.startswith("pipeline_run/")
    changes = releases.diff(wheel, before="delay@1", after="delay@2").changes
    assert [change.part for change in changes] == ["run", "dataset skills", "model", "contract 1"]

    # What answers was made from the second version of the data: the first may go, with its bytes.
    with pytest.raises(Conflict, match="is needed") as needed:
        datasets.remove(wheel, ref="skills@2")
    assert needed.value.why == "endpoint/delay (live)"
    datasets.remove(wheel, ref="skills@1")
    freed = datasets.free(wheel)
    assert freed.blobs
    assert freed.bytes
    assert frame(wheel, "skills").height == 1


def test_a_worse_model_is_refused_with_the_reason_and_the_live_one_stays(wheel, tmp_path):
    with turning(wheel):
        for skill in (2, 1):
            teach(wheel, tmp_path, skill)
            wheel.execute(ALERT, {})
            wait_until_settled(wheel)
    assert endpoints.show(wheel, name="delay").endpoint.live.model_ref == "model/delay@1"
    refused = releases.show(wheel, ref="release/delay@2")
    assert refused.state.value == "refused"
    assert "worse" in refused.reasons[0]
    chain = [link.type for link in why(wheel, ref="release/delay@2").chain]
    assert chain == [*CHAIN[:-2], "release.refused"]


def test_an_action_whose_parameters_do_not_fit_is_a_failed_firing(wheel, tmp_path):
    triggers.create(wheel, name="wrong", on={"data": "skills"}, action={"pipeline": "train_delay"})
    wheel.execute(ALERT, {})
    teach(wheel, tmp_path, 3)
    Evaluator(wheel).step()
    (failed,) = triggers.history(wheel, name="wrong").items
    assert failed.state.value == "failed"
    assert "skills" in failed.reason


@pytest.mark.parametrize(
    ("on", "action", "near"),
    [
        ({"monitor": "delay-wach"}, {"endpoint": "delay"}, "delay-watch"),
        ({"data": "skils"}, {"endpoint": "delay"}, "skills"),
        ({"monitor": "delay-watch"}, {"endpoint": "dealy"}, "delay"),
        ({"monitor": "delay-watch"}, {"pipeline": "train-delay"}, "train_delay"),
    ],
)
def test_a_wrong_name_is_refused_with_the_near_miss(wheel, on, action, near):
    with pytest.raises(NotFound) as missing:
        triggers.create(wheel, name="typo", on=on, action=action)
    assert f"did you mean '{near}'?" in missing.value.hint


def test_a_release_by_hand_wants_to_know_which_model(wheel):
    with pytest.raises(Exception, match="names no model version"):
        triggers.fire(wheel, name="ship")
    with pytest.raises(NotFound):
        triggers.fire(wheel, name="ship", subject="model/delay@9")
