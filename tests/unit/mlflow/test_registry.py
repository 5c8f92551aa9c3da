"""The model registry as MLflow's clients see it, and what Meguru makes of what they register."""

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from meguru.base.clock import SystemClock
from meguru.errors import NotFound
from meguru.mlflow.artifacts import proxy as artifacts
from meguru.mlflow.logged_models import routes as logged_models
from meguru.mlflow.registry import models as registry
from meguru.registry.alias import alias as move_alias
from meguru.registry.client import add_model
from meguru.registry.load import load_model
from meguru.registry.show import alias_history, show
from meguru.registry.show import aliases as aliases_at
from meguru.server.access import Access
from meguru.testing.models import make_flights
from meguru.tracking.runs import start

API = "/api/2.0/mlflow"
PROXY = "/api/2.0/mlflow-artifacts/artifacts"
MODELS, VERSIONS = f"{API}/registered-models", f"{API}/model-versions"


@pytest.fixture
def client(workspace):
    routes = [*artifacts.routes(), *registry.routes(), *logged_models.routes()]
    app = Access(Starlette(routes=[Mount("/api/2.0", routes=routes)]), ws=workspace, auth=False)
    with TestClient(app, base_url="http://127.0.0.1") as opened:
        yield opened


def create(client, name, **more):
    return client.post(f"{MODELS}/create", json={"name": name, **more})


def add_version(client, name, source="s3://elsewhere/model", **more):
    body = {"name": name, "source": source, **more}
    return client.post(f"{VERSIONS}/create", json=body).json()["model_version"]


def get_model(client, name):
    return client.get(f"{MODELS}/get", params={"name": name}).json()["registered_model"]


def get_version(client, name, version):
    answer = client.get(f"{VERSIONS}/get", params={"name": name, "version": version})
    return answer.json().get("model_version", answer.json())


def search(client, what, **params):
    url = MODELS if what == "registered_models" else VERSIONS
    answer = client.get(f"{url}/search", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def upload(client, run, folder):
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        assert (
            client.put(f"{PROXY}/1/{run}/artifacts/model/{name}", content=path.read_bytes()).status_code
            == 200
        )
    return f"mlflow-artifacts:/1/{run}/artifacts/model"


def test_a_model_is_made_described_and_found(client):
    made = create(client, "Big Model", tags=[{"key": "a", "value": "1"}], description="d").json()
    shown = get_model(client, "Big Model")
    assert made["registered_model"] == shown
    assert shown["tags"] == [{"key": "a", "value": "1"}]
    assert (shown["description"], shown["latest_versions"]) == ("d", [])
    answer = client.patch(f"{MODELS}/update", json={"name": "Big Model", "description": "e"})
    assert answer.json()["registered_model"]["description"] == "e"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "registered-models/create", {}, 400, "INVALID_PARAMETER_VALUE"),
        ("POST", "registered-models/create", {"name": "a/b"}, 400, "INVALID_PARAMETER_VALUE"),
        ("POST", "registered-models/create", {"name": [1]}, 400, "INVALID_PARAMETER_VALUE"),
        ("POST", "registered-models/create", {"name": "m"}, 400, "RESOURCE_ALREADY_EXISTS"),
        ("PATCH", "registered-models/update", {"name": "none"}, 404, "RESOURCE_DOES_NOT_EXIST"),
        ("DELETE", "registered-models/delete", {"name": "none"}, 404, "RESOURCE_DOES_NOT_EXIST"),
        ("POST", "registered-models/alias", {"name": "m", "alias": "latest", "version": "1"}, 400, None),
        ("POST", "registered-models/alias", {"name": "m", "alias": "v1", "version": "1"}, 400, None),
        ("POST", "registered-models/alias", {"name": "m", "alias": "a", "version": "1"}, 404, None),
        ("POST", "model-versions/create", {"name": "none", "source": "s3://b/m"}, 404, None),
        ("POST", "model-versions/create", {"name": "m", "source": "/etc/passwd"}, 400, None),
        ("POST", "model-versions/create", {"name": "m", "source": "file:///etc"}, 400, None),
        ("POST", "model-versions/create", {"name": "m", "source": "s3://b/../x"}, 400, None),
        ("POST", "model-versions/create", {"name": "m", "source": "models:/m-0000"}, 404, None),
        (
            "POST",
            "model-versions/transition-stage",
            {"name": "m", "version": "x", "stage": "None"},
            400,
            None,
        ),
    ],
)
def test_what_is_wrong_is_refused_in_the_protocols_words(client, method, path, body, status, code):
    create(client, "m")
    answer = client.request(method, f"{API}/{path}", json=body)
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error_code", "message"}
    assert code in {None, answer.json()["error_code"]}


def test_a_model_is_renamed_with_its_versions_and_aliases(client):
    create(client, "a")
    add_version(client, "a")
    client.post(f"{MODELS}/alias", json={"name": "a", "alias": "champion", "version": "1"})
    assert client.post(f"{MODELS}/rename", json={"name": "a", "new_name": "b"}).status_code == 200
    assert client.get(f"{MODELS}/get", params={"name": "a"}).status_code == 404
    assert get_model(client, "b")["aliases"] == [{"alias": "champion", "version": "1"}]
    assert get_version(client, "b", 1)["name"] == "b"


def test_a_deleted_model_can_be_made_again(client):
    create(client, "a")
    add_version(client, "a")
    client.post(f"{MODELS}/alias", json={"name": "a", "alias": "champion", "version": "1"})
    assert client.request("DELETE", f"{MODELS}/delete", json={"name": "a"}).json() == {}
    assert client.get(f"{MODELS}/get", params={"name": "a"}).status_code == 404
    create(client, "a")
    assert get_model(client, "a")["aliases"] == []


def test_tags_are_set_and_taken_off(client):
    create(client, "a")
    add_version(client, "a")
    for url, which in ((MODELS, {"name": "a"}), (VERSIONS, {"name": "a", "version": "1"})):
        client.post(f"{url}/set-tag", json={**which, "key": "k", "value": ""})
        client.post(f"{url}/set-tag", json={**which, "key": "l", "value": "2"})
        client.request("DELETE", f"{url}/delete-tag", json={**which, "key": "l"})
    assert get_model(client, "a")["tags"] == [{"key": "k", "value": ""}]
    assert get_version(client, "a", 1)["tags"] == [{"key": "k", "value": ""}]


def test_numbers_of_deleted_versions_are_not_used_again(client):
    create(client, "a")
    for _ in range(2):
        add_version(client, "a")
    client.request("DELETE", f"{VERSIONS}/delete", json={"name": "a", "version": "2"})
    assert "not found" in get_version(client, "a", 2)["message"]
    assert add_version(client, "a")["version"] == "3"


def test_stages_have_a_newest_version_each_and_an_alias_of_their_own(client, workspace):
    create(client, "a")
    for _ in range(3):
        add_version(client, "a")
    for version, stage in (("1", "Production"), ("2", "production")):
        body = {"name": "a", "version": version, "stage": stage, "archive_existing_versions": True}
        assert client.post(f"{VERSIONS}/transition-stage", json=body).status_code == 200
    newest = client.get(f"{MODELS}/get-latest-versions", params={"name": "a"}).json()["model_versions"]
    found = {each["current_stage"]: each["version"] for each in newest}
    assert found == {"Archived": "1", "Production": "2", "None": "3"}
    one = client.get(f"{MODELS}/get-latest-versions", params={"name": "a", "stages": ["Production"]})
    assert [each["version"] for each in one.json()["model_versions"]] == ["2"]
    assert get_model(client, "a")["aliases"] == []
    with workspace.read() as tx:
        from meguru.registry import aliases

        assert aliases.version_of(tx, "a", "mlflow.production") == 2


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ("", ["CreateA", "CreateB", "Other"]),
        ("name LIKE 'Create%'", ["CreateA", "CreateB"]),
        ("name ILIKE '%creaTE_'", ["CreateA", "CreateB"]),
        ("name = 'Other'", ["Other"]),
        ("name != 'Other' AND tags.k = '1'", ["CreateA"]),
        ("tags.`k` != '2'", ["CreateA"]),
        ("tags.`mlflow.prompt.is_prompt` != 'true'", ["CreateA", "CreateB", "Other"]),
        ("tag.k IS NULL", ["CreateB", "Other"]),
        ("name IN ('Other', 'CreateB')", ["CreateB", "Other"]),
    ],
)
def test_models_are_searched(client, filter, expected):
    create(client, "CreateA", tags=[{"key": "k", "value": "1"}])
    create(client, "CreateB")
    create(client, "Other")
    found = search(client, "registered_models", filter=filter)
    assert [each["name"] for each in found["registered_models"]] == expected


def test_pages_follow_each_other(client):
    for index in range(5):
        create(client, f"m{index}")
    names, token = [], ""
    while True:
        page = search(client, "registered_models", max_results=2, page_token=token, order_by="name DESC")
        names += [each["name"] for each in page["registered_models"]]
        token = page.get("next_page_token", "")
        if not token:
            break
    assert names == ["m4", "m3", "m2", "m1", "m0"]


@pytest.mark.parametrize(
    "filter", ["name", "x = 'a'", "name = a", "name > 'a'", "name = 'a' OR name = 'b'", "(", "'"]
)
def test_a_filter_that_can_not_be_read_is_refused(client, filter):
    answer = client.get(f"{MODELS}/search", params={"filter": filter})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_versions_are_searched(client, workspace):
    create(client, "a")
    add_version(client, "a", "s3://bucket/one", run_id="r1")
    add_version(client, "a", "s3://bucket/two", run_id="r2")
    for filter, expected in (
        ("run_id = 'r1'", ["1"]),
        ("source_path = 's3://bucket/two'", ["2"]),
        ("version_number > 1", ["2"]),
        ("name = 'a'", ["2", "1"]),
        ("run_id IN ('r1', 'r2')", ["2", "1"]),
    ):
        found = search(client, "model_versions", filter=filter, order_by="version_number DESC")
        assert [each["version"] for each in found["model_versions"]] == expected
    assert isinstance(workspace.clock, SystemClock)


def test_a_copy_has_the_files_of_the_version_it_was_made_from(client):
    create(client, "a")
    add_version(client, "a", "s3://bucket/one")
    client.post(f"{MODELS}/alias", json={"name": "a", "alias": "best", "version": "1"})
    for source in ("models:/a/1", "models:/a@best"):
        copied = add_version(client, "a", source)
        asked = {"name": "a", "version": copied["version"]}
        assert client.get(f"{VERSIONS}/get-download-uri", params=asked).json() == {
            "artifact_uri": "s3://bucket/one"
        }
        assert copied["source"] == "models:/a/1"


def test_a_folder_that_can_be_verified_is_a_version_of_meguru_too(client, workspace, saved):
    run = start(workspace, experiment="tests").id
    create(client, "delay")
    made = add_version(client, "delay", upload(client, run, saved), run_id=run)
    assert (made["version"], made["status"], made.get("status_message")) == ("1", "READY", None)
    ours = show(workspace, ref="delay@1")
    assert (ours.run_ref, ours.flavor) == (f"run/{run}", "sklearn")
    assert load_model(workspace, "delay@latest").predict(make_flights(5).drop("late")).shape == (5,)


def test_versions_that_meguru_made_are_seen_by_mlflow_with_their_files(client, workspace, saved):
    add_model(workspace, "delay", saved)
    move_alias(workspace, ref="delay@1", alias="champion")
    shown = get_model(client, "delay")
    assert shown["aliases"] == [{"alias": "champion", "version": "1"}]
    assert [each["version"] for each in shown["latest_versions"]] == ["1"]
    asked = {"name": "delay", "version": "1"}
    uri = client.get(f"{VERSIONS}/get-download-uri", params=asked).json()["artifact_uri"]
    path = uri.removeprefix("mlflow-artifacts:/")
    names = {each["path"] for each in client.get(PROXY, params={"path": path}).json()["files"]}
    assert "MLmodel" in names
    assert client.get(f"{PROXY}/{path}/MLmodel").content == (saved / "MLmodel").read_bytes()
    assert client.put(f"{PROXY}/{path}/MLmodel", content=b"x").status_code == 403
    assert client.delete(f"{PROXY}/{path}").status_code == 403


def test_an_alias_moved_by_either_is_moved_for_both_and_its_history_kept(client, workspace, saved):
    add_model(workspace, "delay", saved)
    add_version(client, "delay", "models:/delay/1")
    move_alias(workspace, ref="delay@1", alias="champion")
    client.post(f"{MODELS}/alias", json={"name": "delay", "alias": "champion", "version": "2"})
    assert show(workspace, ref="delay@champion").version == 2
    assert [each.model for each in alias_history(workspace, name="delay", alias="champion")] == [
        "model/delay@2",
        "model/delay@1",
    ]
    client.request("DELETE", f"{MODELS}/alias", json={"name": "delay", "alias": "champion"})
    assert get_model(client, "delay")["aliases"] == []
    answer = client.get(f"{MODELS}/alias", params={"name": "delay", "alias": "champion"})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_aliases_of_a_model_that_only_mlflow_loads_are_known_for_any_time(client, workspace):
    for name in ("My Model", "other"):
        create(client, name)
        add_version(client, name)
        client.post(f"{MODELS}/alias", json={"name": name, "alias": "best", "version": "1"})
    between = workspace.clock.now()
    add_version(client, "My Model")
    client.post(f"{MODELS}/alias", json={"name": "My Model", "alias": "best", "version": "2"})
    moves = alias_history(workspace, name="My Model", alias="best")
    assert [each.model for each in moves] == ["model/My Model@2", "model/My Model@1"]
    (then,) = aliases_at(workspace, name="My Model", as_of=between)
    assert (then.model, then.moved_by) == ("model/My Model@1", workspace.principal.name)
    client.request("DELETE", f"{MODELS}/delete", json={"name": "My Model"})
    assert aliases_at(workspace, name="My Model") == []
    assert aliases_at(workspace, name="My Model", as_of=between) == [moves[1]]
    client.post(f"{MODELS}/rename", json={"name": "other", "new_name": "My Model"})
    assert [each.model for each in alias_history(workspace, name="My Model", alias="best")] == [
        "model/My Model@1",
        "model/My Model@2",
        "model/My Model@1",
    ]
    with pytest.raises(NotFound):
        alias_history(workspace, name="nothing", alias="best")


@pytest.mark.parametrize(
    ("name", "tags", "words"),
    [
        ("model", {}, "Registered Model (name=model) already exists"),
        ("prompt", {"mlflow.prompt.is_prompt": "true"}, "Prompt (name=prompt) already exists"),
        ("model", {"mlflow.prompt.is_prompt": "true"}, "already taken by a registered model"),
        ("prompt", {}, "already taken by a prompt"),
    ],
)
def test_a_model_and_a_prompt_share_no_name(client, name, tags, words):
    create(client, "model")
    create(client, "prompt", tags=[{"key": "mlflow.prompt.is_prompt", "value": "true"}])
    answer = create(client, name, tags=[{"key": key, "value": value} for key, value in tags.items()])
    assert (answer.status_code, answer.json()["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    assert words in answer.json()["message"]
    found = search(client, "registered_models")["registered_models"]
    assert [each["name"] for each in found] == ["model"]


def test_the_alias_latest_is_the_newest_version(client):
    create(client, "a")
    asked = {"name": "a", "alias": "latest"}
    assert client.get(f"{MODELS}/alias", params=asked).json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    for _ in range(2):
        add_version(client, "a")
    assert client.get(f"{MODELS}/alias", params=asked).json()["model_version"]["version"] == "2"
    answer = client.post(f"{MODELS}/alias", json={**asked, "version": "1"})
    assert answer.status_code == 400


def test_what_mlflow_deletes_or_would_rename_stays_where_meguru_needs_it(client, workspace, saved):
    add_model(workspace, "delay", saved)
    assert client.post(f"{MODELS}/rename", json={"name": "delay", "new_name": "b"}).status_code == 400
    client.request("DELETE", f"{MODELS}/delete", json={"name": "delay"})
    assert client.get(f"{MODELS}/get", params={"name": "delay"}).status_code == 404
    assert search(client, "registered_models")["registered_models"] == []
    assert show(workspace, ref="delay@1").version == 1
    create(client, "delay")
    assert add_version(client, "delay", "s3://b/m")["version"] == "2"
