"""One registry: what MLflow's clients register is a model of Meguru, verified or with the reason why not."""

import pytest

from meguru.app.nouns import load_operations
from meguru.artifacts import lineage, why
from meguru.artifacts.integrity.operations import list_references
from meguru.errors import NotFound, UnsafeModel
from meguru.registry.client import add_model
from meguru.registry.load import load_model
from meguru.registry.show import list_models, show, versions
from meguru.releases.create import create as create_release
from meguru.serving.create import create as create_endpoint
from meguru.serving.shadow import shadow
from meguru.testing.models import make_flights
from meguru.tracking.runs import start

API = "/api/2.0/mlflow"
PROXY = "/api/2.0/mlflow-artifacts/artifacts"
MODELS, VERSIONS = f"{API}/registered-models", f"{API}/model-versions"


@pytest.fixture
def client(mlflow):
    return mlflow.http


def create(client, name, **more):
    return client.post(f"{MODELS}/create", json={"name": name, **more})


def add_version(client, name, source="s3://elsewhere/model", **more):
    body = {"name": name, "source": source, **more}
    return client.post(f"{VERSIONS}/create", json=body).json()["model_version"]


def get_version(client, name, version):
    answer = client.get(f"{VERSIONS}/get", params={"name": name, "version": version})
    return answer.json().get("model_version", answer.json())


def upload(client, run, folder):
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        assert (
            client.put(f"{PROXY}/1/{run}/artifacts/model/{name}", content=path.read_bytes()).status_code
            == 200
        )
    return f"mlflow-artifacts:/1/{run}/artifacts/model"


def test_a_pickle_is_registered_unverified_and_refused_where_it_would_be_loaded(client, workspace, saved):
    run = start(workspace, experiment="tests").id
    source = upload(client, run, saved)
    create(client, "delay")
    add_version(client, "delay", source, run_id=run)
    client.put(f"{PROXY}/1/{run}/artifacts/model/model.pkl", content=b"\x80\x04K\x01.")
    made = add_version(client, "delay", source, run_id=run)
    assert made["version"] == "2"
    assert "pickle" in made["status_message"]
    client.post(f"{MODELS}/alias", json={"name": "delay", "alias": "champion", "version": "2"})
    for ref in ("delay", "delay@2", "delay@champion"):
        shown = show(workspace, ref=ref)
        assert (shown.version, shown.state, "pickle" in shown.reason) == (2, "unverified", True)
        assert (shown.flavor, shown.task, shown.digest, shown.run_ref) == ("", None, "", f"run/{run}")
        with pytest.raises(UnsafeModel) as caught:
            load_model(workspace, ref)
        assert "pickle" in caught.value.why
    assert load_model(workspace, "delay@1").predict(make_flights(5).drop("late")).shape == (5,)
    assert add_version(client, "delay", "models:/delay/1")["version"] == "3"
    found = [(each.version, each.is_verified) for each in versions(workspace, name="delay")]
    assert found == [(3, True), (2, False), (1, True)]


def test_a_name_that_only_mlflow_could_use_is_shown_and_not_verified(client, workspace, saved):
    run = start(workspace, experiment="tests").id
    create(client, "Delay Model")
    made = add_version(client, "Delay Model", upload(client, run, saved), run_id=run)
    assert "'Delay Model' can't name a model" in made["status_message"]
    (found,) = list_models(workspace).items
    assert (found.name, found.latest.version, found.latest.reason) == (
        "Delay Model",
        1,
        made["status_message"].removeprefix("unverified: "),
    )


def test_a_name_is_one_name_however_it_is_composed(client, workspace):
    composed, apart = "mod\u00e8le", "mode\u0300le"
    assert create(client, apart).json()["registered_model"]["name"] == composed
    assert add_version(client, apart)["name"] == composed
    assert add_version(client, apart, f"models:/{apart}/1")["source"].endswith("/1")
    for spelling in (composed, apart):
        assert create(client, spelling).json()["error_code"] == "RESOURCE_ALREADY_EXISTS"
        assert get_version(client, spelling, 2)["name"] == composed
        assert show(workspace, ref=spelling).ref == f"model/{composed}@2"


def test_there_is_one_list_of_models_whoever_registered_them(client, workspace, saved):
    add_model(workspace, "delay", saved)
    create(client, "resnet")
    create(client, "greeting", tags=[{"key": "mlflow.prompt.is_prompt", "value": "true"}])
    for _ in range(2):
        add_version(client, "resnet", "s3://elsewhere/model", description="from the cluster")
    create(client, "empty")
    found = {each.name: each.latest and each.latest.ref for each in list_models(workspace).items}
    assert found == {"delay": "model/delay@1", "empty": None, "resnet": "model/resnet@2"}
    shown = show(workspace, ref="model/resnet@1")
    assert (shown.reason, shown.note) == ("its files are not kept in this workspace", "from the cluster")
    assert versions(workspace, name="empty") == []
    load_operations()
    needed, page = [], list_references(workspace)
    while page.next_cursor:
        page = list_references(workspace, cursor=page.next_cursor)
        needed += page.items
    assert [each.ref for each in needed] == ["model/delay@1"]
    with pytest.raises(NotFound, match="has no version yet"):
        show(workspace, ref="empty")


def test_lineage_and_why_know_a_version_that_is_not_verified(client, workspace):
    run = start(workspace, experiment="tests").id
    create(client, "resnet")
    add_version(client, "resnet", "s3://elsewhere/model", run_id=run)
    explained = why.show(workspace, ref="model/resnet@1")
    assert explained.state == (
        "model/resnet@1 was registered, and not verified: its files are not kept in this workspace"
        f" (claimed, not proved: run/{run})"
    )
    client.patch(f"{MODELS}/update", json={"name": "resnet", "description": "later"})
    assert why.show(workspace, ref="model/resnet").state == explained.state
    (edge,) = lineage.show(workspace, ref="model/resnet@1").edges
    assert (edge.source, edge.target, edge.claimed) == (f"run/{run}", "model/resnet@1", True)


def test_what_mlflow_deletes_of_versions_that_nobody_verified_is_gone_everywhere(client, workspace, saved):
    add_model(workspace, "delay", saved)
    create(client, "resnet")
    for name in ("resnet", "resnet", "delay"):
        add_version(client, name)
    client.request("DELETE", f"{VERSIONS}/delete", json={"name": "resnet", "version": "2"})
    assert show(workspace, ref="resnet").version == 1
    with pytest.raises(NotFound, match="has no version 2"):
        show(workspace, ref="resnet@2")
    assert add_version(client, "resnet")["version"] == "3"
    for name in ("resnet", "delay"):
        client.request("DELETE", f"{MODELS}/delete", json={"name": name})
    assert [each.latest.ref for each in list_models(workspace).items] == ["model/delay@1"]
    create(client, "delay")
    assert add_version(client, "delay")["version"] == "3"


def test_what_is_not_verified_can_be_neither_served_nor_released(client, workspace, saved):
    create(client, "delay")
    add_version(client, "delay")
    with pytest.raises(UnsafeModel, match="version 1 of delay is not verified") as caught:
        create_endpoint(workspace, name="late", model="delay")
    assert caught.value.why == "its files are not kept in this workspace"
    add_model(workspace, "delay", saved)
    create_endpoint(workspace, name="late", model="delay")
    add_version(client, "delay")
    for ref in ("delay", "delay@3", "delay@1"):
        with pytest.raises(UnsafeModel) as caught:
            create_release(workspace, endpoint="late", model=ref)
        assert "use model/delay@2" in caught.value.hint
    with pytest.raises(UnsafeModel):
        shadow(workspace, name="late", refs=["model/delay@3"])
    assert create_release(workspace, endpoint="late", model="delay@2").model == "model/delay@2"
