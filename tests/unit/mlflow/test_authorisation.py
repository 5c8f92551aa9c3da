"""Every call of the protocol, by everybody, on a thing of their own project and of another."""

import re

import pytest

from meguru.app.open import open_local
from meguru.governance.principals import create_principal
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.members import grant, revoke
from meguru.governance.projects.operations import specs as projects
from meguru.governance.tokens import create_token
from meguru.kernel.operations import native, registered
from meguru.mlflow.protocol.openapi import calls

ROLES = ("viewer", "data-scientist", "engineer")
FILE = "mlflow-artifacts/artifacts/EXPERIMENT/RUN/artifacts"
PART = {"path": "b.txt", "upload_id": "UPLOAD"}
LOGGED = "mlflow/logged-models/LOGGED"
# What a call is asked with, by its method and path: capitals stand for things of the project, and what is
# written before it is the permission that it needs.
ASKED = {
    "POST mlflow/experiments/create": ("experiment:write", {"name": "NEW"}),
    "GET mlflow/experiments/get": ("run:read", {"experiment_id": "EXPERIMENT"}),
    "GET mlflow/experiments/get-by-name": ("run:read", {"experiment_name": "MODEL-delays"}),
    "POST mlflow/experiments/search": ("run:read", {}),
    "GET mlflow/experiments/search": ("run:read", {}),
    "GET mlflow/experiments/list": ("run:read", {}),
    "POST mlflow/experiments/update": (
        "experiment:write",
        {"experiment_id": "EXPERIMENT", "new_name": "NEW"},
    ),
    "POST mlflow/experiments/delete": ("experiment:write", {"experiment_id": "EXPERIMENT"}),
    "POST mlflow/experiments/restore": ("experiment:write", {"experiment_id": "DELETED"}),
    "POST mlflow/experiments/set-experiment-tag": (
        "experiment:write",
        {"experiment_id": "EXPERIMENT", "key": "a", "value": "b"},
    ),
    "POST mlflow/experiments/delete-experiment-tag": (
        "experiment:write",
        {"experiment_id": "EXPERIMENT", "key": "kept"},
    ),
    "POST mlflow/experiments/search-datasets": ("run:read", {"experiment_ids": ["EXPERIMENT"]}),
    "POST mlflow/runs/create": ("run:write", {"experiment_id": "EXPERIMENT"}),
    "GET mlflow/runs/get": ("run:read", {"run_id": "RUN"}),
    "POST mlflow/runs/update": ("run:write", {"run_id": "RUN", "status": "FINISHED", "end_time": 5}),
    "POST mlflow/runs/delete": ("run:write", {"run_id": "RUN"}),
    "POST mlflow/runs/restore": ("run:write", {"run_id": "RUN"}),
    "POST mlflow/runs/search": ("run:read", {"experiment_ids": ["EXPERIMENT"]}),
    "POST mlflow/runs/log-batch": ("run:write", {"run_id": "RUN", "tags": [{"key": "a", "value": "b"}]}),
    "POST mlflow/runs/log-metric": ("run:write", {"run_id": "RUN", "key": "a", "value": 1.0, "timestamp": 1}),
    "POST mlflow/runs/log-parameter": ("run:write", {"run_id": "RUN", "key": "a", "value": "1"}),
    "POST mlflow/runs/set-tag": ("run:write", {"run_id": "RUN", "key": "a", "value": "1"}),
    "POST mlflow/runs/delete-tag": ("run:write", {"run_id": "RUN", "key": "kept"}),
    "POST mlflow/runs/log-inputs": ("run:write", {"run_id": "RUN", "datasets": []}),
    "POST mlflow/runs/outputs": ("run:write", {"run_id": "RUN", "models": []}),
    "POST mlflow/runs/log-model": ("run:write", {"run_id": "RUN", "model_json": '{"artifact_path": "m"}'}),
    "GET mlflow/metrics/get-history": ("run:read", {"run_id": "RUN", "metric_key": "loss"}),
    "GET mlflow/metrics/get-history-bulk": ("run:read", {"run_id": "RUN", "metric_key": "loss"}),
    "GET mlflow/metrics/get-history-bulk-interval": ("run:read", {"run_ids": "RUN", "metric_key": "loss"}),
    "GET mlflow/artifacts/list": ("run:read", {"run_id": "RUN"}),
    f"PUT {FILE}/b.txt": ("run:write", None),
    f"GET {FILE}/a.txt": ("run:read", {}),
    f"DELETE {FILE}/a.txt": ("run:write", {}),
    "GET mlflow-artifacts/artifacts": ("run:read", {"path": "EXPERIMENT/RUN/artifacts"}),
    "POST mlflow-artifacts/mpu/create/EXPERIMENT/RUN/artifacts": ("run:write", {"path": "b.txt"}),
    "POST mlflow-artifacts/mpu/complete/EXPERIMENT/RUN/artifacts": (
        "run:write",
        PART | {"parts": [{"part_number": 1, "etag": "ETAG"}]},
    ),
    "POST mlflow-artifacts/mpu/abort/EXPERIMENT/RUN/artifacts": ("run:write", PART),
    "PUT mlflow-artifacts/mpu/parts/UPLOAD/1": ("run:write", None),
    "GET mlflow-artifacts/presigned/EXPERIMENT/RUN/artifacts/a.txt": ("run:read", {}),
    "POST mlflow/upload-artifact?run_uuid=RUN&path=b.txt": ("run:write", None),
    "POST mlflow/logged-models": ("run:write", {"experiment_id": "EXPERIMENT", "name": "a"}),
    "POST mlflow/logged-models/search": ("run:read", {"experiment_ids": ["EXPERIMENT"]}),
    f"GET {LOGGED}": ("run:read", {}),
    f"PATCH {LOGGED}": ("run:write", {"status": "2"}),
    f"DELETE {LOGGED}": ("run:write", {}),
    f"POST {LOGGED}/params": ("run:write", {"params": [{"key": "a", "value": "b"}]}),
    f"PATCH {LOGGED}/tags": ("run:write", {"tags": [{"key": "a", "value": "b"}]}),
    f"DELETE {LOGGED}/tags/kept": ("run:write", {}),
    f"GET {LOGGED}/artifacts/directories": ("run:read", {}),
    f"GET {LOGGED}/artifacts/files": ("run:read", {"artifact_file_path": "a.txt"}),
    "POST mlflow/registered-models/create": ("model:write", {"name": "NEW"}),
    "GET mlflow/registered-models/get": ("model:read", {"name": "MODEL"}),
    "PATCH mlflow/registered-models/update": ("model:write", {"name": "MODEL", "description": "x"}),
    "POST mlflow/registered-models/update": ("model:write", {"name": "MODEL", "description": "x"}),
    "POST mlflow/registered-models/rename": ("model:write", {"name": "MODEL", "new_name": "NEW"}),
    "DELETE mlflow/registered-models/delete": ("model:write", {"name": "MODEL"}),
    "GET mlflow/registered-models/search": ("model:read", {}),
    "POST mlflow/registered-models/search": ("model:read", {}),
    "GET mlflow/registered-models/list": ("model:read", {}),
    "GET mlflow/registered-models/get-latest-versions": ("model:read", {"name": "MODEL"}),
    "POST mlflow/registered-models/get-latest-versions": ("model:read", {"name": "MODEL"}),
    "POST mlflow/registered-models/set-tag": ("model:write", {"name": "MODEL", "key": "a", "value": "b"}),
    "DELETE mlflow/registered-models/delete-tag": ("model:write", {"name": "MODEL", "key": "kept"}),
    "POST mlflow/registered-models/alias": ("model:write", {"name": "MODEL", "alias": "a", "version": "1"}),
    "GET mlflow/registered-models/alias": ("model:read", {"name": "MODEL", "alias": "kept"}),
    "DELETE mlflow/registered-models/alias": ("model:write", {"name": "MODEL", "alias": "kept"}),
    "POST mlflow/model-versions/create": ("model:write", {"name": "MODEL", "source": "s3://b/c"}),
    "GET mlflow/model-versions/get": ("model:read", {"name": "MODEL", "version": "1"}),
    "PATCH mlflow/model-versions/update": (
        "model:write",
        {"name": "MODEL", "version": "1", "description": "x"},
    ),
    "POST mlflow/model-versions/update": (
        "model:write",
        {"name": "MODEL", "version": "1", "description": "x"},
    ),
    "DELETE mlflow/model-versions/delete": ("model:write", {"name": "MODEL", "version": "1"}),
    "GET mlflow/model-versions/search": ("model:read", {}),
    "POST mlflow/model-versions/search": ("model:read", {}),
    "GET mlflow/model-versions/get-download-uri": ("model:read", {"name": "MODEL", "version": "1"}),
    "POST mlflow/model-versions/transition-stage": (
        "model:write",
        {"name": "MODEL", "version": "1", "stage": "Staging"},
    ),
    "POST mlflow/model-versions/set-tag": (
        "model:write",
        {"name": "MODEL", "version": "1", "key": "a", "value": "b"},
    ),
    "DELETE mlflow/model-versions/delete-tag": (
        "model:write",
        {"name": "MODEL", "version": "1", "key": "kept"},
    ),
}
# Calls that touch nothing; webhooks and workspaces (projects), which are answered by their own operations.
OTHERS = re.compile(
    r"GET mlflow/server-info|POST mlflow/artifacts/presigned-|\w+ mlflow/(webhooks|workspaces)"
)
LISTS = {key for key in ASKED if re.search(r"search|/list$|bulk|datasets", key)} - {
    "GET mlflow/artifacts/list"
}


def made(caller, name="churn"):
    """Make a thing of each kind; return what stands for them in `ASKED`."""
    experiment = caller.experiment(f"{name}-delays")
    caller.post("experiments/set-experiment-tag", experiment_id=experiment, key="kept", value="b")
    deleted = caller.experiment(f"{name}-old")
    caller.post("experiments/delete", experiment_id=deleted)
    run = caller.run(experiment, tags=[{"key": "kept", "value": "b"}])
    caller.post("runs/log-metric", run_id=run, key="loss", value=1.5, timestamp=1)
    folder = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts"
    assert caller.ask("PUT", f"{folder}/a.txt", content=b"secret").status_code == 200
    logged = caller.post(
        "logged-models", experiment_id=experiment, name="a", source_run_id=run, tags=[{"key": "kept"}]
    )["model"]["info"]["model_id"]
    stored = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/models/{logged}/artifacts/a.txt"
    assert caller.ask("PUT", stored, content=b"secret").status_code == 200
    upload = caller.ask(
        "POST",
        f"/api/2.0/mlflow-artifacts/mpu/create/{experiment}/{run}/artifacts",
        json={"path": "b.txt", "num_parts": 1},
    ).json()["upload_id"]
    tag = caller.ask("PUT", f"/api/2.0/mlflow-artifacts/mpu/parts/{upload}/1", content=b"x").headers["etag"]
    caller.post("registered-models/create", name=name, tags=[{"key": "kept", "value": "b"}])
    caller.post("model-versions/create", name=name, source="s3://a/b", tags=[{"key": "kept", "value": "b"}])
    caller.post("registered-models/alias", name=name, alias="kept", version="1")
    return {
        "EXPERIMENT": experiment,
        "DELETED": deleted,
        "RUN": run,
        "LOGGED": logged,
        "UPLOAD": upload,
        "ETAG": tag.strip('"'),
        "MODEL": name,
        "NEW": f"{name}-new",
    }


def filled(value, things):
    if isinstance(value, dict):
        return {key: filled(each, things) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, things) for each in value]
    for name, found in things.items() if isinstance(value, str) else ():
        value = value.replace(name, found)
    return value


def ask(caller, call, things):
    method, _, path = call.partition(" ")
    asked = filled(ASKED[call][1], things)
    kind = "content" if asked is None else "params" if method == "GET" else "json"
    return caller.ask(method, f"/api/2.0/{filled(path, things)}", **{kind: b"x" if asked is None else asked})


@pytest.fixture(scope="module")
def house(tmp_path_factory, opened):
    """Open a server with people who have each role in one project, and things in that project."""
    with open_local(tmp_path_factory.mktemp("house") / "w") as ws:
        for name in ("team", "other"):
            projects.declare(ws, name=name, spec=ProjectSpec())
        secrets = {
            ("owner", ""): create_token(ws, principal=create_principal(ws, name="o", role="owner").name)
        }
        for role in ROLES:
            for where in ("team", "other"):
                name = create_principal(ws, name=f"{role}-{where}", role="guest").name
                grant(ws, name=where, principal=name, role=role)
                secrets[role, where] = create_token(ws, principal=name)
        create_principal(ws, name="former", role="guest")
        grant(ws, name="other", principal="former", role="data-scientist")
        secrets["former", "other"] = create_token(ws, principal="former")
        with opened(ws) as caller:
            yield House(ws, caller, {key: token.secret for key, token in secrets.items()})


class House:
    def __init__(self, ws, caller, secrets):
        self.ws, self.caller, self.secrets = ws, caller, secrets
        self.things = {"team": made(self.who("owner", "", "team")), "": self.left()}

    def left(self, name="churn"):
        """Return things of the default project, whose owner has a right there no more."""
        grant(self.ws, name="default", principal="former", role="data-scientist")
        things = made(self.who("former", "other", ""), name)
        revoke(self.ws, name="default", principal="former")
        return things

    def who(self, role, where, project):
        return self.caller.seen_as(self.secrets[role, where], project)

    def state(self, project):
        """Return all that there is in a project, as its owner sees it."""
        things, owner = self.things[project], self.who("owner", "", project)
        return [
            owner.get("runs/get", run_id=things["RUN"]),
            owner.get("artifacts/list", run_id=things["RUN"]),
            owner.get(f"logged-models/{things['LOGGED']}"),
            owner.get("registered-models/get", name="churn"),
            owner.get("experiments/search", max_results=100, view_type="ALL"),
            owner.get("registered-models/search"),
        ]


def test_every_call_of_the_protocol_is_asked():
    asked = {re.sub(r"\?.*", "", key) for key in ASKED}
    for method, path, _ in calls():
        pattern = re.sub(r"\\{\w+\\}", ".+", re.escape(f"{method} {path[1:]}"))
        assert OTHERS.match(f"{method} {path[1:]}") or any(re.fullmatch(pattern, key) for key in asked), path


def test_each_operation_of_the_door_is_registered_and_names_what_it_touches():
    ours = {name: one for name, one in registered().items() if one.door == "mlflow"}
    assert len(ours) > 40
    assert not set(ours) & set(native())
    of_paths = {"declare_upload", "may_put_file", "put_file", "delete_file", "get_file", "list_files"}
    lists = {"search_registered_models", "search_model_versions", "search_logged_models"}
    nothing = {f"mlflow.{name}" for name in (*of_paths, *lists, "adopt_experiments")}
    assert {name for name, one in ours.items() if not one.on} == nothing


@pytest.mark.parametrize("call", sorted(ASKED))
def test_nobody_of_another_project_does_it(house, call):
    """Whoever has rights elsewhere alone is refused, in the project and in the default one."""
    for project in ("team", ""):
        before = house.state(project)
        for role in (*ROLES, "former"):
            answer = ask(house.who(role, "other", project), call, house.things[project])
            assert answer.status_code in {403, 404}, (role, project, answer.text)
        assert house.state(project) == before


@pytest.mark.parametrize("call", sorted(ASKED))
def test_at_another_projects_door_the_thing_is_not_there(house, call):
    """Also for who may do everything: a door knows the things of its own project."""
    things, before = house.things["team"] | {"NEW": re.sub(r"\W", "-", call)[-60:]}, house.state("team")
    for project in ("other", ""):
        if project == "" and "MODEL" in str(ASKED[call][1]):
            continue  # the default project has things of these names
        answer = ask(house.who("owner", "", project), call, things)
        if call in LISTS:
            assert answer.status_code == 200
            assert not {things["RUN"], things["LOGGED"], "1.5"} & set(re.findall(r"[\w.-]+", answer.text))
            assert f'"experiment_id":"{things["EXPERIMENT"]}"' not in answer.text
            assert not project or "churn" not in answer.text
        elif not call.endswith(("experiments/create", "registered-models/create")):
            assert answer.status_code == 404, (project, answer.text)
    assert house.state("team") == before


@pytest.mark.parametrize("call", sorted(ASKED))
def test_who_may_read_in_the_project_reads_and_changes_nothing(house, call):
    permission, _ = ASKED[call]
    before = house.state("team")
    answer = ask(house.who("viewer", "team", "team"), call, house.things["team"])
    assert answer.status_code == (200 if permission.endswith(":read") else 403), answer.text
    assert house.state("team") == before


@pytest.mark.parametrize("call", sorted(ASKED))
def test_who_may_in_the_project_does_it(house, call):
    person = house.who("data-scientist", "team", "team")
    things = made(person, re.sub(r"\W", "-", call)[-60:].strip("-"))
    if "restore" in call:
        person.post("runs/delete", run_id=things["RUN"])
    answer = ask(person, call, things)
    assert answer.status_code == 200, answer.text
    assert not call.startswith("GET") or "team/" not in answer.text.replace("/projects/team/", "")


def test_a_door_of_no_project_is_none(house):
    assert house.who("owner", "", "third").get("experiments/search")[0] == 404
