"""A run belongs to who started it, at every door that writes to runs."""

import pytest

from meguru import errors
from meguru.governance.principals import create_principal
from meguru.governance.roles import permissions_of
from meguru.governance.tokens import create_token
from meguru.kernel import events
from meguru.kernel.principals import Principal
from meguru.tracking.operations import (
    add_artifact,
    beat,
    delete_run,
    finish,
    log,
    note,
    rename,
    restore,
    show,
    start,
    tag,
)
from meguru.tracking.run_ids import from_hex, to_hex
from meguru.tracking.types import MetricPoint


def person(ws, name, role="data-scientist"):
    return ws.with_(principal=Principal(name=name, permissions=permissions_of(role)))


NATIVE = {
    "log": lambda ws, run: log(ws, run=run, metrics=[MetricPoint(key="a", value=1.0, step=0)]),
    "beat": lambda ws, run: beat(ws, run=run),
    "artifact": lambda ws, run: add_artifact(ws, run=run, path="a", digest=ws.blobs.put_bytes(b"x")),
    "rename": lambda ws, run: rename(ws, run=run, name="mine"),
    "note": lambda ws, run: note(ws, run=run, note="x"),
    "tag": lambda ws, run: tag(ws, run=run, tags={"a": "b"}),
    "delete": lambda ws, run: delete_run(ws, run=run),
    "restore": lambda ws, run: restore(ws, run=run),
    "finish": lambda ws, run: finish(ws, run=run, state="failed"),
}


def test_who_did_not_start_a_run_changes_nothing_of_it(workspace):
    run = start(person(workspace, "ada"), lease=60)
    before = show(workspace, run=run.id)
    for call in NATIVE.values():
        with pytest.raises(errors.Forbidden, match="bob may not change run") as caught:
            call(person(workspace, "bob"), run.id)
        assert "ada" in caught.value.why
        with workspace.read() as tx:
            told = events.latest(tx)
        assert (told.type, told.actor, told.data) == ("access.denied", "bob", {"permission": "run:admin"})
    assert show(workspace, run=run.id) == before


@pytest.mark.parametrize(
    ("name", "role"), [("ada", "data-scientist"), ("eva", "engineer"), ("local", "owner")]
)
def test_the_owner_and_who_has_the_right_may_do_all_of_it(workspace, name, role):
    run = start(person(workspace, "ada"), lease=60)
    for call in NATIVE.values():
        call(person(workspace, name, role), run.id)
    assert show(workspace, run=run.id).state == "failed"


def test_a_token_that_covers_writing_alone_does_not_reach_the_runs_of_others(workspace):
    run = start(person(workspace, "ada"))
    eva = Principal(name="eva", permissions=permissions_of("engineer"), scope=frozenset({"run:write"}))
    with pytest.raises(errors.Forbidden):
        log(workspace.with_(principal=eva), run=run.id)


@pytest.fixture
def mine(workspace, mlflow):
    """The MLflow id of a run that the local owner started, with a logged model."""
    run = mlflow.run()
    made = mlflow.post("logged-models", experiment_id="0", name="a", source_run_id=run)
    return run, made["model"]["info"]["model_id"]


@pytest.fixture
def bob(workspace, mine, caller_of):
    create_principal(workspace, name="bob", role="data-scientist")
    with caller_of(workspace, auth=True) as caller:
        caller.http.headers["Authorization"] = f"Bearer {create_token(workspace, principal='bob').secret}"
        yield caller


POINT = {"key": "a", "value": 1.0, "timestamp": 1, "step": 0}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "mlflow/runs/log-metric", POINT),
        ("POST", "mlflow/runs/log-parameter", {"key": "a", "value": "1"}),
        ("POST", "mlflow/runs/set-tag", {"key": "a", "value": "1"}),
        ("POST", "mlflow/runs/delete-tag", {"key": "mlflow.user"}),
        ("POST", "mlflow/runs/log-batch", {"metrics": [POINT]}),
        ("POST", "mlflow/runs/log-inputs", {"datasets": []}),
        ("POST", "mlflow/runs/outputs", {"models": []}),
        (
            "POST",
            "mlflow/runs/log-model",
            {"model_json": '{"artifact_path": "m", "utc_time_created": "x", "flavors": {}}'},
        ),
        ("POST", "mlflow/runs/update", {"status": "FAILED", "end_time": 5}),
        ("POST", "mlflow/runs/delete", {}),
        ("POST", "mlflow/logged-models", {"experiment_id": "0", "name": "b", "source_run_id": "RUN"}),
        ("PATCH", "mlflow/logged-models/MODEL", {"model_id": "MODEL", "status": "LOGGED_MODEL_READY"}),
        ("PATCH", "mlflow/logged-models/MODEL/tags", {"tags": [{"key": "a", "value": "b"}]}),
        ("DELETE", "mlflow/logged-models/MODEL", {}),
        ("PUT", "mlflow-artifacts/artifacts/0/RUN/artifacts/a.txt", None),
        ("DELETE", "mlflow-artifacts/artifacts/0/RUN/artifacts/a.txt", None),
    ],
)
def test_an_mlflow_client_changes_no_run_of_another(workspace, mine, bob, method, path, body):
    run, model = mine
    where = path.replace("RUN", run).replace("MODEL", model)
    filled = {key: run if value == "RUN" else value for key, value in (body or {}).items()}
    given = {"content": b"x"} if body is None else {"json": {"run_id": run} | filled}
    before = show(workspace, run=from_hex(run))
    answer = bob.http.request(method, f"/api/2.0/{where}", **given)
    assert (answer.status_code, answer.json()["error_code"]) == (403, "PERMISSION_DENIED"), answer.text
    assert show(workspace, run=from_hex(run)) == before
    with workspace.read() as tx:
        told = events.latest(tx)
    assert (told.type, told.actor, told.data) == ("access.denied", "bob", {"permission": "run:admin"})


def test_an_mlflow_client_does_all_of_it_with_a_run_of_its_own(bob, workspace):
    run = bob.run()
    assert bob.post("runs/log-metric", run_id=run, **POINT) == {}
    assert bob.post("runs/set-tag", run_id=run, key="a", value="b") == {}
    sent = bob.http.put(f"/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/a.txt", content=b"x")
    assert sent.status_code == 200
    assert (
        bob.post("runs/update", run_id=run, status="FINISHED", end_time=5)["run_info"]["status"] == "FINISHED"
    )
    assert bob.post("runs/delete", run_id=run) == {}
    assert to_hex(show(workspace, run=from_hex(run)).id) == run


def test_reading_and_comparing_the_runs_of_others_is_open(bob, mine):
    assert bob.get("runs/get", run_id=mine[0])["run"]["info"]["run_id"] == mine[0]
