"""MLflow's clients work in one project: its names are theirs, without the project before them."""

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.kernel import events
from meguru.mlflow.registry.topics import calls_of
from meguru.registry.show import show as show_model

PROXY = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def workspace(request, tmp_path):
    """Open a workspace on each database: the statements of searches are written by hand."""
    if request.param == "sqlite":
        place, settings = tmp_path / "w", Settings(sqlite_synchronous="NORMAL")
    else:
        place, settings = request.getfixturevalue("postgres_url"), Settings(blobs=str(tmp_path))
    with open_local(place, settings=settings) as ws:
        yield ws


@pytest.fixture
def team(workspace, mlflow):
    for name in ("team", "other"):
        projects.declare(workspace, name=name, spec=ProjectSpec())
    return mlflow.seen_as(project="team")


def experiments(caller):
    return sorted(each["name"] for each in caller.get("experiments/search", max_results=10)["experiments"])


def test_each_project_has_experiments_of_its_own_and_one_for_runs_that_name_none(team, mlflow, workspace):
    mlflow.experiment("delays")
    number = team.experiment("delays")
    assert team.post("experiments/create", name="delays")[1] == "RESOURCE_ALREADY_EXISTS"
    run = team.run()
    default = team.get("runs/get", run_id=run)["run"]["info"]["experiment_id"]
    assert default not in {"0", number}
    assert team.get("experiments/get", experiment_id="0")["experiment"]["experiment_id"] == default
    assert team.search("0") == [run]
    assert mlflow.search("0") == mlflow.search(default) == []
    assert experiments(team) == ["Default", "delays"] == experiments(mlflow)
    assert experiments(mlflow.seen_as(project="other")) == ["Default"]
    assert experiments(mlflow.seen_as(project="default")) == ["Default", "delays"]
    with workspace.read() as tx:
        told = {each.subject: each.project for each in events.read(tx, limit=100)}
    assert told["experiment/team/delays"] == "team"
    assert told["experiment/delays"] == ""


def test_an_experiment_whose_name_has_a_slash_is_of_the_project_in_which_it_was_made(team, mlflow):
    number = mlflow.experiment("team/delays")
    assert (
        mlflow.get("experiments/get-by-name", experiment_name="team/delays")["experiment"]["experiment_id"]
        == number
    )
    assert team.get("experiments/get-by-name", experiment_name="delays")[1] == "RESOURCE_DOES_NOT_EXIST"
    assert team.experiment("delays") != number


def upload(caller, folder):
    run = caller.run()
    place = caller.get("runs/get", run_id=run)["run"]["info"]["artifact_uri"]
    root = place.removeprefix("mlflow-artifacts:/")
    for path in sorted(folder.rglob("*")):
        sent = caller.ask("PUT", f"{PROXY}/{root}/m/{path.relative_to(folder)}", content=path.read_bytes())
        assert sent.status_code == 200
    return run, f"{place}/m"


def test_a_registered_model_is_of_its_project_and_its_files_are_read_there(team, mlflow, workspace, saved):
    team.post("registered-models/create", name="delay")
    run, source = upload(team, saved)
    made = team.post("model-versions/create", name="delay", source=source, run_id=run)["model_version"]
    assert (made["name"], made.get("status_message", "")) == ("delay", "")
    assert show_model(workspace, ref="team/delay@1").ref == "model/team/delay@1"
    where = team.get("model-versions/get-download-uri", name="delay", version="1")["artifact_uri"]
    assert where == "mlflow-artifacts:/model-versions/delay/1"
    path = f"{PROXY}/model-versions/delay/1/MLmodel"
    assert team.ask("GET", path).content == (saved / "MLmodel").read_bytes()
    assert mlflow.ask("GET", path).status_code == 404
    assert mlflow.get("registered-models/get", name="team/delay")[1] == "RESOURCE_DOES_NOT_EXIST"
    assert mlflow.post("registered-models/create", name="team/x")[1] == "INVALID_PARAMETER_VALUE"
    again = team.post("model-versions/create", name="delay", source="models:/delay/1")["model_version"]
    assert again["version"] == "2"


FILTERS = {
    "name = 'delay'": ["delay"],
    "name LIKE 'd%'": ["delay", "demand"],
    "name ILIKE 'D%'": ["delay", "demand"],
    "name != 'delay'": ["demand"],
    "name = 'team/delay'": [],
    "": ["delay", "demand"],
}


def test_models_are_searched_by_the_names_that_the_project_has_for_them(team, mlflow):
    for caller in (team, mlflow.seen_as(project="other"), mlflow):
        for name in ("delay", "demand"):
            caller.post("registered-models/create", name=name)
            caller.post("model-versions/create", name=name, source="s3://a/b")
    for caller in (team, mlflow):
        for filter, found in FILTERS.items():
            answer = caller.get("registered-models/search", filter=filter, order_by="name ASC")
            assert [each["name"] for each in answer.get("registered_models", [])] == found
            answer = caller.get("model-versions/search", filter=filter, order_by="name ASC")
            assert [each["name"] for each in answer.get("model_versions", [])] == found


def test_files_of_no_run_are_each_projects_own(team, mlflow, workspace):
    for caller, content in ((team, b"team"), (mlflow, b"default")):
        assert caller.ask("PUT", f"{PROXY}/place/a.txt", content=content).status_code == 200
    assert team.ask("GET", f"{PROXY}/place/a.txt").content == b"team"
    assert mlflow.ask("GET", f"{PROXY}/place/a.txt").content == b"default"
    assert mlflow.ask("GET", f"{PROXY}/projects/team/place/a.txt").status_code == 404
    assert mlflow.ask("DELETE", f"{PROXY}/projects").status_code == 404
    listed = [caller.ask("GET", PROXY).json()["files"] for caller in (team, mlflow)]
    assert listed == [[{"path": "place", "is_dir": True}]] * 2
    assert team.ask("DELETE", f"{PROXY}/%252E").status_code == 400
    assert team.ask("DELETE", f"{PROXY}/place").status_code == 200
    assert mlflow.ask("GET", f"{PROXY}/place/a.txt").content == b"default"
    with workspace.read() as tx:
        told = events.latest(tx, types=["file.removed"])
    assert (told.subject, told.project) == ("workspace/team/files", "team")


def test_the_parts_of_a_file_are_sent_to_the_project_that_declared_it(team):
    run = team.run()
    number = team.get("runs/get", run_id=run)["run"]["info"]["experiment_id"]
    folder = f"{number}/{run}/artifacts"
    told = team.ask("POST", f"/api/2.0/mlflow-artifacts/mpu/create/{folder}", json={"path": "a"}).json()
    url = told["credentials"][0]["url"]
    assert url.startswith("http://127.0.0.1/projects/team/api/2.0/")
    tag = team.http.put(url, content=b"x").headers["etag"]
    given = {"path": "a", "upload_id": told["upload_id"], "parts": [{"part_number": 1, "etag": tag}]}
    done = team.ask("POST", f"/api/2.0/mlflow-artifacts/mpu/complete/{folder}", json=given)
    assert done.status_code == 200, done.text
    assert team.ask("GET", f"{PROXY}/{folder}/a").content == b"x"


def test_the_events_of_a_logged_model_are_of_its_experiments_project(team, mlflow, workspace):
    number = team.get("runs/get", run_id=team.run())["run"]["info"]["experiment_id"]
    path = "/api/2.0/mlflow/logged-models"
    made = team.ask("POST", path, json={"experiment_id": number, "name": "m"}).json()
    identity = made["model"]["info"]["model_id"]
    assert team.ask("DELETE", f"{path}/{identity}").status_code == 200
    assert mlflow.ask("GET", f"{path}/{identity}").status_code == 404
    with workspace.read() as tx:
        told = events.read(tx, subject=f"logged_model/{identity}")
    assert [(each.type, each.project) for each in told] == [
        ("logged_model.created", "team"),
        ("logged_model.removed", "team"),
    ]


def test_webhooks_name_a_model_as_the_clients_of_its_project_do(team, workspace):
    team.post("registered-models/create", name="churn")
    with workspace.read() as tx:
        (call,) = calls_of(tx, events.latest(tx, subject="model/team/churn"))
    assert call.data["name"] == "churn"
